package daemon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state/sqlite"
)

// The orders of an operator. Each goes to the running daemon where there is one, and straight to the state database otherwise; the
// next start then follows it.

// Retry makes a saga try now; one that ended undone is forgiven, so that its name may be tried again.
func Retry(ctx context.Context, o Options, id string) error {
	return give(ctx, o, pathRetry, id, func(h *app) error { return h.retry(ctx, id) })
}

// Abort makes a saga go back, unless a step that cannot be undone has begun.
func Abort(ctx context.Context, o Options, id string) error {
	return give(ctx, o, pathAbort, id, func(h *app) error { return h.engine.Abort(ctx, id) })
}

// Approve lets through, once, what is held in the plan of that id: each action, for the facts that the plan shows. A running daemon checks
// that it is the present plan, and carries it out. Without one the next apply or run does, if the plan is still the same by then and a day
// has not passed; otherwise the approval lapses.
func Approve(ctx context.Context, o Options, planID string) error {
	if !plan.IsID(planID) {
		return fmt.Errorf("%q is not the id of a plan, which is 12 hex digits (arcadiad plan shows it in its first line)", planID)
	}
	return give(ctx, o, pathApprove, planID, func(h *app) error { return h.store.Approve(ctx, planID) })
}

// Pause stops all writes, or starts them again.
func Pause(ctx context.Context, o Options, paused bool) error {
	path := pathResume
	if paused {
		path = pathPause
	}
	return give(ctx, o, path, "", func(h *app) error { return h.store.Pause(ctx, paused) })
}

func give(ctx context.Context, o Options, path, id string, self func(*app) error) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	remote, err := Dial(ctx, o)
	if err == nil {
		_, err = remote.ask(ctx, path, order{ID: id})
		return err
	}
	if !errors.Is(err, ErrNoDaemon) {
		return err
	}
	if _, err := sqlite.OpenReader(ctx, o.State); err != nil {
		return err // an order about nothing must not create a database
	}
	h, err := open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(self(h), h.store.Close())
}

func (h *app) retry(ctx context.Context, id string) error {
	s, err := h.store.Saga(ctx, id)
	if err != nil {
		return err
	}
	if s.Status.Live() {
		return h.engine.Retry(ctx, s.ID)
	}
	if s.Status != saga.Compensated {
		return fmt.Errorf("saga %s of %s is %s: there is nothing to try again", fleet.Saga8(s.ID), s.Subject, s.Status)
	}
	if err := h.store.SetLabel(ctx, s.ID, fleet.LabelRetried, "true"); err != nil {
		return err
	}
	h.loop.Trigger(reconcile.TriggerRetry, true)
	return nil
}

// approve checks, in a running daemon, that the plan is the present one, and lets it through at once.
func (h *app) approve(ctx context.Context, planID string) error {
	pass, err := h.loop.Preview(ctx, false)
	if err != nil {
		return err
	}
	if pass.Plan.ID != planID {
		return fmt.Errorf("plan %s is not the present one, which is %s: %w (run arcadiad plan, then approve the id that it shows; "+
			"a file that was just saved is in force a few seconds later)", planID, pass.Plan.ID, reconcile.ErrChanged)
	}
	if !pass.Plan.Approvable() {
		return fmt.Errorf("nothing in plan %s waits to be let through by a person (see: arcadiad plan)", planID)
	}
	if _, err := h.store.Grant(ctx, planID, pass.Plan.Grants(time.Now())); err != nil {
		return err
	}
	h.loop.Trigger(reconcile.TriggerApprove, true)
	return nil
}

func (h *app) pause(ctx context.Context, paused bool) error {
	if err := h.store.Pause(ctx, paused); err != nil {
		return err
	}
	var why error
	if paused {
		why = reconcile.ErrPaused
	}
	h.shut(why)
	h.loop.Trigger(reconcile.TriggerPause, false)
	return nil
}
