package plan

import (
	"fmt"
	"strings"

	"arcadiad/fleet"
)

// Cost is what the fleet's droplets cost, without backups, snapshots, volumes and reserved IPs.
type Cost struct {
	Before   fleet.Price `json:"Before"`   // of the droplets that are there
	After    fleet.Price `json:"After"`    // when what is under way, and all that is not held, is done
	Held     fleet.Price `json:"Held"`     // what the held actions would add to that, or save
	Unpriced int         `json:"Unpriced"` // droplets, there or to be made, whose price is not known; they count as nothing
}

// Difference is what the plan adds, or with a minus saves.
func (c Cost) Difference() fleet.Price { return c.After.Minus(c.Before) }

// priceOf is what a droplet costs: as its own answer said, else by the list.
func (b *builder) priceOf(d *fleet.Droplet) (fleet.Price, bool) {
	if d.Price.Known() {
		return d.Price, true
	}
	return b.listPrice(d.Size)
}

func (b *builder) listPrice(size string) (fleet.Price, bool) {
	if b.observed.Catalogue == nil {
		return fleet.Price{}, false
	}
	p := b.observed.Catalogue.Sizes[strings.ToLower(size)].Price
	return p, p.Known()
}

// difference is what an action adds to the cost, or with a minus saves.
func (b *builder) difference(d *draft) (p fleet.Price, known bool) {
	known = true
	if d.creates() {
		p, known = b.listPrice(d.Spec.Size)
	}
	if d.Alter.Downtime() {
		p, known = b.listPrice(d.Alter.Size)
	}
	if d.destroys() || d.Alter.Downtime() {
		old, ok := b.priceOf(d.seen)
		p, known = p.Minus(old), known && ok
	}
	return p, known
}

// present is what the droplets cost that are there, and what they will when all that is under way is done.
func (b *builder) present() (now, soon fleet.Price, unpriced int) {
	leaving := map[int64]bool{}
	for _, saga := range b.sagas {
		switch {
		case !saga.Live:
		case saga.Kind == fleet.SagaDestroy:
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
		p := note(b.priceOf(d))
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
			soon = soon.Plus(note(b.listPrice(spec.Size)))
		}
	}
	return now, soon, unpriced
}

// overMaxMonthly lets creates through in the order of their names until the fleet costs policy.max_monthly_cost. What this very plan
// destroys is cheaper only when it is gone, in a later pass. A create whose price is not known is held too.
func (b *builder) overMaxMonthly() func(*draft) string {
	limit := b.desired.Policy.MaxMonthly
	if limit == 0 {
		return func(*draft) string { return "" }
	}
	_, soon, _ := b.present()
	have, total := soon.Monthly, soon.Monthly
	return func(d *draft) string {
		if !d.creates() && !d.Alter.Downtime() {
			return ""
		}
		p, known := b.difference(d)
		switch {
		case !known:
			return "its price is not known, so nobody can tell whether policy.max_monthly_cost allows it"
		case p.Monthly > 0 && total+p.Monthly > limit:
			return fmt.Sprintf("the fleet costs %s a month, this adds %s to %s, and policy.max_monthly_cost allows %s", have, p.Monthly, total, limit)
		}
		total += p.Monthly
		return ""
	}
}

// price says what each action costs, and what all of them come to.
func (b *builder) price() {
	now, soon, unpriced := b.present()
	c := Cost{Before: now, After: soon, Unpriced: unpriced}
	for _, d := range b.drafts {
		p, known := b.difference(d)
		switch d.Cost = p; {
		case !known:
			c.Unpriced++
		case d.Held:
			c.Held = c.Held.Plus(p)
		default:
			c.After = c.After.Plus(p)
		}
	}
	b.plan.Cost = c
}
