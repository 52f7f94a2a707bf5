package plan

import (
	"strings"

	"arcadiad/fleet"
)

// priceOf is what a droplet costs: as its own answer said, else by the list.
func priceOf(b *builder, d *fleet.Droplet) (fleet.Price, bool) {
	if d.Price.Known() {
		return d.Price, true
	}
	return listPrice(b, d.Size)
}

func listPrice(b *builder, size string) (fleet.Price, bool) {
	if b.observed.Catalogue == nil {
		return fleet.Price{}, false
	}
	p := b.observed.Catalogue.Sizes[strings.ToLower(size)].Price
	return p, p.Known()
}

// difference is what an action adds to the cost, or with a minus saves.
func difference(b *builder, d *draft) (p fleet.Price, known bool) {
	known = true
	if d.creates() {
		p, known = listPrice(b, d.Spec.Size)
	}
	if d.Alter.Downtime() {
		p, known = listPrice(b, d.Alter.Size)
	}
	if d.destroys() && d.Ending.Keep == 0 || d.Alter.Downtime() { // what is kept costs on
		old, ok := priceOf(b, d.seen)
		p, known = p.Minus(old), known && ok
	}
	return p, known
}

// costNow is what the droplets cost that are there, and what they will when all that is under way is done.
func costNow(b *builder) (now, soon fleet.Price, unpriced int) {
	leaving := map[int64]bool{}
	for _, saga := range b.sagas {
		switch {
		case !saga.Live:
		case saga.Kind == fleet.SagaDestroy, saga.Kind == fleet.SagaPurge:
			leaving[saga.DropletID] = true
		case saga.Kind == fleet.SagaReplace:
			leaving[saga.Replaces] = true
		}
	}
	note := func(p fleet.Price, known bool) fleet.Price {
		if !known {
			unpriced++
		}
		return p
	}
	for _, d := range b.ours {
		p := note(priceOf(b, d))
		now = now.Plus(p)
		if !leaving[d.ID] {
			soon = soon.Plus(p)
		}
	}
	coming := b.unseen()
	for _, saga := range b.sagas {
		if saga.Live && saga.DestroysFirst() {
			coming = append(coming, saga)
		}
	}
	for _, saga := range coming {
		if spec, desired := b.desired.Spec(saga.Name); desired {
			soon = soon.Plus(note(listPrice(b, spec.Size)))
		}
	}
	return now, soon, unpriced
}

// priceAll says what each action costs, and what all of them come to. What waits for its turn counts as done.
func priceAll(b *builder) {
	now, soon, unpriced := costNow(b)
	c := Cost{Before: now, After: soon, Unpriced: unpriced}
	for _, d := range b.drafts {
		p, known := difference(b, d)
		switch d.Cost = p; {
		case !known:
			c.Unpriced++
		case !d.goesByItself():
			c.Held = c.Held.Plus(p)
		default:
			c.After = c.After.Plus(p)
		}
	}
	b.plan.Cost = c
}
