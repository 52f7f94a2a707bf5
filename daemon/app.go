package daemon

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/hosts"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state/postgres"
)

// app is all parts wired together on an open store.
type app struct {
	*observer
	store         store
	shared        *postgres.Store // the same store, if hosts share it; nil: it is a file
	engine        *saga.Engine
	loop          *reconcile.Loop
	feed          feed
	watchdog      *watchdog
	supervisor    *supervisor
	shown         shownPlans
	reload        chan struct{} // asks the watcher to read the fleet file again
	observability observability
	changes       changes
	site          *site
	hosts         func(context.Context) ([]hosts.Host, error) // the droplets of the fleet, for other tools
	passes        passes
	observed      atomic.Int64 // droplets that the last saved look showed

	// handed is a token that root handed over; nil: none was. It takes the place of the one that the daemon was started with, and is kept in
	// memory alone: systemd reads a credential once, at the start, and the next start reads the new one.
	handed atomic.Pointer[string]
}

// observe hears of every transition of a saga: the watchdog, those who follow progress and those who watch are told, and an ended saga
// triggers a pass.
func (h *app) observe(e saga.Event) {
	work := "saga " + fleet.Saga8(e.Saga.ID)
	switch e.What {
	case saga.EventStarted:
		h.watchdog.begin(work)
	case saga.EventCheckpoint:
		h.watchdog.sign()
	default:
		h.watchdog.end(work)
	}
	h.supervisor.look()
	h.feed.send(control.ProgressOf(e))
	h.observability.moved(e)
	h.changes.touch()
	h.site.touch()
	if e.What == saga.EventEnded {
		busy := h.engine.Busy()
		if rollout := e.Saga.Labels[fleet.LabelRollout]; busy && rollout != "" { // the next batch does not wait for what others do
			busy = h.engine.BusyWith(fleet.LabelRollout, rollout)
		}
		h.loop.SagaEnded(busy)
	}
}

// size tells how many droplets there are to hold in memory. Those of the last look count even if the file asks for fewer: they are still there.
func (h *app) size(desired int) {
	if droplets := max(desired, int(h.observed.Load())); h.o.Sized != nil && droplets > 0 {
		h.o.Sized(droplets)
	}
}

const workPass = "a pass"

// observePass feeds the watchdog, and those who look on, with passes.
func (h *app) observePass(r reconcile.Report, ended bool) {
	if ended {
		h.watchdog.end(workPass)
		h.supervisor.passed(r)
		h.observability.passed(r)
		h.changes.touch()
		h.passes.add(r)
		h.site.touch()
		if r.Outcome.Saved {
			h.observed.Store(int64(len(r.Outcome.Pass.Observed.Droplets)))
			h.size(len(r.Outcome.Pass.Desired.Specs))
		}
		return
	}
	h.watchdog.begin(workPass)
	h.watchdog.scheduled(r.At, h.loop.Schedule.Next(r.At).Sub(r.At))
}

// fresh gives the fleet file as it is at this moment, for a saga that is about to destroy something (law 17). One that cannot be used
// changes nothing: then the last good version stays in force, and so it does where versions of the file are handed in.
func (h *app) fresh() (fleet.Fleet, bool) {
	inForce, ok := h.loop.Desired()
	if !ok || h.o.Versions != nil || h.o.Fleet == "" {
		return inForce, ok
	}
	now, err := fleetfile.Load(h.o.Fleet, h.o.secrets()...)
	if err != nil {
		return inForce, true
	}
	return now, true
}

// hung says what hangs in this app; nil: nothing does.
func (h *app) hung() error {
	s := h.budget.State()
	return h.watchdog.hung(s.Sent, s.Holding != "")
}

// attention is what wants attention now.
func (h *app) attention() condition.Set {
	last := h.loop.Last()
	in := condition.Input{
		FileErr: last.FileErr, Live: h.engine.Live(), Gate: h.budget.State().Closed,
		PassAt: last.At, Trigger: last.Trigger, PassErr: last.Err, Plan: last.Outcome.Pass.Plan, Now: time.Now(),
		Token: h.observability.refused(), Fetched: h.observability.fetched.Load(),
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
		Revision: set.Plan.Revision, Waiting: set.Waiting(), HeldBack: set.HeldBack(), Approvable: set.Plan.Approvable(), KeepMonthly: set.Plan.KeepMonthly(), KeptMonthly: set.Plan.KeptMonthly(),
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

// alive tells whether the process makes progress, by the same watchdog as the service manager's watchdog. That the API is down, or that a
// saga is stuck, is not counted: a restart would not mend it.
func (h *app) alive(context.Context) []check {
	if err := h.hung(); err != nil {
		return []check{{"progress", false, err.Error()}}
	}
	reason := fleet.Counted(len(h.engine.Live()), "live saga")
	if last := h.loop.Last(); !last.At.IsZero() {
		reason = "the last pass began at " + last.At.UTC().Format("15:04:05 UTC; ") + reason
	}
	return []check{{"progress", true, reason}}
}

// ready tells whether the daemon does its work: it knows what is desired, has planned it, and may write down what it does.
func (h *app) ready(ctx context.Context) []check {
	set := h.attention()
	file := check{"fleet file", false, "no version is in force yet"}
	if set.Desired != nil {
		file = check{"fleet file", true, fmt.Sprintf("fleet %s, %s", set.Desired.Name, fleet.Counted(len(set.Desired.Specs), "droplet"))}
	}
	if set.FileErr != nil {
		file.Reason += "; the newest is not usable: " + set.FileErr.Error()
	}
	first := check{"first pass", h.observability.planned.Load(), "planned"}
	if !first.OK {
		first.Reason = "no plan was made yet"
		if set.PassErr != nil {
			first.Reason += "; the last pass failed: " + set.PassErr.Error()
		}
	}
	store := check{"state database", true, "ours"}
	if err := h.store.Check(ctx); err != nil {
		store = check{"state database", false, err.Error()}
	}
	return []check{file, first, store, {"attention", true, condition.Brief(h.observability.board.Present())}} // what a person must do makes nobody unready
}

// web is all that is served on --listen.
func (h *app) web() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /sd", targets(h.hosts))
	mux.Handle("/", webHandler(h.observability.registry, h.alive, h.ready, h.site, h.o.Log))
	return mux
}
