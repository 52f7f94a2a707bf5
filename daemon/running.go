package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"arcadiad/control"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state"
)

// running is the service of a running daemon.
type running struct {
	*app
	state.Reader // its store
}

func (r running) Status(ctx context.Context) (control.Status, error) {
	st, err := statusOf(ctx, r.Reader, r.lastPlan())
	st.Daemon, st.Conditions, st.Fetched = r.live(), r.observability.board.Present(), fetched(r.o)
	return st, err
}

// lastPlan is the plan of the last pass.
func (r running) lastPlan() plan.Plan { return r.loop.Last().Outcome.Pass.Plan }

// fetched is what arcadiad pull did last, as far as it may be read: the status is not about that alone.
func fetched(o Options) *fleet.Fetched {
	if o.Fleet == "" {
		return nil
	}
	f, err := fleetfile.FetchedBeside(o.Fleet)
	if err != nil {
		o.Log.Warn("what arcadiad pull did last is not known", "error", err)
		return nil
	}
	return f
}

// statusOf gives what a state database knows, with what the last plan says of its rollouts.
func statusOf(ctx context.Context, r state.Reader, last plan.Plan) (st control.Status, err error) {
	if st.Meta, err = r.Meta(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Resources, err = r.Resources(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Sagas, err = r.Sagas(ctx, saga.Filter{Live: true}); err != nil {
		return control.Status{}, err
	}
	if st.Rollouts, err = liveRolloutsOf(ctx, r, last); err != nil {
		return control.Status{}, err
	}
	st.Deviations, err = r.Deviations(ctx)
	return st, err
}

func (r running) Plan(ctx context.Context, q control.PlanRequest) (plan.Plan, error) {
	if err := r.takeIn(ctx, q.Hash); err != nil {
		return plan.Plan{}, err
	}
	scope, err := toApply(ctx, r.store, q.Only)
	if err != nil {
		return plan.Plan{}, err
	}
	pass, err := r.loop.PreviewOf(ctx, q.Apply, scope)
	r.shown.Store(&pass.Plan)
	return pass.Plan, err
}

func (r running) Apply(ctx context.Context, q control.ApplyRequest, progress func(control.Progress)) (answer control.ApplyAnswer, err error) {
	scope := agreedScope(ctx, q)
	after := func(ctx context.Context) (plan.Plan, error) {
		pass, err := r.loop.PreviewOf(ctx, true, scope)
		return pass.Plan, err
	}
	agreed := r.shown.of(q.Plan)
	if q.Approve {
		if len(agreed.Actions) == 0 { // it is forgotten: what is the same now was shown
			if agreed, err = after(ctx); err != nil {
				return answer, err
			}
		}
		if agreed.ID != q.Plan {
			return answer, reconcile.ErrChanged
		}
		var takeBack func()
		if agreed, takeBack, err = approveReplace(ctx, r.store, r.o.Log, agreed, scope); err != nil {
			return answer, err
		}
		defer takeBack()
	}
	return r.carry(ctx, agreed, scope, progress, after, func(ctx context.Context, planID string) error {
		_, err := r.passWithin(ctx, planID, agreed, scope)
		return err
	})
}

func (r running) Import(ctx context.Context, q control.ImportRequest) (control.Imported, error) {
	return r.imported(ctx, q)
}

func (r running) Offer(ctx context.Context, q control.OfferRequest) ([]plan.Transfer, error) {
	if err := r.takeIn(ctx, q.Hash); err != nil {
		return nil, err
	}
	_, list, err := r.transfers(ctx, r.loop.Desired, q)
	return list, err
}

func (r running) Transfer(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (control.TransferAnswer, error) {
	if q.Kind == plan.Undo {
		return undos{r.app}.carry(ctx, q, progress)
	}
	return r.app.Transfer(ctx, q, progress)
}

func (r running) Sync(ctx context.Context) (droplets int, err error) {
	out, err := r.loop.Pass(ctx, reconcile.TriggerSync, false, "", fleet.Scope{})
	if out.Saved && errors.Is(err, reconcile.ErrChanged) {
		err = nil // the file changed meanwhile: the inventory was taken all the same
	}
	return len(out.Pass.Observed.Droplets), err
}

func (r running) Missed(context.Context) error {
	r.loop.Missed()
	return nil
}

func (r running) Changed(ctx context.Context, seen int64) (int64, error) {
	return r.changes.after(ctx, seen)
}

func (r running) Approve(ctx context.Context, planID string) error { return r.approve(ctx, planID) }
func (r running) Pause(ctx context.Context, paused bool) error     { return r.pause(ctx, paused) }
func (r running) Retry(ctx context.Context, sagaID string) error   { return r.retry(ctx, sagaID) }
func (r running) Abort(ctx context.Context, sagaID string) error   { return r.engine.Abort(ctx, sagaID) }

func (r running) Rollouts(ctx context.Context) ([]control.Rollout, error) {
	return rolloutsOf(ctx, r.Reader, r.lastPlan())
}

func (r running) OrderRollout(ctx context.Context, q control.RolloutOrder) (control.Rollout, error) {
	return r.orderRollout(ctx, q)
}

// Token takes a token, which proves itself like any other: no write goes out before its account has answered.
func (r running) Token(_ context.Context, token string) error {
	if token == "" {
		return errors.New("the token is empty")
	}
	before, err := r.o.Token()
	if err == nil && before == token {
		return nil // of every reload that rotates nothing
	}
	r.handed.Store(&token)
	r.o.Log.Info("a new API token was received, and is used from now on")
	return nil
}

func (r running) Doctor(ctx context.Context, q control.DoctorRequest) (doctor.Report, error) {
	p := r.patient(leader)
	if r.handed.Load() != nil {
		p.TokenFrom = "arcadiad reload-token, since this daemon runs"
	}
	found := doctor.Examine(ctx, p)
	if q.Notify {
		desired, _ := r.loop.Desired()
		tryWebhook(ctx, r.o, desired.Name, &found)
	}
	if err := r.hung(); err != nil {
		found.Add("progress", doctor.Fail, err.Error(), "check its log, then restart it: its sagas continue")
	} else {
		found.Add("progress", doctor.OK, r.attention().Line(), "")
	}
	return found, nil
}

// Backup makes its copy beside the database.
func (r running) Backup(ctx context.Context) (io.ReadCloser, error) {
	return copyOf(ctx, filepath.Dir(r.o.Local), r.store.Backup)
}

// takeIn sees to it that the fleet file of that hash is in force: a file that was saved a moment ago may not be yet.
func (r running) takeIn(ctx context.Context, hash string) error {
	ctx, cancel := context.WithTimeout(ctx, takeInTime)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for asked := false; ; {
		if desired, ok := r.loop.Desired(); hash == "" || ok && desired.Hash == hash {
			return nil
		}
		var reload chan<- struct{}
		if !asked {
			reload = r.reload
		}
		select {
		case reload <- struct{}{}:
			asked = true
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("the daemon uses another fleet file than yours; it watches %s (is yours another file, or did it just change again?)", r.o.Fleet)
		}
	}
}

// takeInTime is how long the watcher gets to take in a file that was just saved: some debounces.
const takeInTime = 5 * time.Second
