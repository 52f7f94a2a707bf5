package daemon

import (
	"context"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// What an operator orders of a running daemon.

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
