package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

const waitStep = "WaitDropletActive"

// wait is the step WaitDropletActive: until the droplet is active, with its public address and its tags. Active alone implies
// neither (docs/digitalocean-api.md, "New droplets"). Only looks that were answered count, one for each interval. What it made is
// CreateDroplet's to undo.
func (p waitSteps) wait(ctx context.Context, run *saga.Run, w *work) error {
	looks, tally := p.looks(run), p.o.Inventory.Tally(time.Now())
	lastSeen, notBefore, now := time.Now(), 0, 0
	patience := p.unseenFor(w.TagSeen)
	made := run.StepStartedAt()
	active := p.o.Inventory.Active(made)
	for {
		if err := p.asked(w); err != nil {
			return err
		}
		asked, due := time.Now(), p.o.Inventory.Until(made, active)
		seen, began, err := looks.answered(ctx, inventory.Query{ID: w.DropletID, Due: due})
		if err != nil {
			return err
		}
		note, counts := false, tally.Counts(began)
		if counts {
			w.Looks, now = w.Looks+1, now+1
			note = w.Looks%checkpointLooks == 0 || run.Resumed() && noteLook(now)
		}
		switch {
		case len(seen) == 1:
			lastSeen, patience = time.Now(), p.unseenFor(true)
			d := seen[0]
			if !w.TagSeen && tagged(d) {
				// From here on the droplet without its tags is not ours any more (law 1), and a way back must know that.
				w.TagSeen, note = true, true
			}
			needed := w.sagaTags(run.ID())
			if w.Looks >= p.deadline(w) {
				needed = w.identity(run.ID()) // somebody took off another tag: that is drift, and no reason to destroy what works
			}
			if ready(d, needed) {
				run.Put(d)
				d.Data = nil // the row has it; the journal need not
				w.Seen = &d
				keepFacts(run, fleet.Facts{IP: d.PublicIPv4})
				if punctual := time.Since(later(asked, due)) <= 2*p.o.Inventory.Interval(); punctual && !run.Resumed() {
					p.o.Inventory.Activated(time.Since(made)) // else it was active before
				}
				return nil
			}
			if d.Status == fleet.StatusArchive {
				return saga.Permanent(fmt.Errorf("droplet %d was archived while it was being created", d.ID))
			}
		case looks.vanished(ctx, w.DropletID, lastSeen, patience):
			w.Vanished = true // the way back need not wait for as long again
			if err := run.Checkpoint(ctx); err != nil {
				return err
			}
			return saga.Permanent(fmt.Errorf("droplet %d vanished before it was active: DigitalOcean removed it", w.DropletID))
		}
		if note {
			if err := run.Checkpoint(ctx); err != nil {
				return err
			}
		}
		told := len(seen) == 1 || time.Since(lastSeen) >= patience // else it may only not be shown for a while
		if counts && told && w.Looks >= max(p.deadline(w), notBefore) {
			if err := p.verdict(ctx, run, w, seen); err != nil {
				return err
			}
			notBefore = w.Looks + checkpointLooks // where there was no verdict
		}
	}
}

// Activations are how long the droplets of these sagas took until they were seen active.
func Activations(sagas []saga.Saga) (times []time.Duration) {
	for _, s := range sagas {
		for _, step := range s.History {
			if s.Undecodable == "" && step.Name == waitStep && step.Status == saga.StepDone {
				times = append(times, step.EndedAt.Sub(step.StartedAt))
			}
		}
	}
	return times
}

// deadline is the number of looks after which the create action decides.
func (p waitSteps) deadline(w *work) int {
	next := w.Judged + p.o.WaitAttempts
	if w.Judged < p.o.WaitLongest {
		next = min(next, p.o.WaitLongest)
	}
	return next
}

// verdict asks the create action what became of a droplet that has had its time (law 14). While nobody answers it is as good as in
// progress.
func (p waitSteps) verdict(ctx context.Context, run *saga.Run, w *work, seen []fleet.Droplet) error {
	actions, err := p.o.Cloud.Actions(ctx, w.DropletID)
	state := "unknown"
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if w.Looks < p.o.WaitLongest {
			run.Log().Warn("could not ask what became of the droplet's create action", "id", w.DropletID, "error", err)
			return nil
		}
		state = err.Error()
	}
	for _, a := range actions {
		if a.Type == "create" {
			state = a.Status
		}
	}
	untagged := w.Posted && !w.TagSeen && len(seen) == 1 && ready(seen[0], nil)
	blind := len(seen) == 1 && state != digitalocean.ActionErrored && (seen[0].Status == fleet.StatusUnknown ||
		seen[0].Status == fleet.StatusActive && seen[0].Unread.Has(fleet.UnreadTags|fleet.UnreadAddresses))
	switch {
	case w.Looks >= p.o.WaitLongest && blind:
		return saga.NeedsPerson(fmt.Errorf("the answers leave out whether droplet %d is ready (%s): look at it in the console; `arcadiad saga abort %s` destroys it",
			w.DropletID, p.missing(run.ID(), w, seen), fleet.Saga8(run.ID())))
	case w.Looks >= p.o.WaitLongest && untagged:
		// It is ours, because its id came in the answer, and it works: to destroy it would only make another like it.
		return saga.NeedsPerson(fmt.Errorf("droplet %d is active, and shows none of its tags after %d looks: does the token have the scope tag:read? "+
			"Tag it %s; `arcadiad saga abort %s` destroys it", w.DropletID, w.Looks, strings.Join(w.identity(run.ID()), ", "), fleet.Saga8(run.ID())))
	case w.Looks < p.o.WaitLongest && (untagged || blind || state == "in-progress"):
		run.Log().Warn("the droplet is not ready yet, but still being created", "id", w.DropletID, "looks", w.Looks, "lacks", p.missing(run.ID(), w, seen))
		w.Judged = w.Looks
		return run.Checkpoint(ctx)
	}
	return saga.Permanent(fmt.Errorf("droplet %d was not ready after %d looks (%s; its create action: %s)",
		w.DropletID, w.Looks, p.missing(run.ID(), w, seen), state))
}

// missing says in words what a droplet lacks.
func (p waitSteps) missing(sagaID string, w *work, seen []fleet.Droplet) string {
	if len(seen) == 0 {
		return "the API does not show it"
	}
	d := seen[0]
	switch {
	case d.Status != fleet.StatusActive:
		return "status " + string(d.Status)
	case d.PublicIPv4 == "":
		return "active, without a public IPv4 address"
	}
	for _, t := range w.sagaTags(sagaID) {
		if !d.HasTag(t) {
			return "active, without the tag " + t
		}
	}
	return "ready"
}
