package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// settleLooks is how many answered looks must find nothing before a create may be sent again (law 4), and how many parts the settle
// time is cut into.
const settleLooks = 3

// settle looks for what an unanswered create made, until a droplet shows up or leave to send again is earned: at least three
// answered looks without one, spread over the settle time. Which looks count is measured by this process's own waiting, never by
// comparing clocks. The first restart begins anew; from then on how many there were and how long the waiting was survives each restart, which
// looks at least once more.
func (p createSteps) settle(ctx context.Context, run *saga.Run, w *work) error {
	looks := p.looks(run)
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
			return saga.NeedsPerson(fmt.Errorf("droplet %d bears the name %s since the unanswered create and does not show whose it is: "+
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
