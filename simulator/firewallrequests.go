package simulator

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// firewallRequest is what a request says of a firewall, or of what is added to one or taken from it.
type firewallRequest struct {
	Name     string         `json:"name"`
	Droplets []int64        `json:"droplet_ids"`
	Tags     []string       `json:"tags"`
	Inbound  []FirewallRule `json:"inbound_rules"`
	Outbound []FirewallRule `json:"outbound_rules"`
}

// firewallName is what a firewall may be called.
var firewallName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.-]{1,254}$`)

// decodeFirewall reads a firewall from the request.
func (c *call) decodeFirewall(f *Firewall) *answer {
	var req firewallRequest
	if bad := c.decode(&req); bad != nil {
		return bad
	}
	taken := func(other *Firewall) bool { return other.Name == req.Name && other.ID != f.ID }
	switch {
	case !firewallName.MatchString(req.Name):
		return new(c.unprocessable("name is invalid"))
	case firstOf(c.a.firewalls, taken) != nil:
		return new(c.unprocessable("duplicate name"))
	case len(req.Inbound)+len(req.Outbound) == 0:
		return new(c.unprocessable("inbound_rules or outbound_rules must have a rule"))
	}
	if bad := c.settleFirewall(&req); bad != nil {
		return bad
	}
	f.Name, f.Droplets, f.Tags, f.Inbound, f.Outbound = req.Name, req.Droplets, req.Tags, req.Inbound, req.Outbound
	return c.sumUp(f)
}

// settleFirewall puts a request into the words in which the API shows it, and refuses what is not there.
func (c *call) settleFirewall(req *firewallRequest) *answer {
	req.Droplets, req.Tags = uniqueIDs(req.Droplets), c.a.spelled(req.Tags)
	droplets, tags := slices.Clone(req.Droplets), slices.Clone(req.Tags)
	settle := func(r *FirewallRule, peers *FirewallPeers) (refusal string) {
		if r.Protocol == "icmp" || r.Ports == "" || r.Ports == "all" {
			r.Ports = "0" // as the API shows all ports
		}
		switch {
		case !slices.Contains([]string{"tcp", "udp", "icmp"}, r.Protocol):
			return "protocol is not valid"
		case !validPorts(r.Ports):
			return "ports is not valid"
		case peers == nil || peers.empty():
			return "an inbound rule must have sources, and an outbound rule destinations"
		case slices.ContainsFunc(peers.Addresses, invalidAddress):
			return "addresses must be IP addresses or CIDRs"
		}
		peers.Droplets, peers.Tags = uniqueIDs(peers.Droplets), c.a.spelled(peers.Tags)
		droplets, tags = append(droplets, peers.Droplets...), append(tags, peers.Tags...)
		return ""
	}
	for i := range req.Inbound {
		r := &req.Inbound[i]
		r.Destinations = nil
		if refusal := settle(r, r.Sources); refusal != "" {
			return new(c.unprocessable(refusal))
		}
	}
	for i := range req.Outbound {
		r := &req.Outbound[i]
		r.Sources = nil
		if refusal := settle(r, r.Destinations); refusal != "" {
			return new(c.unprocessable(refusal))
		}
	}
	return c.named(droplets, tags)
}

func (p *FirewallPeers) empty() bool {
	return len(p.Addresses)+len(p.Droplets)+len(p.Tags)+len(p.LoadBalancers)+len(p.Kubernetes) == 0
}

// validPorts tells whether ports are one, a range, or 0 for all.
func validPorts(ports string) bool {
	first, last, isRange := strings.Cut(ports, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	if !isRange {
		return err == nil
	}
	to, bad := strconv.ParseUint(last, 10, 16)
	return err == nil && bad == nil && 0 < from && from <= to
}

func invalidAddress(text string) bool {
	_, notOne := netip.ParseAddr(text)
	_, notMany := netip.ParsePrefix(text)
	return notOne != nil && notMany != nil
}

// sumUp notes whom the rules name, and refuses a firewall that has become too large (docs/digitalocean-api.md, "Attached resources").
func (c *call) sumUp(f *Firewall) *answer {
	f.ByAPI, f.SourceTags, f.DestinationTags, f.Sources = true, nil, nil, nil
	for _, r := range f.Inbound {
		if r.Sources != nil { // as in a firewall that a peek made
			f.SourceTags, f.Sources = append(f.SourceTags, r.Sources.Tags...), append(f.Sources, r.Sources.Droplets...)
		}
	}
	for _, r := range f.Outbound {
		if r.Destinations != nil {
			f.DestinationTags = append(f.DestinationTags, r.Destinations.Tags...)
		}
	}
	if len(f.Droplets) > 10 || len(f.Tags) > 5 || len(f.Inbound)+len(f.Outbound) > 50 {
		return new(c.unprocessable("a firewall has at most 10 Droplets, 5 tags and 50 rules"))
	}
	return nil
}

// editFirewall adds to a firewall what the request has, or removes it, all or none: droplets, tags or rules, by the last part of its path.
func editFirewall(add bool) func(*call) answer {
	return ofFirewall(func(c *call, f *Firewall) answer {
		var req firewallRequest
		if bad := c.decode(&req); bad != nil {
			return *bad
		}
		if bad := c.settleFirewall(&req); bad != nil && add { // what is not there is easily removed
			return *bad
		}
		next := f.clone()
		next.Inbound, next.Outbound = next.rules()
		next.Droplets = edited(next.Droplets, req.Droplets, add, func(x, y int64) bool { return x == y })
		next.Tags = edited(next.Tags, req.Tags, add, strings.EqualFold)
		next.Inbound = edited(next.Inbound, req.Inbound, add, FirewallRule.same)
		next.Outbound = edited(next.Outbound, req.Outbound, add, FirewallRule.same)
		if bad := c.sumUp(&next); bad != nil {
			return *bad
		}
		*f = next
		return c.noContent()
	})
}

// uniqueIDs are ids each once.
func uniqueIDs(ids []int64) []int64 {
	return edited(nil, ids, true, func(x, y int64) bool { return x == y })
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
