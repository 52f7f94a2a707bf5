package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// listTries is how often a listing whose total moved under our feet is taken again before the fallback serves (law 7).
const listTries = 3

// Observe looks at the whole account. The error is that of the first request that failed: half an observation is none.
//
// Droplets of ours that the listing lacks are asked for by id, except those that a live saga works on. In a converged account of N
// droplets this takes ceil(N/200) + 2 requests: the pages, the GPU page and the account.
func (i *Inventory) Observe(ctx context.Context, recorded fleet.Recorded) (fleet.Observed, error) {
	return i.observe(ctx, recorded, false)
}

// ObserveAgain is Observe for a plan of a fleet without GPU droplets. It leaves out what an observation has answered within the last two minutes:
// whose the token is, as long as it is the same one; and that there are no GPU droplets, unless a droplet that is known is not shown.
func (i *Inventory) ObserveAgain(ctx context.Context, recorded fleet.Recorded) (fleet.Observed, error) {
	return i.observe(ctx, recorded, true)
}

func (i *Inventory) observe(ctx context.Context, recorded fleet.Recorded, again bool) (fleet.Observed, error) {
	o := fleet.Observed{BeganAt: time.Now()}
	account, known := i.latest.of(i.o.Sync.Proved())
	if !again || !known {
		var err error
		if account, err = i.o.Sync.Account(ctx); err != nil {
			return o, err
		}
		i.latest.answered(account)
		o.Requests = 1
	}
	o.Account = account

	gpus := func([]fleet.Droplet) bool { return true }
	if again && i.latest.withoutGPUs() {
		gpus = func(listed []fleet.Droplet) bool { return lacksKnown(listed, recorded) }
	}
	droplets, requests, partial, err := i.list(ctx, recorded.Fleet, i.spare(recorded.Known), gpus)
	o.Requests += requests
	if err != nil {
		return o, err
	}
	o.Droplets, o.Partial = droplets, partial

	pinned := recorded.Account == "" || recorded.Account == account.UUID
	if err := i.prove(ctx, &o, recorded, pinned); err != nil {
		return o, err
	}
	// A token that was exchanged for another meanwhile may have shown another account's droplets.
	if i.o.Sync.Proved() != account.UUID {
		if err := i.confirm(ctx, &o); err != nil {
			return o, err
		}
	}
	o.EndedAt = time.Now()
	if pinned {
		i.mu.Lock()
		i.account = account.UUID
		i.mu.Unlock()
	}
	return o, nil
}

// list takes the listing of the account, again when it moved. When it never holds still, the fleet's own listing by tag serves,
// with the short one of the GPU droplets, which a listing by tag may leave out (docs/digitalocean-api.md, "Lists"). The caller
// asks by id for what those lack.
func (i *Inventory) list(ctx context.Context, fleetName string, each func(*fleet.Droplet), gpus func([]fleet.Droplet) bool) (droplets []fleet.Droplet, requests int, partial bool, err error) {
	for range listTries {
		var n int
		droplets, n, err = i.whole(ctx, i.o.Sync, each, gpus)
		requests += n
		if !errors.Is(err, digitalocean.ErrMoved) {
			return droplets, requests, false, err
		}
		i.o.Log.Info("the account's listing changed while it was read; reading it again")
	}
	droplets = nil
	if fleetName == "" {
		return nil, requests, false, err
	}
	i.o.Log.Warn("the account's listing kept changing; using the fleet's own listing by tag", "tries", listTries)
	for _, f := range []digitalocean.Filter{{Tag: fleet.FleetTag(fleetName)}, {GPU: true}} {
		l, err := i.o.Sync.ListEach(ctx, f, each)
		requests += l.Pages
		if f.GPU && errors.Is(err, digitalocean.ErrMoved) {
			err, l.Droplets = nil, l.Seen // nothing is concluded from what it lacks
		}
		if err != nil {
			return nil, requests, true, fmt.Errorf("list the fleet by its tag, and the GPU droplets: %w", err)
		}
		droplets = append(droplets, l.Droplets...)
	}
	return sorted(droplets), requests, true, nil
}

