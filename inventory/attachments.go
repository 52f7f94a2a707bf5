package inventory

import (
	"context"
	"time"

	"arcadiad/fleet"
)

// Attachments gives what hangs on the account's droplets by their ids: reserved IPs, firewalls and load balancers. Each of the three
// lists is kept for as long as maxAge says; what cannot be read is missing, and named in Unread. The second value is the number of
// lists that were asked for; the error is the context's.
func (i *Inventory) Attachments(ctx context.Context, maxAge time.Duration) (*fleet.Attachments, int, error) {
	r, out := newReading(maxAge), fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{}}
	if err := i.offers.enter(ctx); err != nil {
		return &out, 0, err
	}
	defer i.offers.leave()
	for _, list := range []struct {
		kept *kept[map[int64][]fleet.Attachment]
		read func(context.Context) (map[int64][]fleet.Attachment, error)
	}{
		{&i.offers.reservedIPs, i.o.Sync.ReservedIPs},
		{&i.offers.firewalls, i.o.Sync.Firewalls},
		{&i.offers.balancers, i.o.Sync.LoadBalancers},
	} {
		found, _ := ask(ctx, r, list.kept, "", list.read)
		for droplet, attached := range found {
			out.ByDroplet[droplet] = append(out.ByDroplet[droplet], attached...)
		}
	}
	out.Unread, out.ReadAt = r.unread, r.readAt
	return &out, r.requests, ctx.Err()
}
