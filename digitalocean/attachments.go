package digitalocean

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"arcadiad/fleet"
)

// ReservedIPs lists the account's reserved IPs that are assigned, by the id of their droplet
// (docs/digitalocean-api.md, "Attached resources"). It and the two below read all pages or fail; ErrMoved says that the list changed
// between the pages.
func (c *Client) ReservedIPs(ctx context.Context) (map[int64][]fleet.Attachment, error) {
	r := request{op: "list reserved ips", method: http.MethodGet, path: "v2/reserved_ips", scopes: "reserved_ip:read"}
	type entry struct {
		IP      string
		Droplet *struct{ ID int64 }
	}
	return attachments(ctx, c, r, "reserved_ips", func(e entry) (string, []attached) {
		if e.Droplet == nil {
			return e.IP, nil
		}
		return e.IP, []attached{{fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: e.IP}, []int64{e.Droplet.ID}}}
	})
}

// Firewalls lists the firewalls that name droplets by id: those that hold for them, and those with rules that let them through.
func (c *Client) Firewalls(ctx context.Context) (map[int64][]fleet.Attachment, error) {
	r := request{op: "list firewalls", method: http.MethodGet, path: "v2/firewalls", scopes: "firewall:read and droplet:read"}
	type peers struct {
		Droplets []int64 `json:"droplet_ids"`
	}
	type entry struct {
		ID, Name string
		Droplets []int64 `json:"droplet_ids"`
		Tags     []string
		Inbound  []struct{ Sources peers }      `json:"inbound_rules"`
		Outbound []struct{ Destinations peers } `json:"outbound_rules"`
	}
	return attachments(ctx, c, r, "firewalls", func(e entry) (string, []attached) {
		var through []int64
		for _, rule := range e.Inbound {
			through = append(through, rule.Sources.Droplets...)
		}
		for _, rule := range e.Outbound {
			through = append(through, rule.Destinations.Droplets...)
		}
		slices.Sort(through)
		return e.ID, []attached{
			{fleet.Attachment{Kind: fleet.AttachedFirewall, ID: e.ID, Name: e.Name, Tags: e.Tags}, e.Droplets},
			{fleet.Attachment{Kind: fleet.AttachedFirewallRule, ID: e.ID, Name: e.Name}, slices.Compact(through)},
		}
	})
}

// LoadBalancers lists the load balancers that name droplets by id. One that goes by a tag names those with the tag too; it is left out.
func (c *Client) LoadBalancers(ctx context.Context) (map[int64][]fleet.Attachment, error) {
	r := request{op: "list load balancers", method: http.MethodGet, path: "v2/load_balancers", scopes: "load_balancer:read"}
	type entry struct {
		ID, Name, Tag string
		Droplets      []int64 `json:"droplet_ids"`
	}
	return attachments(ctx, c, r, "load_balancers", func(e entry) (string, []attached) {
		if e.Tag != "" {
			return e.ID, nil
		}
		return e.ID, []attached{{fleet.Attachment{Kind: fleet.AttachedLoadBalancer, ID: e.ID, Name: e.Name}, e.Droplets}}
	})
}

// attached is an attachment with the ids of the droplets that it hangs on.
type attached struct {
	fleet.Attachment
	to []int64
}

// attachments reads all pages of a list, and sorts by droplet what its entries are to them. read gives the id of an entry too.
func attachments[T any](ctx context.Context, c *Client, r request, key string, read func(T) (id string, all []attached)) (map[int64][]fleet.Attachment, error) {
	out := map[int64][]fleet.Attachment{}
	seen, total := map[string]bool{}, 0
	err := c.pages(ctx, r, func(p page) error {
		entries, err := entriesOf[T](p, key)
		if err != nil {
			return err
		}
		total = p.total
		for _, e := range entries {
			id, all := read(e)
			if id == "" {
				return fmt.Errorf("%s: one has no id", key)
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			for _, a := range all {
				for _, droplet := range a.to {
					out[droplet] = append(out[droplet], a.Attachment)
				}
			}
		}
		return nil
	})
	if err == nil && len(seen) != total {
		err = fmt.Errorf("%s: %w: %d of %d", r.op, ErrMoved, len(seen), total)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
