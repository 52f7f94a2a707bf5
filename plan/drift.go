package plan

import (
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

// Deviations are all that the plan found to be not as recorded, whether or not something is done about it: what the next plan is to
// know, in order to tell since when.
func (p Plan) Deviations() []fleet.Deviation {
	var list []fleet.Deviation
	type place struct {
		id    int64
		field string
	}
	noted := map[place]bool{} // what comes along with a replace is drift until then, too
	note := func(id int64, seen func(FieldChange) string, changes []FieldChange) {
		for _, c := range changes {
			if c.Cause == CauseFile || c.Cause == "" || noted[place{id, c.Field}] {
				continue
			}
			noted[place{id, c.Field}] = true
			d := fleet.Deviation{DropletID: id, Field: c.Field, Seen: seen(c), Since: c.Since, By: c.By}
			if d.Since.IsZero() {
				d.Since = p.ObservedAt
			}
			list = append(list, d)
		}
	}
	for _, d := range p.Drift {
		note(d.DropletID, func(c FieldChange) string { return c.To }, d.Changes)
	}
	for _, a := range p.Actions {
		if a.Kind == Update || a.Kind == Replace {
			note(a.DropletID, func(c FieldChange) string { return c.From }, a.Changes)
		}
	}
	return list
}

// noticedBefore sorts what was noticed before by droplet.
func noticedBefore(list []fleet.Deviation) map[int64][]fleet.Deviation {
	noticed := make(map[int64][]fleet.Deviation, len(list))
	for _, d := range list {
		noticed[d.DropletID] = append(noticed[d.DropletID], d)
	}
	return noticed
}

// Corrects tells whether an action does nothing but put back what was changed behind arcadiad's back.
func (a Action) Corrects() bool {
	return (a.Kind == Update || a.Kind == Replace) && len(a.Changes) > 0 &&
		!slices.ContainsFunc(a.Changes, func(c FieldChange) bool { return c.Cause == CauseFile && !c.Along })
}

// confirmAfter is how long drift must have been there before it is corrected: a listing may lag behind what arcadiad did itself.
const confirmAfter = 30 * time.Second

// heldByConfirm wants a second look at drift, also where the file asks for more in one update: going back would put back what was never
// there. A person who asks is as good as one, but not for a replace.
func (b *builder) heldByConfirm(d *draft) string {
	if d.Kind != Update && !d.Corrects() || b.recorded.Hurry && d.Kind == Update {
		return ""
	}
	if !slices.ContainsFunc(d.Changes, func(c FieldChange) bool {
		return c.Cause != CauseFile && !c.Along && (b.observed.BeganAt.Sub(c.Since) < confirmAfter || c.Since.IsZero())
	}) {
		return ""
	}
	b.waitsUntil(b.now.Add(confirmAfter), confirmAfter)
	return "it was noticed just now, and is put back when another look confirms it"
}

// What was put back and changed again is put back ever more rarely: another tool may have another opinion.
const (
	contestWindow = 24 * time.Hour   // in which corrections count
	firstContest  = 15 * time.Minute // after the first of them; it doubles with each one that follows
	maxContest    = 12 * time.Hour
)

// contested counts the corrections of a droplet that were done of late, and finds the last. A size is put back after the rest, and
// is no second try of that.
func (b *builder) contested(d *draft) (count int, last *fleet.Saga) {
	for i := len(d.subject.past) - 1; i >= 0; i-- {
		saga := d.subject.past[i]
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
func (b *builder) heldByContest(d *draft) string {
	if b.recorded.Hurry || !d.Corrects() {
		return ""
	}
	count, last := b.contested(d)
	if last == nil {
		return ""
	}
	lapses := last.EndedAt.Add(min(firstContest<<min(count-1, 10), maxContest))
	if !b.waitsUntil(lapses, maxContest) {
		return ""
	}
	times := "was put back already"
	if count > 1 {
		times = fmt.Sprintf("was put back %d times in a day", count)
	}
	return fmt.Sprintf("it %s, and somebody changed it again: another tool may be at work; next try at %s, or at once with: arcadiad saga retry %s",
		times, lapses.UTC().Format(time.RFC3339), fleet.Saga8(last.ID))
}
