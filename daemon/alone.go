package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"arcadiad/control"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/state"
)

// alone is the service of a command where no daemon answers.
type alone struct {
	reader  // nil: the command reads nothing
	o       Options
	applies bool // what it plans, it applies
	beside  bool // a daemon is there, and is not asked

	begin func(fleet.Fleet) error // opens work
	work  *app                    // nil: it is not open yet
	end   func() error            // closes work
	pass  reconcile.Pass          // the last one that was planned for an apply
}

func (a *alone) Status(ctx context.Context) (control.Status, error) {
	st, err := statusOf(ctx, a.reader, plan.Plan{})
	st.Fetched = fetched(a.o)
	if err != nil {
		return st, err
	}
	recorded, err := a.Load(ctx)
	st.Conditions = recalled(st, recorded)
	return st, err
}

// Plan is the plan of an apply, which waits for nothing. Beside a daemon a dry run holds what that waits with (law 14).
func (a *alone) Plan(ctx context.Context, q control.PlanRequest) (plan.Plan, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	load := nothing
	if a.reader != nil && !a.applies {
		load = meanwhile(ctx, a.Load)
	}
	desired, err := a.read()
	if err != nil {
		return plan.Plan{}, err
	}
	if a.applies {
		return a.planToApply(ctx, desired, q.Only)
	}
	if a.o.Stateless {
		load = func(context.Context) (fleet.Recorded, error) { return fleet.Recorded{Fleet: desired.Name}, nil }
	}
	l, err := newObserver(a.o, load, nil, nil)
	if err != nil {
		return plan.Plan{}, err
	}
	l.planner.Stateless = a.o.Stateless
	pass, err := l.planner.Plan(ctx, desired, !a.beside, fleet.Scope{Names: q.Names})
	return pass.Plan, err
}

// meanwhile loads beside what else is to be read before a plan: of a large fleet both take a while.
func meanwhile(ctx context.Context, load func(context.Context) (fleet.Recorded, error)) func(context.Context) (fleet.Recorded, error) {
	var recorded fleet.Recorded
	var err error
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		recorded, err = load(ctx)
	}()
	return func(context.Context) (fleet.Recorded, error) {
		<-loaded // a load ends with its context
		return recorded, err
	}
}

func (a *alone) read() (fleet.Fleet, error) { return fleetfile.Load(a.o.Fleet, a.o.secrets()...) }

// planToApply keeps the pass for the apply. What the pass before it looked at counts as seen.
func (a *alone) planToApply(ctx context.Context, desired fleet.Fleet, only control.Only) (p plan.Plan, err error) {
	if a.work == nil {
		err = a.begin(desired)
	} else {
		err = a.work.loop.Executor.Keep(ctx, a.pass.Observed)
	}
	if err != nil {
		return plan.Plan{}, err
	}
	scope, err := toApply(ctx, a.work.store, only)
	if err == nil {
		a.pass, err = a.work.planner.Plan(ctx, desired, true, scope)
	}
	return a.pass.Plan, err
}

// Apply carries out the plan that was made last.
func (a *alone) Apply(ctx context.Context, q control.ApplyRequest, progress func(control.Progress)) (control.ApplyAnswer, error) {
	h, pass := a.work, a.pass
	if h == nil || pass.Plan.ID != q.Plan {
		return control.ApplyAnswer{}, reconcile.ErrChanged
	}
	if now, ok := h.fresh(); ok && now.Hash != pass.Desired.Hash {
		return control.ApplyAnswer{}, fmt.Errorf("%s was edited before you answered: %w", a.o.Fleet, reconcile.ErrChanged)
	}
	scope, agreed := agreedScope(ctx, q), pass.Plan
	if q.Approve {
		let, takeBack, err := approveReplace(ctx, h.store, a.o.Log, agreed, scope)
		if err != nil {
			return control.ApplyAnswer{}, err
		}
		defer takeBack()
		again, err := h.planner.Plan(ctx, pass.Desired, true, scope)
		if err != nil {
			return control.ApplyAnswer{}, err
		}
		if !within(again.Plan, scope).Within(within(let, scope)) {
			return control.ApplyAnswer{}, reconcile.ErrChanged
		}
		pass, agreed = again, let
	}
	after := func(ctx context.Context) (p plan.Plan, err error) {
		desired, _ := h.loop.Desired() // it may have been edited meanwhile
		if pass, err = h.planner.PlanAgain(ctx, desired, true, scope); err == nil {
			err = errors.Join(h.loop.Executor.Notice(ctx, pass), h.loop.Executor.Conclude(ctx, pass.Plan))
		}
		return pass.Plan, err
	}
	return h.carry(ctx, agreed, scope, progress, after, func(ctx context.Context, _ string) error {
		_, err := h.loop.Executor.Execute(ctx, pass)
		return err
	})
}

