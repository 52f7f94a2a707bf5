package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// Attached is a list of the account's things that hang on droplets, by the droplets' ids or by tags.
type Attached struct {
	ByDroplet map[int64][]fleet.Attachment
	Tags      []string // by which its entries select droplets, or let them through; lower case, sorted
	Untold    bool     // one of them did not say its tags: the token may lack tag:read

	Addresses []fleet.Address // of ReservedIPs alone: all of them, whoever has them
}

// ReservedIPs lists the account's reserved IPs: those that are assigned by the id of their droplet, and all of them as Addresses
// (docs/digitalocean-api.md, "Reserved IPs"). It and the two below read all pages or fail; ErrMoved says that the list changed
// between the pages.
func (c *Client) ReservedIPs(ctx context.Context) (Attached, error) {
	r := request{op: "list reserved ips", method: http.MethodGet, path: "v2/reserved_ips", scopes: "reserved_ip:read"}
	var addresses []fleet.Address
	all, err := attachments(ctx, c, r, "reserved_ips", func(e reservedIP) told {
		if !e.whole() {
			return told{}
		}
		addresses = append(addresses, e.address())
		if id := e.Droplet.ID; id != 0 {
			return told{id: e.IP, all: []attached{{fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: e.IP}, []int64{id}}}}
		}
		return told{id: e.IP}
	})
	if err != nil {
		return all, err
	}
	// An address that was reserved between two pages shows the last one of the page before again.
	slices.SortFunc(addresses, func(a, b fleet.Address) int { return strings.Compare(a.IP, b.IP) })
	all.Addresses = slices.CompactFunc(addresses, func(a, b fleet.Address) bool { return a.IP == b.IP })
	return all, nil
}

// Firewalls lists the firewalls that name droplets by id: those that hold for them, and those with rules that let them through. Its tags
// are those by which a firewall does either.
func (c *Client) Firewalls(ctx context.Context) (Attached, error) {
	r := request{op: "list firewalls", method: http.MethodGet, path: "v2/firewalls", scopes: "firewall:read, droplet:read and tag:read"}
	type peers struct {
		Droplets []int64 `json:"droplet_ids"`
		Tags     []string
	}
	type entry struct {
		ID, Name string
		Droplets []int64 `json:"droplet_ids"`
		Tags     []string
		Inbound  []struct{ Sources peers }      `json:"inbound_rules"`
		Outbound []struct{ Destinations peers } `json:"outbound_rules"`
	}
	return attachments(ctx, c, r, "firewalls", func(e entry) told {
		var through []int64
		tags := slices.Clone(e.Tags)
		for _, rule := range e.Inbound {
			through, tags = append(through, rule.Sources.Droplets...), append(tags, rule.Sources.Tags...)
		}
		for _, rule := range e.Outbound {
			through, tags = append(through, rule.Destinations.Droplets...), append(tags, rule.Destinations.Tags...)
		}
		slices.Sort(through)
		return told{id: e.ID, tags: tags, untold: e.Tags == nil, all: []attached{
			{fleet.Attachment{Kind: fleet.AttachedFirewall, ID: e.ID, Name: e.Name, Tags: e.Tags}, e.Droplets},
			{fleet.Attachment{Kind: fleet.AttachedFirewallRule, ID: e.ID, Name: e.Name}, slices.Compact(through)},
		}}
	})
}

// LoadBalancers lists the load balancers that name droplets by id. Of one that goes by a tag it gives the tag, and no droplets: those with
// the tag are named too, but another droplet with it is as good.
func (c *Client) LoadBalancers(ctx context.Context) (Attached, error) {
	r := request{op: "list load balancers", method: http.MethodGet, path: "v2/load_balancers", scopes: "load_balancer:read"}
	type entry struct {
		ID, Name, Tag string
		Droplets      []int64 `json:"droplet_ids"`
	}
	return attachments(ctx, c, r, "load_balancers", func(e entry) told {
		if e.Tag != "" {
			return told{id: e.ID, tags: []string{e.Tag}}
		}
		return told{id: e.ID, all: []attached{{fleet.Attachment{Kind: fleet.AttachedLoadBalancer, ID: e.ID, Name: e.Name}, e.Droplets}}}
	})
}

// attached is an attachment with the ids of the droplets that it hangs on.
type attached struct {
	fleet.Attachment
	to []int64
}

// told is what one entry of a list says.
type told struct {
	id     string
	all    []attached
	tags   []string
	untold bool // its tags are missing
}

// attachments reads all pages of a list, and sorts by droplet what its entries are to them.
func attachments[T any](ctx context.Context, c *Client, r request, key string, read func(T) told) (Attached, error) {
	out := Attached{ByDroplet: map[int64][]fleet.Attachment{}}
	seen, total := map[string]bool{}, 0
	err := c.pages(ctx, r, func(p page) error {
		entries, err := entriesOf[T](p, key)
		if err != nil {
			return err
		}
		total = p.total
		for _, e := range entries {
			one := read(e)
			if one.id == "" {
				return fmt.Errorf("%s: one of them is not whole", key)
			}
			if seen[one.id] {
				continue
			}
			seen[one.id] = true
			out.Untold = out.Untold || one.untold
			for _, tag := range one.tags {
				out.Tags = append(out.Tags, strings.ToLower(tag))
			}
			for _, a := range one.all {
				for _, droplet := range a.to {
					out.ByDroplet[droplet] = append(out.ByDroplet[droplet], a.Attachment)
				}
			}
		}
		return nil
	})
	if err == nil && len(seen) != total {
		err = fmt.Errorf("%s: %w: %d of %d", r.op, ErrMoved, len(seen), total)
	}
	if err != nil {
		return Attached{}, err
	}
	slices.Sort(out.Tags)
	out.Tags = slices.Compact(out.Tags)
	return out, nil
}
