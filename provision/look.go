package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// poller looks again and again for one step. A look that fails counts for nothing; the first of a row is logged.
//
// The first look goes at once, because a step looks before it writes, and so does the first one after a write that shows at once. The others
// come soon after what they wait for was asked for, and then ever more rarely (inventory.Inventory.Again).
type poller struct {
	p       *core
	run     *saga.Run
	since   time.Time // when what the looks wait for was asked for; while nothing was: when the step began
	prompt  bool      // the next look goes at once
	failed  int       // looks in a row
	failing time.Time // when the first of them was
}

// looks makes the poller of one try of a step. A step that is tried again and again does not look at once each time.
func (p *core) looks(run *saga.Run) *poller {
	since := run.StepStartedAt()
	return &poller{p: p, run: run, since: since, prompt: time.Since(since) < p.o.Inventory.Interval()}
}

// asked notes that what the looks wait for was asked for at that time, and takes a while.
func (l *poller) asked(at time.Time) { l.since, l.prompt = at, false }

// wrote notes that what the looks wait for was written just now, and may show already.
func (l *poller) wrote() { l.since, l.prompt = time.Now(), true }

// due is when the next look goes.
func (l *poller) due() time.Time {
	if l.prompt {
		l.prompt = false
		return time.Now()
	}
	return l.p.o.Inventory.Again(l.since)
}

// next gives what the next look that is answered shows. Where nothing is shown, that means something: see inventory.Query.Proof.
// The error is the context's.
func (l *poller) next(ctx context.Context, q inventory.Query) (seen []fleet.Droplet, began time.Time, err error) {
	q.Due = l.due()
	return l.answered(ctx, q)
}

// answered is next for a step that says itself when the look is due. The looks after one that failed come ever more rarely.
func (l *poller) answered(ctx context.Context, q inventory.Query) (seen []fleet.Droplet, began time.Time, err error) {
	for {
		began = time.Now()
		seen, err = l.once(ctx, q)
		if ctx.Err() != nil {
			return nil, began, ctx.Err()
		}
		if err == nil {
			return seen, began, nil
		}
		if !q.Due.IsZero() {
			q.Due = l.p.o.Inventory.Again(l.failing)
		}
	}
}

// once looks once.
func (l *poller) once(ctx context.Context, q inventory.Query) (seen []fleet.Droplet, err error) {
	q.Proof = true
	seen, err = l.p.o.Inventory.Look(ctx, q)
	if err == nil || ctx.Err() != nil {
		l.failed = 0
		return seen, err
	}
	if l.failed++; l.failed == 1 {
		l.failing = time.Now()
	}
	moved := errors.Is(err, digitalocean.ErrMoved) // that is usual while a large fleet changes
	if l.failed%remindFailed == 1 && !moved || l.failed%remindFailed == 0 && moved {
		l.run.Log().Warn("could not look; looking again", "error", err, "failed", l.failed)
	}
	return nil, err
}

// remindFailed is how many failed looks in a row share a line in the log.
const remindFailed = 60

// seenFor is how long the wait's last look at a droplet is good enough to register it.
const seenFor = time.Minute

// present looks until the droplet is shown: errGone when it is proved gone, not shown for so long.
func (l *poller) present(ctx context.Context, id int64, patience time.Duration) (fleet.Droplet, error) {
	for lastSeen := time.Now(); ; {
		seen, _, err := l.next(ctx, inventory.Query{ID: id})
		switch {
		case err != nil:
			return fleet.Droplet{}, err
		case len(seen) > 0 && seen[0].Status != fleet.StatusArchive:
			return seen[0], nil
		case l.vanished(ctx, id, lastSeen, patience):
			return fleet.Droplet{}, fmt.Errorf("droplet %d: %w", id, errGone)
		}
	}
}

// mine is present for who is about to write: errAlien when the droplet is not this fleet's by its tags (law 1).
func (l *poller) mine(ctx context.Context, w *work, id int64) (fleet.Droplet, error) {
	d, err := l.present(ctx, id, l.p.o.Visibility)
	switch {
	case err != nil:
		return d, err
	case d.Unread.Has(fleet.UnreadTags):
		return d, notTold(d)
	}
	return d, w.alien(d)
}

// vanished reports whether a droplet that was not shown for so long is gone: taken back by DigitalOcean
// (docs/digitalocean-api.md, "New droplets"), or destroyed by somebody.
func (l *poller) vanished(ctx context.Context, id int64, lastSeen time.Time, patience time.Duration) bool {
	if time.Since(lastSeen) < patience {
		return false
	}
	gone, err := l.p.o.Inventory.Gone(ctx, id)
	return err == nil && gone
}

// unseenFor is how long a new droplet must not be shown before it counts as gone (law 6): one that was shown since its create was answered
// takes longer, for the answers may only come from a replica that lags.
func (p *core) unseenFor(shown bool) time.Duration {
	if shown {
		return 3 * p.o.Visibility
	}
	return p.o.Visibility
}

// stillLost looks whether a droplet that is to be made again shows after all: then it keeps its name, and the saga goes back (law 6).
func (p *core) stillLost(ctx context.Context, run *saga.Run, w *work) error {
	for _, id := range w.Lost {
		shown, err := p.o.Inventory.Shown(ctx, id, run.CreatedAt())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return saga.Later(notSentPause, fmt.Errorf("look whether droplet %d is still gone: %w", id, err))
		}
		if shown {
			return saga.Supersede(fmt.Sprintf("droplet %d, which seemed gone, shows again: it stays %s", id, w.Name))
		}
	}
	return nil
}
