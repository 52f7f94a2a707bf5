package daemon

import (
	"os"

	"arcadiad/control"
)

func (h *app) live() *control.Live {
	last, budget := h.loop.Last(), h.budget.State()
	l := &control.Live{
		PID: os.Getpid(), Pass: last.At, Trigger: last.Trigger, Limit: budget.Limit, Remaining: budget.Remaining,
		Plan: last.Outcome.Pass.Plan.ID, Held: last.Outcome.Pass.Plan.Summary.Held, Drifted: last.Outcome.Pass.Plan.Summary.Drifted,
	}
	l.Revision, l.Waiting = last.Outcome.Pass.Plan.Revision, control.WaitingIn(last.Outcome.Pass.Plan)
	l.HeldBack = control.HeldIn(last.Outcome.Pass.Plan)
	l.Approvable, l.KeepMonthly = last.Outcome.Pass.Plan.Approvable(), last.Outcome.Pass.Plan.KeepMonthly()
	if last.Err != nil {
		l.PassError = last.Err.Error()
	}
	if last.FileErr != nil {
		l.FileError = last.FileErr.Error()
	}
	if desired, ok := h.loop.Desired(); ok {
		l.InForce = desired.Hash
	}
	if budget.Closed != nil {
		l.Writes = budget.Closed.Error()
	}
	return l
}
