package plan

import (
	"fmt"
	"time"

	"arcadiad/fleet"
)

const (
	firstBackoff = time.Minute // after the first failure; it doubles with each one that follows
	maxBackoff   = time.Hour
	stallAfter   = 3 // droplets made and destroyed again for one spec, or switched off for one resize, until a person or the file says otherwise
)

// failures counts the failures in a row of what an action tries, and finds the last (law 14). A success ends the row, and so does a
// person's retry.
func (b *builder) failures(d *draft) (count, undone int, last *fleet.Saga) {
	forgiven := b.tallyOf(d).forgiven
	for i := len(d.subject.past) - 1; i >= 0; i-- {
		saga := d.subject.past[i]
		if !triesSame(saga, d) {
			continue
		}
		if saga.Retried || saga.Completed() || d.creates() && !saga.CreatedAt.After(forgiven) {
			break
		}
		if !saga.Failed() {
			continue // superseded: the file changed its mind, and nobody failed
		}
		count++
		if saga.Undone {
			undone++
		}
		if last == nil {
			last = saga
		}
	}
	return count, undone, last
}

// triesSame tells whether a saga tried what the action would: to make a droplet for the same spec, or to do the same to the same
// droplet.
func triesSame(saga *fleet.Saga, d *draft) bool {
	switch d.Kind {
	case Provision, Replace:
		return saga.Makes() && saga.SpecHash == d.hash
	case Destroy:
		return saga.Kind == fleet.SagaDestroy && saga.DropletID == d.DropletID
	case Adopt:
		return saga.Kind == fleet.SagaAdopt && saga.DropletID == d.DropletID
	case Update:
		return saga.Kind == fleet.SagaUpdate && saga.DropletID == d.DropletID && saga.SpecHash == d.hash && saga.Downtime == d.Alter.Downtime()
	}
	return false
}

func (b *builder) heldByStall(d *draft) string {
	if !d.creates() && !d.Alter.Downtime() {
		return ""
	}
	count, undone, last := b.failures(d)
	if d.Alter.Downtime() && count >= stallAfter {
		return fmt.Sprintf("the resize failed %d times in a row (%s), and takes the droplet down each time; change its stanza, or: arcadiad saga retry %s",
			count, why(last), fleet.Saga8(last.ID))
	}
	if of := b.tallyOf(d); of.undone >= stallAfter && of.undone > undone {
		return fmt.Sprintf("%d droplets of %s were made for this spec and had to be destroyed again (the last was %s: %s); change its stanza, or: arcadiad saga retry %s",
			of.undone, d.Spec.Group, of.last.Name, why(of.last), fleet.Saga8(of.last.ID))
	}
	if undone < stallAfter {
		return ""
	}
	return fmt.Sprintf("%d droplets were made for this spec and had to be destroyed again (%s); change its stanza, or: arcadiad saga retry %s",
		undone, why(last), fleet.Saga8(last.ID))
}

func (b *builder) heldByBackoff(d *draft) string {
	if b.recorded.Hurry {
		return ""
	}
	count, _, last := b.failures(d)
	if last == nil {
		return ""
	}
	lapses := last.EndedAt.Add(backoff(count))
	if !b.waitsUntil(lapses, maxBackoff) {
		return ""
	}
	times := "once"
	if count > 1 {
		times = fmt.Sprintf("%d times in a row", count)
	}
	return fmt.Sprintf("it failed %s (%s); next try at %s, or at once with: arcadiad saga retry %s",
		times, why(last), lapses.UTC().Format(time.RFC3339), fleet.Saga8(last.ID))
}

// waitsUntil tells whether a wait is not over yet, and has another pass when it is. A wait beyond any backoff means that the clock
// jumped; it is no reason to wait for ever.
func (b *builder) waitsUntil(lapses time.Time, longest time.Duration) bool {
	if wait := lapses.Sub(b.now); wait <= 0 || wait > 2*longest {
		return false
	}
	if b.plan.Lapses.IsZero() || lapses.Before(b.plan.Lapses) {
		b.plan.Lapses = lapses
	}
	return true
}

// backoff is the wait after the given number of failures in a row.
func backoff(failures int) time.Duration {
	wait := firstBackoff
	for i := 1; i < failures && wait < maxBackoff; i++ {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

func why(saga *fleet.Saga) string {
	if saga.Error == "" {
		return "saga " + fleet.Saga8(saga.ID)
	}
	return saga.Error
}
