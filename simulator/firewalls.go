package simulator

import (
	"net/http"
	"slices"
	"time"
)

// Firewall is a firewall. One that a peek makes has one rule for each direction, by the last three fields; one that the API makes has the
// rules that were asked for.
type Firewall struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Droplets  []int64   `json:"droplets,omitempty"`
	Tags      []string  `json:"tags,omitempty"`
	CreatedAt time.Time `json:"created_at"`

	Inbound  []FirewallRule `json:"inbound_rules,omitempty"`
	Outbound []FirewallRule `json:"outbound_rules,omitempty"`

	Sources         []int64  `json:"sources,omitempty"`          // droplets that inbound rules let through
	SourceTags      []string `json:"source_tags,omitempty"`      // tags of such droplets; with neither everybody is let through
	DestinationTags []string `json:"destination_tags,omitempty"` // tags of droplets that outbound rules lead to; none: everywhere
	ByAPI           bool     `json:"by_api,omitempty"`           // its rules are Inbound and Outbound
}

// FirewallRule is one rule of a firewall, as the API has it.
type FirewallRule struct {
	Protocol     string         `json:"protocol"`
	Ports        string         `json:"ports"` // "22", "8000-9000", or "0" for all
	Sources      *FirewallPeers `json:"sources,omitempty"`
	Destinations *FirewallPeers `json:"destinations,omitempty"`
}

// FirewallPeers are those that a rule lets through, or leads to.
type FirewallPeers struct {
	Addresses     []string `json:"addresses,omitempty"`
	Droplets      []int64  `json:"droplet_ids,omitempty"`
	Tags          []string `json:"tags,omitempty"`
	LoadBalancers []string `json:"load_balancer_uids,omitempty"`
	Kubernetes    []string `json:"kubernetes_ids,omitempty"`
}

func (r FirewallRule) clone() FirewallRule {
	for _, p := range []**FirewallPeers{&r.Sources, &r.Destinations} {
		if *p != nil {
			c := **p
			c.Droplets = slices.Clone(c.Droplets)
			*p = &c
		}
	}
	return r
}

// same compares two rules: the order of their peers says nothing.
func (r FirewallRule) same(other FirewallRule) bool {
	sorted := func(r FirewallRule) string {
		for _, p := range []**FirewallPeers{&r.Sources, &r.Destinations} {
			if *p != nil {
				*p = &FirewallPeers{
					slices.Sorted(slices.Values((*p).Addresses)), slices.Sorted(slices.Values((*p).Droplets)), slices.Sorted(slices.Values((*p).Tags)),
					slices.Sorted(slices.Values((*p).LoadBalancers)), slices.Sorted(slices.Values((*p).Kubernetes)),
				}
			}
		}
		return string(encode(r))
	}
	return sorted(r) == sorted(other)
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
	for _, rules := range []*[]FirewallRule{&f.Inbound, &f.Outbound} {
		*rules = slices.Clone(*rules)
		for i, r := range *rules {
			(*rules)[i] = r.clone()
		}
	}
	return f
}

// forget takes a droplet that is gone out of the firewall and its rules.
func (f *Firewall) forget(id int64) {
	is := func(other int64) bool { return other == id }
	f.Droplets, f.Sources = slices.DeleteFunc(f.Droplets, is), slices.DeleteFunc(f.Sources, is)
	for _, rules := range [][]FirewallRule{f.Inbound, f.Outbound} {
		for _, r := range rules {
			for _, p := range []*FirewallPeers{r.Sources, r.Destinations} {
				if p != nil {
					p.Droplets = slices.DeleteFunc(p.Droplets, is)
				}
			}
		}
	}
}

// retag puts another tag in the place of one in the firewall and its rules; empty: none.
func (f *Firewall) retag(old, name string) {
	for _, tags := range []*[]string{&f.Tags, &f.SourceTags, &f.DestinationTags} {
		*tags = retagged(*tags, old, name)
	}
	for _, rules := range [][]FirewallRule{f.Inbound, f.Outbound} {
		for _, r := range rules {
			for _, p := range []*FirewallPeers{r.Sources, r.Destinations} {
				if p != nil {
					p.Tags = retagged(p.Tags, old, name)
				}
			}
		}
	}
}

// rules are the firewall's rules in each direction.
func (f *Firewall) rules() (inbound, outbound []FirewallRule) {
	if f.ByAPI {
		return f.Inbound, f.Outbound
	}
	peers := func(droplets []int64, tags []string) *FirewallPeers {
		if len(droplets)+len(tags) == 0 {
			return &FirewallPeers{Addresses: []string{"0.0.0.0/0", "::/0"}}
		}
		return &FirewallPeers{Droplets: droplets, Tags: tags}
	}
	return []FirewallRule{{Protocol: "tcp", Ports: "443", Sources: peers(f.Sources, f.SourceTags)}},
		[]FirewallRule{{Protocol: "tcp", Ports: "0", Destinations: peers(nil, f.DestinationTags)}}
}

func (c *call) firewallBody(f *Firewall) []byte {
	inbound, outbound := f.rules()
	b := map[string]any{
		"id": f.ID, "name": f.Name, "status": "succeeded", "created_at": timestamp(f.CreatedAt), "pending_changes": []any{},
		"droplet_ids": []int64{}, "tags": []string{}, "inbound_rules": orEmpty(inbound), "outbound_rules": orEmpty(outbound),
	}
	if c.scopes.has("droplet:read") {
		b["droplet_ids"] = orEmpty(f.Droplets)
	}
	if c.scopes.has("tag:read") {
		b["tags"] = orEmpty(f.Tags)
	}
	return encode(b)
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

// ofFirewall finds the firewall of the request's path for a handler.
func ofFirewall(handle func(*call, *Firewall) answer) func(*call) answer {
	return of(func(c *call) *Firewall {
		return firstOf(c.a.firewalls, func(f *Firewall) bool { return f.ID == c.r.PathValue("firewall") })
	}, handle)
}

func getFirewall(c *call, f *Firewall) answer {
	return one(http.StatusOK, "firewall", c.firewallBody(f))
}

func deleteFirewall(c *call, f *Firewall) answer {
	c.a.firewalls = slices.DeleteFunc(c.a.firewalls, func(other *Firewall) bool { return other == f })
	return c.noContent()
}

func createFirewall(c *call) answer {
	f := &Firewall{ID: newUUID(), CreatedAt: c.now}
	if bad := c.decodeFirewall(f); bad != nil {
		return *bad
	}
	c.a.firewalls = append(c.a.firewalls, f)
	return one(http.StatusAccepted, "firewall", c.firewallBody(f))
}

// updateFirewall puts another one in its place: what the request leaves out is gone.
func updateFirewall(c *call, f *Firewall) answer {
	next := &Firewall{ID: f.ID, CreatedAt: f.CreatedAt}
	if bad := c.decodeFirewall(next); bad != nil {
		return *bad
	}
	*f = *next
	return one(http.StatusOK, "firewall", c.firewallBody(f))
}
