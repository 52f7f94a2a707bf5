package inventory

import (
	"context"
	"slices"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// Attachments gives what hangs on the account's droplets by their ids: reserved IPs, firewalls and load balancers. Each of the three
// lists is kept for as long as maxAge says; what cannot be read is missing, and named in Unread. The tags are known if those of all load
// balancers and of all firewalls were read; the reserved IPs themselves, those of nobody too, if their list was. The second value is the
// number of lists that were asked for; the error is the context's.
func (i *Inventory) Attachments(ctx context.Context, maxAge time.Duration) (*fleet.Attachments, int, error) {
	r, out := newReading(maxAge), fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{}}
	if err := i.offers.enter(ctx); err != nil {
		return &out, 0, err
	}
	defer i.offers.leave()
	reservedIPs, reserved := i.reservedIPs(ctx, r)
	firewalls, passed := ask(ctx, r, &i.offers.firewalls, "", i.o.Sync.Firewalls)
	balancers, balanced := ask(ctx, r, &i.offers.balancers, "", i.o.Sync.LoadBalancers)
	for _, list := range []digitalocean.Attached{reservedIPs, firewalls, balancers} {
		for droplet, attached := range list.ByDroplet {
			out.ByDroplet[droplet] = append(out.ByDroplet[droplet], attached...)
		}
	}
	if passed && balanced && !firewalls.Untold {
		out.FirewallTags, out.BalancerTags, out.TagsKnown = slices.Clone(firewalls.Tags), slices.Clone(balancers.Tags), true
	}
	if reserved {
		list(&out, reservedIPs)
	}
	out.Unread, out.ReadAt = r.unread, r.readAt
	return &out, r.requests, ctx.Err()
}

// Addresses is Attachments with the reserved IPs alone.
func (i *Inventory) Addresses(ctx context.Context, maxAge time.Duration) (*fleet.Attachments, int, error) {
	r, out := newReading(maxAge), fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{}}
	if err := i.offers.enter(ctx); err != nil {
		return &out, 0, err
	}
	defer i.offers.leave()
	if reservedIPs, known := i.reservedIPs(ctx, r); known {
		for droplet, attached := range reservedIPs.ByDroplet {
			out.ByDroplet[droplet] = slices.Clone(attached)
		}
		list(&out, reservedIPs)
	}
	out.Unread, out.ReadAt = r.unread, r.readAt
	return &out, r.requests, ctx.Err()
}

// list takes in the account's reserved IPs.
func list(out *fleet.Attachments, all digitalocean.Attached) {
	out.Addresses, out.AddressesKnown = make(map[string]fleet.Address, len(all.Addresses)), true
	for _, a := range all.Addresses {
		out.Addresses[a.IP] = a
	}
}

// reservedIPs gives the list of them, which is asked for again after one was moved.
func (i *Inventory) reservedIPs(ctx context.Context, r *reading) (digitalocean.Attached, bool) {
	if k := &i.offers.reservedIPs; k.at.UnixNano() <= i.offers.moved.Load() {
		k.at = time.Time{}
	}
	return ask(ctx, r, &i.offers.reservedIPs, "", i.o.Sync.ReservedIPs)
}

// AddressMoved tells that a reserved IP was moved.
func (i *Inventory) AddressMoved() { i.offers.moved.Store(time.Now().UnixNano()) }
