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
		if run.Resumed() || time.Since(run.CreatedAt()) > p.o.Visibility {
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
	seen, err := p.o.Inventory.Look(ctx, w.traces(run.ID()))
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
	d, err := p.o.Cloud.Create(ctx, spec, w.sagaTags(run.ID()), func(ctx context.Context) error {
		if err := p.asked(w); err != nil { // the wait for a slot may have been long
			return err
		}
		w.Attempt = &attempt{IntendedAt: time.Now()}
		w.Sent++
		keepFacts(run, fleet.Facts{Creates: w.creates()})
		return run.Checkpoint(ctx)
	})
	if err == nil {
		w.DropletID, w.Posted, w.Attempt = d.ID, true, nil
		w.Answered = append(w.Answered, d.ID)
		keepFacts(run, fleet.Facts{Creates: w.creates()})
		run.Put(d)
		return nil
	}
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
	return saga.Permanent(fmt.Errorf("create %s: %w", w.Name, err))
}