// whole lists every droplet of the account. It takes two listings, since the default one leaves out GPU droplets
// (docs/digitalocean-api.md, "Lists"); gpus tells from the first whether the second is needed. What was seen of a listing that moved comes
// beside the error. Each droplet goes through each first; nil: none does.
func (i *Inventory) whole(ctx context.Context, c *digitalocean.Client, each func(*fleet.Droplet), gpus func([]fleet.Droplet) bool) (
	droplets []fleet.Droplet, requests int, err error) {

	for _, gpu := range []bool{false, true} {
		if gpu && !gpus(droplets) {
			break
		}
		l, err := c.ListEach(ctx, digitalocean.Filter{GPU: gpu}, each)
		requests += l.Pages
		found := l.Droplets
		if found == nil {
			found = l.Seen
		}
		if droplets == nil {
			droplets = found // not a copy: it may be long, and most accounts have no GPU droplets
		} else {
			droplets = append(droplets, found...)
		}
		if errors.Is(err, digitalocean.ErrMoved) {
			i.listed(requests)
		}
		if err != nil {
			return sorted(droplets), requests, err
		}
		if gpu {
			i.latest.listedGPUs(len(l.Droplets))
		}
	}
	i.listed(requests)
	return sorted(droplets), requests, nil
}

// spare drops the data of droplets that the store has the same of already. At rest that is all of them, and most of what a listing of
// a large account would hold until it is saved.
func (i *Inventory) spare(known []fleet.Known) func(*fleet.Droplet) {
	if i.o.Unsaved {
		return dataless
	}
	kept := make(map[int64]fleet.Digest, len(known))
	for _, k := range known {
		kept[k.DropletID] = k.Digest
	}
	return func(d *fleet.Droplet) {
		if digest, known := kept[d.ID]; known && digest == fleet.DigestOf(d.Data) {
			d.Data = nil
		}
	}
}

// dataless drops the data of every droplet, for those who do not save it.
func dataless(d *fleet.Droplet) { d.Data = nil }

func sorted(droplets []fleet.Droplet) []fleet.Droplet {
	slices.SortFunc(droplets, func(a, b fleet.Droplet) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(droplets, func(a, b fleet.Droplet) bool { return a.ID == b.ID })
}

// confirm asks for the account again: is it still the one that the observation began with?
func (i *Inventory) confirm(ctx context.Context, o *fleet.Observed) error {
	again, err := i.o.Sync.Account(ctx)
	o.Requests++
	if err != nil {
		return fmt.Errorf("ask for the account again: %w", err)
	}
	if again.UUID != o.Account.UUID {
		return fmt.Errorf("the token changed accounts while the inventory was read: %s, then %s", o.Account.UUID, again.UUID)
	}
	return nil
}

// getAll asks for droplets by id, side by side; the budget bounds how many at once.
func (i *Inventory) getAll(ctx context.Context, ids []int64) (found []fleet.Droplet, notFound []int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for _, id := range ids {
		wg.Go(func() {
			d, e := i.o.Sync.Get(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case e == nil:
				found = append(found, d)
			case errors.Is(e, digitalocean.ErrNotFound):
				notFound = append(notFound, id)
			case err == nil:
				err = fmt.Errorf("ask for droplet %d: %w", id, e)
				cancel()
			}
		})
	}
	wg.Wait()
	return found, notFound, err
}

// Unseen lists the fleet by its tag, for those who are about to create the names, and gives the droplets that the observation lacks:
// listings lag, and not all alike (docs/digitalocean-api.md, "New droplets"). A partial observation says nothing of the account's
// other droplets, so there each name is asked for by itself: law 7 wants it absent from both.
func (i *Inventory) Unseen(ctx context.Context, fleetName string, o fleet.Observed, names []string) ([]fleet.Droplet, error) {
	filters := []digitalocean.Filter{{Tag: fleet.FleetTag(fleetName)}}
	if o.Partial {
		for _, name := range names {
			filters = append(filters, digitalocean.Filter{Name: name})
		}
	}
	var unseen []fleet.Droplet
	for _, f := range filters {
		l, err := i.o.Sync.ListEach(ctx, f, dataless)
		if err != nil {
			return nil, fmt.Errorf("look for droplets that the listing left out: %w", err)
		}
		for _, d := range l.Droplets {
			if _, seen := o.Droplet(d.ID); !seen {
				unseen = append(unseen, d)
			}
		}
	}
	return sorted(unseen), nil
}
