package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Resources that name droplets by id outlive them (docs/digitalocean-api.md, "Attached resources"): a reserved IP that loses its
// droplet is unassigned, and a firewall or a load balancer forgets the id.

// Firewall is a firewall. It has one rule for each direction.
type Firewall struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Droplets  []int64   `json:"droplets,omitempty"`
	Tags      []string  `json:"tags,omitempty"`
	CreatedAt time.Time `json:"created_at"`

	Sources         []int64  `json:"sources,omitempty"`          // droplets that the inbound rule lets through
	SourceTags      []string `json:"source_tags,omitempty"`      // tags of such droplets; with neither it lets everybody through
	DestinationTags []string `json:"destination_tags,omitempty"` // tags of droplets that the outbound rule leads to; none: it leads everywhere
}

// LoadBalancer is a load balancer, for droplets by their ids or for those with a tag.
type LoadBalancer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Region    string    `json:"region"`
	Droplets  []int64   `json:"droplets,omitempty"`
	Tag       string    `json:"tag,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

// AddFirewall puts a firewall into the account and gives it an id. It is not checked.
func (a *Account) AddFirewall(f Firewall) Firewall {
	a.s.mu.Lock()
	defer a.unlock()
	f = f.clone()
	f.ID, f.CreatedAt = newUUID(), time.Now()
	a.firewalls = append(a.firewalls, &f)
	return f.clone()
}

// Firewalls gives all firewalls, the oldest first.
func (a *Account) Firewalls() []Firewall { return peek(a, a.firewalls, Firewall.clone) }

func (f Firewall) clone() Firewall {
	f.Droplets, f.Tags, f.Sources = slices.Clone(f.Droplets), slices.Clone(f.Tags), slices.Clone(f.Sources)
	f.SourceTags, f.DestinationTags = slices.Clone(f.SourceTags), slices.Clone(f.DestinationTags)
	return f
}

// AddLoadBalancer puts a load balancer into the account and gives it an id; where the region is empty it is nyc3. It is not checked.
func (a *Account) AddLoadBalancer(l LoadBalancer) LoadBalancer {
	a.s.mu.Lock()
	defer a.unlock()
	l = l.clone()
	l.ID, l.Region, l.CreatedAt = newUUID(), cmp.Or(l.Region, "nyc3"), time.Now()
	a.balancers = append(a.balancers, &l)
	return l.clone()
}

// LoadBalancers gives all load balancers, the oldest first. Those that go by tag show no droplets here.
func (a *Account) LoadBalancers() []LoadBalancer { return peek(a, a.balancers, LoadBalancer.clone) }

func (l LoadBalancer) clone() LoadBalancer {
	l.Droplets = slices.Clone(l.Droplets)
	return l
}

func peek[T, R any](a *Account, list []*T, clone func(T) R) []R {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = clone(*v)
	}
	return out
}

// detach takes a droplet that is gone from all that names it.
func (a *Account) detach(id int64) {
	is := func(other int64) bool { return other == id }
	if r := a.reservedIPOf(id); r != nil {
		r.Droplet = 0
	}
	for _, f := range a.firewalls {
		f.Droplets, f.Sources = slices.DeleteFunc(f.Droplets, is), slices.DeleteFunc(f.Sources, is)
	}
	for _, l := range a.balancers {
		l.Droplets = slices.DeleteFunc(l.Droplets, is)
	}
}

// bears tells whether the droplet has one of the tags.
func (d *droplet) bears(tags ...string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool {
		return slices.ContainsFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
	})
}

func (c *call) firewallBody(f *Firewall) []byte {
	peers := func(droplets []int64, tags []string) map[string]any {
		p := map[string]any{}
		if len(droplets) > 0 {
			p["droplet_ids"] = droplets
		}
		if len(tags) > 0 {
			p["tags"] = tags
		}
		if len(p) == 0 {
			p["addresses"] = []string{"0.0.0.0/0", "::/0"}
		}
		return p
	}
	b := map[string]any{
		"id": f.ID, "name": f.Name, "status": "succeeded", "created_at": timestamp(f.CreatedAt), "pending_changes": []any{},
		"droplet_ids": []int64{}, "tags": []string{},
		"inbound_rules":  []any{map[string]any{"protocol": "tcp", "ports": "443", "sources": peers(f.Sources, f.SourceTags)}},
		"outbound_rules": []any{map[string]any{"protocol": "tcp", "ports": "0", "destinations": peers(nil, f.DestinationTags)}},
	}
	if c.scopes.has("droplet:read") {
		b["droplet_ids"] = orEmpty(f.Droplets)
	}
	if c.scopes.has("tag:read") {
		b["tags"] = orEmpty(f.Tags)
	}
	return encode(b)
}

func (c *call) loadBalancerBody(l *LoadBalancer) []byte {
	ids := orEmpty(l.Droplets)
	if l.Tag != "" {
		for _, d := range c.a.byTag[strings.ToLower(l.Tag)].only((*droplet).present).list {
			ids = append(ids, d.ID)
		}
	}
	var o object
	o.raw("id", encode(l.ID))
	o.raw("name", encode(l.Name))
	o.raw("ip", encode("192.0.2.1"))
	o.raw("size_unit", []byte("1"))
	o.raw("status", encode("active"))
	o.raw("created_at", encode(timestamp(l.CreatedAt)))
	o.raw("region", c.s.cat.region(l.Region).rendered)
	o.raw("tag", encode(l.Tag))
	o.raw("droplet_ids", encode(ids))
	o.raw("forwarding_rules", encode([]map[string]any{{
		"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80, "certificate_id": "", "tls_passthrough": false,
	}}))
	o.raw("vpc_uuid", encode(c.a.vpcFor("", l.Region).ID))
	return o.bytes()
}

func (c *call) pageOfFirewalls(list []*Firewall) answer {
	return c.page("firewalls", len(list), func(i int) []byte { return c.firewallBody(list[i]) })
}

func listFirewalls(c *call) answer { return c.pageOfFirewalls(c.a.firewalls) }

// listDropletFirewalls gives those that hold for a droplet, by its id or by a tag.
func listDropletFirewalls(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	return c.pageOfFirewalls(slices.DeleteFunc(slices.Clone(c.a.firewalls), func(f *Firewall) bool {
		return !slices.Contains(f.Droplets, d.ID) && !d.bears(f.Tags...)
	}))
}

func listLoadBalancers(c *call) answer {
	return c.page("load_balancers", len(c.a.balancers), func(i int) []byte { return c.loadBalancerBody(c.a.balancers[i]) })
}

// listVolumes lists the volumes that are attached; there are no others here.
func listVolumes(c *call) answer {
	type volume struct {
		ID       string  `json:"id"`
		Name     string  `json:"name"`
		Droplets []int64 `json:"droplet_ids"`
	}
	volumes := []volume{}
	for _, l := range []listing{c.a.standard, c.a.gpus} {
		for _, d := range l.list {
			for _, id := range d.Volumes {
				volumes = append(volumes, volume{id, "volume-" + id[:min(8, len(id))], []int64{d.ID}})
			}
		}
	}
	return pageOf(c, "volumes", volumes)
}

// listAssociated shows what stays billed after the droplet (docs/digitalocean-api.md, "Destroying a droplet").
func listAssociated(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	type resource struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Cost string `json:"cost"`
	}
	addresses, snapshots, volumes := []resource{}, []resource{}, []resource{}
	for i, r := range c.a.reservedIPs {
		if r.Droplet == d.ID && c.scopes.has("reserved_ip:read") {
			addresses = append(addresses, resource{strconv.Itoa(6_186_916 + i), r.IP, "4.00"})
		}
	}
	for _, id := range d.Snapshots {
		if img := c.a.image(id); img != nil && c.scopes.has("image:read") {
			snapshots = append(snapshots, resource{strconv.FormatInt(id, 10), img.Name, strconv.FormatFloat(img.Gigabytes*0.06, 'f', 2, 64)})
		}
	}
	for _, id := range d.Volumes {
		if c.scopes.has("block_storage:read") {
			volumes = append(volumes, resource{id, "volume-" + id[:min(8, len(id))], "10.00"})
		}
	}
	return c.json(http.StatusOK, map[string]any{
		"reserved_ips": addresses, "floating_ips": addresses, "snapshots": snapshots, "volumes": volumes, "volume_snapshots": []resource{},
	})
}