func (a *alone) Import(ctx context.Context, q control.ImportRequest) (control.Imported, error) {
	l, err := newObserver(a.o, nothing, nil, nil)
	if err != nil {
		return control.Imported{}, err
	}
	return l.imported(ctx, q)
}

func (a *alone) Offer(ctx context.Context, q control.OfferRequest) ([]plan.Transfer, error) {
	desired, err := a.read()
	if err == nil {
		err = a.begin(desired)
	}
	if err != nil {
		return nil, err
	}
	_, list, err := a.work.transfers(ctx, a.work.loop.Desired, q)
	return list, err
}

func (a *alone) Transfer(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (control.TransferAnswer, error) {
	if q.Kind == plan.Undo {
		return undos{a.work}.carry(ctx, q, progress)
	}
	return a.work.Transfer(ctx, q, progress)
}

// open opens the state database, builds the app on it, and starts it with a fleet file in force, until end is called.
func (a *alone) open(ctx context.Context, desired fleet.Fleet) error {
	h, err := open(ctx, a.o, true)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { h.shut(errShutdown) })
	var beside sync.WaitGroup
	end := func() error {
		stop()
		beside.Wait()
		h.engine.Wait()
		return h.store.Close()
	}
	if err := h.start(ctx, &beside); err != nil {
		return errors.Join(err, end())
	}
	follow(ctx, h.loop, desired, a.o, &beside)
	a.work, a.end = h, end
	return nil
}

// Sync starts no sagas.
func (a *alone) Sync(ctx context.Context) (droplets int, err error) {
	err = a.briefly(ctx, func(h *app) error {
		pass, err := h.planner.Observe(ctx)
		if err == nil {
			err = h.loop.Executor.Accept(ctx, pass, "")
		}
		droplets = len(pass.Observed.Droplets)
		return err
	})
	return droplets, err
}

// briefly builds the app for one thing that needs no sagas.
func (a *alone) briefly(ctx context.Context, do func(*app) error) error {
	h, err := open(ctx, a.o, false)
	if err != nil {
		return err
	}
	return errors.Join(do(h), h.store.Close())
}

// Approve keeps the approval. The next apply or run carries the plan out, if it is still the same by then and a day has not passed.
func (a *alone) Approve(ctx context.Context, planID string) error {
	return a.briefly(ctx, func(h *app) error { return h.store.Approve(ctx, planID) })
}

func (a *alone) Pause(ctx context.Context, paused bool) error {
	return a.briefly(ctx, func(h *app) error { return h.store.Pause(ctx, paused) })
}

func (a *alone) Retry(ctx context.Context, sagaID string) error {
	return a.briefly(ctx, func(h *app) error { return h.retry(ctx, sagaID) })
}

func (a *alone) Abort(ctx context.Context, sagaID string) error {
	return a.briefly(ctx, func(h *app) error { return h.engine.Abort(ctx, sagaID) })
}

func (a *alone) Rollouts(ctx context.Context) ([]control.Rollout, error) {
	return rolloutsOf(ctx, a.reader, plan.Plan{})
}

func (a *alone) OrderRollout(ctx context.Context, q control.RolloutOrder) (told control.Rollout, err error) {
	err = a.briefly(ctx, func(h *app) error {
		told, err = h.orderRollout(ctx, q)
		return err
	})
	return told, err
}

// Changed waits a modest while: nobody tells of changes here.
func (a *alone) Changed(ctx context.Context, seen int64) (int64, error) {
	select {
	case <-time.After(2 * time.Second):
		return seen + 1, nil
	case <-ctx.Done():
		return seen, ctx.Err()
	}
}

func (a *alone) Missed(context.Context) error        { return control.ErrNoDaemon }
func (a *alone) Token(context.Context, string) error { return control.ErrNoDaemon }

func (a *alone) Doctor(ctx context.Context, q control.DoctorRequest) (doctor.Report, error) {
	return a.examine(ctx, q, bystander)
}

func (a *alone) examine(ctx context.Context, q control.DoctorRequest, as role) (doctor.Report, error) {
	l, err := newObserver(a.o, nil, nil, nil)
	if err != nil {
		return doctor.Report{}, err
	}
	found := doctor.Examine(ctx, l.patient(as))
	if q.Notify {
		desired, _ := a.read() // a test does without the fleet's name
		tryWebhook(ctx, a.o, desired.Name, &found)
	}
	return found, nil
}

// Backup makes its copy where temporary files are: this process may be one that only reads.
func (a *alone) Backup(ctx context.Context) (io.ReadCloser, error) {
	return copyOf(ctx, os.TempDir(), a.reader.Backup)
}

// MetaOf gives what the state database says of itself, whether a daemon runs or not; where there is none, it says nothing.
func MetaOf(ctx context.Context, name string) (fleet.Meta, error) {
	r, err := openReader(ctx, name)
	if errors.Is(err, state.ErrNone) {
		return fleet.Meta{}, nil
	}
	if err != nil {
		return fleet.Meta{}, err
	}
	return r.Meta(ctx)
}
