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
	in := condition.Input{FileRead: true, FileErr: last.FileErr, Live: h.engine.Live(), Gate: h.budget.State().Closed, Now: time.Now()}
	if desired, ok := h.loop.Desired(); ok {
		in.Desired = &desired
	}
	if !last.At.IsZero() {
		in.Pass = passOf(last)
	}
	return condition.Of(in)
}

// passOf is a pass as conditions are judged by it.
func passOf(r reconcile.Report) *condition.Pass {
	p := &condition.Pass{At: r.At, Trigger: r.Trigger, Err: r.Err, Plan: r.Outcome.Pass.Plan}
	if r.Outcome.Pass.Recorded.Paused {
		p.Paused = reconcile.ErrPaused
	}
	return p
}

func (h *app) live() *control.Live {
	set, budget := h.attention(), h.budget.State()
	l := &control.Live{
		PID: os.Getpid(), Limit: budget.Limit, Remaining: budget.Remaining, Waiting: set.Waiting(), HeldBack: set.HeldBack(),
		FileError: text(set.FileErr), Writes: text(set.Gate),
	}
	if set.Desired != nil {
		l.InForce = set.Desired.Hash
	}
	if pass := set.Pass; pass != nil {
		l.Pass, l.Trigger, l.PassError, l.Plan, l.Revision = pass.At, pass.Trigger, text(pass.Err), pass.Plan.ID, pass.Plan.Revision
		l.Held, l.Drifted, l.Approvable, l.KeepMonthly = pass.Plan.Summary.Held, pass.Plan.Summary.Drifted, pass.Plan.Approvable(), pass.Plan.KeepMonthly()
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
