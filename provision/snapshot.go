package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

const (
	snapshotLook = 30 * time.Second // at most between two questions how it goes: it takes minutes for each GB in use
	snapshotLong = 6 * time.Hour    // after which a person is told of one that is still in progress
)

// snapshotting is one try of the step SnapshotDroplet. What must outlast the try is in the context, see snapshotted.
type snapshotting struct {
	endSteps
	run *saga.Run
	w   *work
	by  license

	made *snapshotted // as it is journaled

	began    time.Time
	asked    time.Time // for the snapshot, by this try; before that: when the try began
	ended    time.Time // since when its action is known to be completed
	busy     time.Time // since when the droplet has been busy with something else
	without  int       // looks in a row that showed no trace of it
	settling time.Time // when the first of those was answered
}

// snapshot is the step SnapshotDroplet: before anything of a droplet is lost there is a snapshot of it, or the saga is stuck. It is a create
// that is found again by its name: the list of the droplet's snapshots and its actions tell what became of a request without an answer, and
// it is sent again only where they have shown no trace over the settle time.
func (p endSteps) snapshot(ctx context.Context, run *saga.Run, w *work) error {
	by, err := p.licensed(run, w)
	if err != nil {
		return saga.Permanent(err)
	}
	if w.Found.Snapshot == nil {
		d, _ := w.License.Droplet()
		w.Found.Snapshot = &snapshotted{Name: d.Name + "-arcadia-" + fleet.Saga8(run.ID())}
	}
	s := &snapshotting{endSteps: p, run: run, w: w, made: w.Found.Snapshot, by: by, began: time.Now(), asked: time.Now()}
	for {
		if err := p.mayGo(ctx, run, w, "", false); err != nil {
			return err
		}
		done, err := s.look(ctx)
		if errors.Is(err, errGone) {
			run.Log().Warn("there is nothing left to take a snapshot of", "error", err)
			return nil
		}
		if done || err != nil {
			return err
		}
		if err := p.o.Inventory.Aside(ctx, s.asked, snapshotLook); err != nil {
			return err
		}
	}
}

// look sees how far the snapshot has come, and asks for it where there is no trace of one. Done: it is there.
func (s *snapshotting) look(ctx context.Context) (done bool, err error) {
	if s.made.Action != 0 {
		if over, err := s.over(ctx); !over || err != nil {
			return false, err
		}
	}
	listed, answered, err := s.listed(ctx)
	switch {
	case err != nil:
		return false, err
	case listed:
		s.run.Log().Info("there is a snapshot", "id", s.by.id, "name", s.made.Name)
		keepFacts(s.run, fleet.Facts{Snapshot: s.made.Name})
		return true, nil
	case !s.ended.IsZero() && time.Since(s.ended) > s.o.Visibility:
		s.run.Log().Warn("the snapshot is done, as DigitalOcean says, and not listed", "id", s.by.id, "name", s.made.Name)
		keepFacts(s.run, fleet.Facts{Snapshot: s.made.Name})
		return true, nil
	case !s.ended.IsZero(), !answered:
		return false, nil
	case s.made.Sent, s.made.Action != 0:
		if lost, err := s.lost(ctx); !lost || err != nil {
			return false, err
		}
	}
	return false, s.ask(ctx)
}

// over asks the action what became of the snapshot. One that has failed is a matter for a person, and the next try asks for another.
func (s *snapshotting) over(ctx context.Context) (over bool, err error) {
	action := s.made.Action
	if !s.ended.IsZero() {
		return true, nil
	}
	got, err := s.o.Cloud.Action(ctx, action)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		s.run.Log().Warn("could not ask what became of the snapshot", "action", action, "error", err)
		return errors.Is(err, digitalocean.ErrNotFound) || errors.Is(err, digitalocean.ErrForbidden), nil // the list tells
	case got.Status == digitalocean.ActionErrored:
		if err := s.forget(ctx); err != nil {
			return false, err
		}
		if _, err := s.looks(s.run).present(ctx, s.by.id, s.o.Visibility); err != nil {
			return false, err
		}
		return false, s.stuck(fmt.Errorf("its action %d ended errored", action))
	case got.Status == digitalocean.ActionCompleted:
		s.ended = time.Now()
		return true, nil
	case time.Since(s.run.StepStartedAt()) > snapshotLong && time.Since(s.began) >= snapshotLook:
		return false, s.stuck(saga.Later(10*time.Minute, fmt.Errorf("its action %d has been in progress for more than %s; ask DigitalOcean's support about it", action, fleet.ShortDuration(snapshotLong))))
	}
	return false, nil
}

