package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// settleLooks is how many answered looks must find nothing before a create may be sent again (law 4), and how many parts the settle
// time is cut into.
const settleLooks = 3

// create is the step CreateDroplet. At its end exactly one droplet bears the saga's tag, as far as anybody can tell, and its id is
// in the context.
func (p createSteps) create(ctx context.Context, run *saga.Run, w *work) error {
	if run.Label(fleet.LabelCopied) != "" && w.DropletID == 0 {
		// The database is a backup: looks that were earned elsewhere say nothing of what was sent since.
		if w.Attempt == nil {
			w.Attempt = &attempt{Ended: true, Elsewhere: true}
		}
		w.Attempt.Settled, w.Attempt.Waited = 0, 0
	}
	keepFacts(run, fleet.Facts{}, fleet.LabelCopied)
	for w.DropletID == 0 {
		if w.Attempt != nil {
			if err := p.settle(ctx, run, w); err != nil {
				return err
			}
			continue
		}
		if err := p.asked(w); err != nil {
			return err
		}
		if run.Resumed() || time.Since(run.StepStartedAt()) > p.o.Visibility {
			if err := p.madeBefore(ctx, run, w); err != nil || w.DropletID != 0 {
				return err
			}
			if w.Attempt != nil {
				continue
			}
		}
		if err := p.stillLost(ctx, run, w); err != nil {
			return err
		}
		if err := p.send(ctx, run, w); err != nil {
			return err
		}
	}
	keepFacts(run, fleet.Facts{DropletID: w.DropletID})
	return nil
}

// madeBefore looks for a droplet of a saga that has sent nothing yet, as far as its journal knows: a journal that was restored or copied
// may be of a time before the create.
func (p createSteps) madeBefore(ctx context.Context, run *saga.Run, w *work) error {
	traces := w.traces(run.ID())
	traces.Due = p.looks(run).due()
	seen, err := p.o.Inventory.Look(ctx, traces)
	if err != nil {
		return err
	}
	mine, stranger := w.sort(run.ID(), seen)
	switch {
	case mine != nil:
		run.Log().Warn("the droplet is there already: the journal must be older than it", "id", mine.ID)
		w.DropletID, w.TagSeen = mine.ID, true
		keepFacts(run, fleet.Facts{DropletID: mine.ID})
		run.Put(*mine)
	case stranger != nil && run.Resumed(): // it may still show its tags
		w.Attempt = &attempt{Ended: true, Elsewhere: true}
	}
	return nil
}

// send sends the create once. Its outcome is in w: a droplet's id, an attempt that must settle, or neither where it was refused.
func (p createSteps) send(ctx context.Context, run *saga.Run, w *work) error {
	spec := w.Spec
	spec.UserData = string(run.Secret())
	d, err := p.o.Cloud.Create(ctx, &spec, w.sagaTags(run.ID()), func(ctx context.Context) error {
		if err := p.asked(w); err != nil { // the wait for a slot may have been long
			return err
		}
		w.Attempt = &attempt{IntendedAt: time.Now()}
		w.Sent++
		keepFacts(run, fleet.Facts{Creates: w.creates()})
		return run.Checkpoint(ctx)
	})
	if err != nil {
		return p.unmade(ctx, run, w, err)
	}
	w.DropletID, w.Posted, w.Attempt = d.ID, true, nil
	w.Answered = append(w.Answered, d.ID)
	keepFacts(run, fleet.Facts{Creates: w.creates()})
	run.Put(*d)
	return nil
}

// unmade takes in the error of a create.
func (p createSteps) unmade(ctx context.Context, run *saga.Run, w *work, err error) error {
	if digitalocean.Uncertain(err) {
		if ctx.Err() != nil {
			return err // a shutdown: the next start settles it
		}
		run.Log().Warn("the create was not answered; looking for what it made", "error", err)
		w.Attempt.Ended = true
		return nil
	}
	if w.Attempt != nil { // it was refused: there is nothing to look for, and the journal is to know even of a shutdown's last answer
		w.Attempt = nil
		w.Sent--
		keepFacts(run, fleet.Facts{Creates: w.creates()}, fleet.LabelSent)
		if err := run.Checkpoint(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, digitalocean.ErrNotSent), errors.Is(err, digitalocean.ErrRateLimited), errors.Is(err, digitalocean.ErrUnauthorized):
		return unsent(err)
	}
	return saga.Permanent(err) // it names the droplet
}

