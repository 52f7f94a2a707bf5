package plan

import (
	"cmp"
	"fmt"
	"slices"
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
func failures(b *builder, d *draft) (count, undone int, last *fleet.Saga) {
	forgiven := b.tallyOf(d).forgiven
	for _, saga := range slices.Backward(d.subject.past) {
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
	case Purge:
		return saga.Kind == fleet.SagaPurge && saga.DropletID == d.DropletID
	case Adopt:
		return saga.Kind == fleet.SagaAdopt && saga.DropletID == d.DropletID
	case Update:
		return saga.Kind == fleet.SagaUpdate && saga.DropletID == d.DropletID && saga.SpecHash == d.hash && saga.Downtime == d.Alter.Downtime()
	}
	return false
}

func heldByStall(b *builder, d *draft) verdict {
	if !d.creates() && !d.Alter.Downtime() {
		return verdict{}
	}
	count, undone, last := failures(b, d)
	if d.Alter.Downtime() && count >= stallAfter {
		return verdict{why: fmt.Sprintf("the resize failed %d times in a row (%s), and takes the droplet down each time; change its stanza, or: arcadiad saga retry %s",
			count, why(last), fleet.Saga8(last.ID))}
	}
	if of := b.tallyOf(d); of.undone >= stallAfter && of.undone > undone {
		return verdict{why: fmt.Sprintf("%d droplets of %s were created from this spec and had to be destroyed again (the last was %s: %s); change its stanza, or: arcadiad saga retry %s",
			of.undone, d.Spec.Group, of.last.Name, why(of.last), fleet.Saga8(of.last.ID))}
	}
	if undone < stallAfter {
		return verdict{}
	}
	return verdict{why: fmt.Sprintf("%d droplets were created from this spec and had to be destroyed again (%s); change its stanza, or: arcadiad saga retry %s",
		undone, why(last), fleet.Saga8(last.ID))}
}

func heldByBackoff(b *builder, d *draft) verdict {
	if b.recorded.Hurry {
		return verdict{}
	}
	count, _, last := failures(b, d)
	if last == nil {
		return verdict{}
	}
	lapses := last.EndedAt.Add(backoff(count))
	if !b.waitsUntil(lapses, maxBackoff) {
		return verdict{}
	}
	times := "once"
	if count > 1 {
		times = fmt.Sprintf("%d times in a row", count)
	}
	return verdict{why: fmt.Sprintf("failed %s (%s), retrying at %s; to retry now: arcadiad saga retry %s",
		times, why(last), lapses.UTC().Format(time.RFC3339), fleet.Saga8(last.ID))}
}

// backoff is the wait after the given number of failures in a row.
func backoff(failures int) time.Duration { return min(firstBackoff<<min(failures-1, 10), maxBackoff) }

func why(saga *fleet.Saga) string { return cmp.Or(saga.Error, "saga "+fleet.Saga8(saga.ID)) }

func heldByLoop(b *builder, d *draft) verdict {
	if d.Kind != Replace || d.asked {
		return verdict{}
	}
	for _, saga := range slices.Backward(d.subject.past) {
		if !saga.Completed() {
			continue
		}
		switch same := saga.SpecHash == d.hash; {
		case same && (saga.Kind == fleet.SagaReplace || saga.Kind == fleet.SagaDestroy):
			return verdict{why: "saga " + fleet.Saga8(saga.ID) + " already replaced it for this spec, and it still differs"}
		case saga.Kind == fleet.SagaUpdate, saga.Kind == fleet.SagaProvision && same: // the second half of a replace, if it is one
		default:
			return verdict{}
		}
	}
	return verdict{}
}

// What was put back and changed again is put back ever more rarely: another tool may have another opinion.
const (
	contestWindow = 24 * time.Hour   // in which corrections count
	firstContest  = 15 * time.Minute // after the first of them; it doubles with each one that follows
	maxContest    = 12 * time.Hour
)

// contested counts the corrections of a droplet that were done of late, and finds the last. A size is put back after the rest, and
// is no second try of that.
func contested(b *builder, d *draft) (count int, last *fleet.Saga) {
	for _, saga := range slices.Backward(d.subject.past) {
		if saga.Kind != fleet.SagaUpdate || saga.DropletID != d.DropletID || !saga.Corrects || !saga.Completed() || saga.Downtime != d.Alter.Downtime() {
			continue
		}
		if saga.Retried || b.now.Sub(saga.EndedAt) > contestWindow {
			break
		}
		count++
		if last == nil {
			last = saga
		}
	}
	return count, last
}

// heldByContest is the backoff of corrections that succeed and do not last. That of a replace is the rule loop.
func heldByContest(b *builder, d *draft) verdict {
	if b.recorded.Hurry || !d.Corrects() {
		return verdict{}
	}
	count, last := contested(b, d)
	if last == nil {
		return verdict{}
	}
	lapses := last.EndedAt.Add(min(firstContest<<min(count-1, 10), maxContest))
	if !b.waitsUntil(lapses, maxContest) {
		return verdict{}
	}
	times := "was corrected already"
	if count > 1 {
		times = fmt.Sprintf("was corrected %d times in a day", count)
	}
	return verdict{why: fmt.Sprintf("it %s, and changed again outside arcadiad: another tool may be at work; retrying at %s; to retry now: arcadiad saga retry %s",
		times, lapses.UTC().Format(time.RFC3339), fleet.Saga8(last.ID))}
}
