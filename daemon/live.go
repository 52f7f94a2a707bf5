package daemon

import (
	"os"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/reconcile"
)

// attention is what wants attention now.
func (h *app) attention() condition.Set {
	last := h.loop.Last()
	in := condition.Input{
		FileErr: last.FileErr, Live: h.engine.Live(), Gate: h.budget.State().Closed,
		PassAt: last.At, Trigger: last.Trigger, PassErr: last.Err, Plan: last.Outcome.Pass.Plan, Now: time.Now(),
	}
	if desired, ok := h.loop.Desired(); ok {
		in.Desired = &desired
	}
	if last.Outcome.Pass.Recorded.Paused {
		in.Paused = reconcile.ErrPaused
	}
	return condition.Of(in)
}

func (h *app) live() *control.Live {
	set, budget := h.attention(), h.budget.State()
	l := &control.Live{
		PID: os.Getpid(), Pass: set.PassAt, Trigger: set.Trigger, PassError: text(set.PassErr), FileError: text(set.FileErr), Writes: text(set.Gate),
		Limit: budget.Limit, Remaining: budget.Remaining, Plan: set.Plan.ID, Held: set.Plan.Summary.Held, Drifted: set.Plan.Summary.Drifted,
		Revision: set.Plan.Revision, Waiting: set.Waiting(), HeldBack: set.HeldBack(), Approvable: set.Plan.Approvable(), KeepMonthly: set.Plan.KeepMonthly(),
	}
	if set.Desired != nil {
		l.InForce = set.Desired.Hash
	}
	return l
}

// text is an error's; empty: there is none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