// listed looks for the snapshot by its name.
func (s *snapshotting) listed(ctx context.Context) (listed, answered bool, err error) {
	list, err := s.o.Cloud.Snapshots(ctx, s.by.id)
	switch {
	case ctx.Err() != nil:
		return false, false, ctx.Err()
	case errors.Is(err, digitalocean.ErrNotFound):
		_, err = s.looks(s.run).present(ctx, s.by.id, s.o.Visibility)
		return false, false, err
	case errors.Is(err, digitalocean.ErrForbidden):
		return false, false, s.stuck(err)
	case err != nil:
		s.run.Log().Warn("could not look for the snapshot", "error", err)
		return false, false, nil
	}
	return slices.ContainsFunc(list, func(l digitalocean.Snapshot) bool { return l.Name == s.made.Name }), true, nil
}

// lost tells whether a request whose answer is not known has come to nothing: no look over the settle time showed a trace of it.
func (s *snapshotting) lost(ctx context.Context) (lost bool, err error) {
	actions, err := s.o.Cloud.Actions(ctx, s.by.id)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil && !errors.Is(err, digitalocean.ErrForbidden):
		s.run.Log().Warn("could not ask whether a snapshot is in progress", "error", err)
		return false, nil
	}
	if slices.ContainsFunc(actions, func(a digitalocean.Action) bool { return a.Status == digitalocean.ActionInProgress }) {
		s.without = 0
		return false, nil
	}
	if s.without++; s.without == 1 {
		s.settling = time.Now()
	}
	return s.without >= 3 && time.Since(s.settling) >= s.o.Settle, nil
}

// ask asks for the snapshot, once. The intent is durable before (law 3), and the file is asked last (law 17).
func (s *snapshotting) ask(ctx context.Context) error {
	d, err := s.looks(s.run).mine(ctx, s.w, s.by.id)
	switch {
	case errors.Is(err, errAlien):
		return refusal(s.run, err)
	case err != nil:
		return err
	}
	if err := s.by.covers(d); err != nil {
		return refusal(s.run, err)
	}
	var refused error
	got, err := s.o.Cloud.Act(ctx, s.by.id, digitalocean.ActionRequest{Type: digitalocean.ActSnapshot, Name: s.made.Name}, func(ctx context.Context) error {
		if refused = s.mayGo(ctx, s.run, s.w, d.Name, true); refused != nil {
			return refused
		}
		s.made.Sent, s.made.Action = true, 0
		refused = s.run.Checkpoint(ctx)
		return refused
	})
	s.without, s.asked = 0, time.Now()
	switch {
	case refused != nil:
		return refused
	case err == nil:
		s.made.Sent, s.made.Action = false, got.ID
		return s.run.Checkpoint(context.WithoutCancel(ctx)) // a shutdown's last answer, too
	case ctx.Err() != nil:
		return err
	case errors.Is(err, digitalocean.ErrPendingEvent), errors.Is(err, digitalocean.ErrNotFound):
		if s.made.Sent = false; s.busy.IsZero() {
			s.busy = time.Now()
		}
		if time.Since(s.busy) > busyFor {
			return s.stuck(fmt.Errorf("it has been busy for an hour; its actions are shown in the control panel: %w", err))
		}
		return nil
	case digitalocean.Uncertain(err):
		s.run.Log().Warn("the snapshot was not answered; looking whether it came through", "error", err)
		return nil
	}
	if err := s.forget(ctx); err != nil {
		return err
	}
	if again := unsent(err); again != err {
		return again
	}
	return s.stuck(err)
}

// forget notes that what was asked for has come to nothing, so that the next try asks again at once.
func (s *snapshotting) forget(ctx context.Context) error {
	if s.made.Sent || s.made.Action != 0 {
		s.made.Sent, s.made.Action = false, 0
		return s.run.Checkpoint(ctx)
	}
	return nil
}

// stuck says why there is no snapshot, so that a person decides.
func (s *snapshotting) stuck(why error) error {
	return saga.NeedsPerson(fmt.Errorf("droplet %d stays, because there is no snapshot of it; `arcadiad saga abort %s` leaves it as it was: %w",
		s.by.id, fleet.Saga8(s.run.ID()), why))
}

// unsnapshot compensates SnapshotDroplet: a snapshot that was taken stays.
func (p endSteps) unsnapshot(_ context.Context, run *saga.Run, w *work) error {
	if made := w.Found.Snapshot; made != nil {
		run.Log().Info("a snapshot that was taken stays, and is billed until somebody deletes it", "name", made.Name)
	}
	return nil
}