// settle looks for what an unanswered create made, until a droplet shows up or leave to send again is earned: at least three
// answered looks without one, spread over the settle time. Which looks count is measured by this process's own waiting, never by
// comparing clocks. The first restart begins anew; from then on how many there were and how long the waiting was survives each restart, which
// looks at least once more.
func (p createSteps) settle(ctx context.Context, run *saga.Run, w *work) error {
	looks := p.looks(run)
	looks.asked(time.Now()) // nobody knows when
	if err := p.outlast(ctx, run, w, looks); err != nil {
		return err
	}
	if a := w.Attempt; run.Resumed() && !a.Restarted {
		a.Restarted, a.Settled, a.Strange, a.Waited = true, 0, 0, 0
	}
	var stranger *fleet.Droplet // shown since the last look that counted
	waited := time.Now()        // until when the waiting is in the attempt
	for looked := false; !looked || w.Attempt.Settled < settleLooks; looked = true {
		seen, began, err := looks.next(ctx, w.traces(run.ID()))
		if err != nil {
			return err
		}
		mine, other := w.sort(run.ID(), seen)
		if mine != nil {
			run.Log().Info("found what the unanswered create made", "id", mine.ID)
			w.DropletID, w.TagSeen, w.Attempt = mine.ID, true, nil
			run.Put(*mine)
			return nil
		}
		if other != nil {
			stranger, w.Attempt.Settled = other, 0 // it may still show its tags
		}
		a := w.Attempt
		a.Waited, waited = a.Waited+began.Sub(waited), began
		counts := a.Waited >= p.o.Settle/settleLooks
		switch {
		case !counts:
		case stranger == nil:
			a.Waited, a.Settled = 0, a.Settled+1
		default:
			a.Waited, a.Strange = 0, a.Strange+1
		}
		if counts || run.Resumed() { // the process before this one died, and this one may soon
			if err := run.Checkpoint(ctx); err != nil {
				return err
			}
		}
		if !counts {
			continue
		}
		if stranger != nil && a.Strange >= settleLooks {
			return saga.NeedsPerson(fmt.Errorf("droplet %d has had the name %s since the unanswered create, and does not show whose it is: "+
				"tag it %s and %s if it is this one, or rename or destroy it",
				stranger.ID, w.Name, fleet.ManagedTag, fleet.SagaTag(run.ID())))
		}
		stranger = nil
	}
	run.Log().Warn("the unanswered create made nothing")
	w.Attempt = nil
	return nil
}

// outlast waits, after a crash, until the create that the dead process may have sent can no longer be under way. A hit needs no
// waiting.
func (p createSteps) outlast(ctx context.Context, run *saga.Run, w *work, looks *poller) error {
	if w.Attempt.Ended {
		return nil
	}
	run.Log().Info("a create may have been sent before the restart; looking for what it made")
	// The clock may have jumped: never wait longer than a create can be under way.
	left := min(time.Until(w.Attempt.IntendedAt.Add(p.o.WriteTimeout)), p.o.WriteTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, max(left, 0), errOutlasted)
	defer cancel()
	for {
		seen, _, err := looks.next(ctx, w.traces(run.ID()))
		if err != nil && context.Cause(ctx) != errOutlasted {
			return err
		}
		if mine, _ := w.sort(run.ID(), seen); err != nil || mine != nil {
			w.Attempt.Ended = true
			return nil
		}
	}
}

// errOutlasted says that the time of a create that a crash cut off is over.
var errOutlasted = errors.New("the create can no longer be under way")
