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

func (r FirewallRule) peers() FirewallPeers {
	switch {
	case r.Sources != nil:
		return *r.Sources
	case r.Destinations != nil:
		return *r.Destinations
	}
	return FirewallPeers{}
}

func (r FirewallRule) same(other FirewallRule) bool {
	return string(encode(r)) == string(encode(other))
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

// decodeFirewall reads a firewall from the request.
func (c *call) decodeFirewall(f *Firewall) *answer {
	var req struct {
		Name     string         `json:"name"`
		Droplets []int64        `json:"droplet_ids"`
		Tags     []string       `json:"tags"`
		Inbound  []FirewallRule `json:"inbound_rules"`
		Outbound []FirewallRule `json:"outbound_rules"`
	}
	if bad := c.decode(&req); bad != nil {
		return bad
	}
	if req.Name == "" || slices.ContainsFunc(c.a.firewalls, func(other *Firewall) bool { return other.Name == req.Name && other.ID != f.ID }) {
		bad := c.unprocessable("duplicate name")
		return &bad
	}
	f.Name, f.Droplets, f.Tags, f.Inbound, f.Outbound = req.Name, req.Droplets, req.Tags, req.Inbound, req.Outbound
	return c.settleRules(f)
}

// settleRules puts the rules of a firewall into the words in which the API shows them, and refuses what is not there.
func (c *call) settleRules(f *Firewall) *answer {
	f.ByAPI, f.SourceTags, f.DestinationTags, f.Sources = true, nil, nil, nil
	droplets := slices.Clone(f.Droplets)
	for _, rules := range [][]FirewallRule{f.Inbound, f.Outbound} {
		for i := range rules {
			r := &rules[i]
			if !slices.Contains([]string{"tcp", "udp", "icmp"}, r.Protocol) {
				bad := c.unprocessable("protocol is not valid")
				return &bad
			}
			if r.Ports == "" || r.Ports == "all" {
				r.Ports = "0" // as the API shows all ports
			}
			droplets = append(droplets, r.peers().Droplets...)
			if r.Sources != nil {
				f.SourceTags, f.Sources = append(f.SourceTags, r.Sources.Tags...), append(f.Sources, r.Sources.Droplets...)
			}
			if r.Destinations != nil {
				f.DestinationTags = append(f.DestinationTags, r.Destinations.Tags...)
			}
		}
	}
	return c.named(droplets, slices.Concat(f.Tags, f.SourceTags, f.DestinationTags))
}

// editFirewall adds to a firewall what the request has, or removes it, all or none: droplets, tags or rules, by the last part of its path.
func editFirewall(add bool) func(*call) answer {
	return ofFirewall(func(c *call, f *Firewall) answer {
		var req struct {
			Droplets []int64        `json:"droplet_ids"`
			Tags     []string       `json:"tags"`
			Inbound  []FirewallRule `json:"inbound_rules"`
			Outbound []FirewallRule `json:"outbound_rules"`
		}
		if bad := c.decode(&req); bad != nil {
			return *bad
		}
		next := f.clone()
		next.Inbound, next.Outbound = next.rules()
		asked := Firewall{Inbound: req.Inbound, Outbound: req.Outbound}
		if bad := c.settleRules(&asked); bad != nil && add {
			return *bad
		}
		next.Droplets = edited(next.Droplets, req.Droplets, add, func(x, y int64) bool { return x == y })
		next.Tags = edited(next.Tags, req.Tags, add, func(x, y string) bool { return x == y })
		next.Inbound = edited(next.Inbound, asked.Inbound, add, FirewallRule.same)
		next.Outbound = edited(next.Outbound, asked.Outbound, add, FirewallRule.same)
		if bad := c.settleRules(&next); bad != nil {
			return *bad
		}
		*f = next
		return c.noContent()
	})
}

// edited is a list with some more, each once, or without them.
func edited[T any](list, some []T, add bool, same func(x, y T) bool) []T {
	for _, one := range some {
		is := func(other T) bool { return same(one, other) }
		switch {
		case !add:
			list = slices.DeleteFunc(list, is)
		case !slices.ContainsFunc(list, is):
			list = append(list, one)
		}
	}
	return list
}
