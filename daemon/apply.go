package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"arcadiad/control"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// Applied is what an apply came to.
type Applied struct {
	Plan     plan.Plan          // what was to be done
	After    plan.Plan          // what remains
	Declined bool               // the person said no
	Failed   []control.Progress // sagas that ended undone, or are stuck
}

// Converged tells whether the fleet is as the file asks. It is not while something recorded is missing, though there is nothing to do
// about that yet.
func (a Applied) Converged() bool {
	return !a.Declined && len(a.Failed) == 0 && a.After.Settled() && a.After.Summary.Missing == 0
}

// Conduct is how an apply talks to the one who asked for it.
type Conduct struct {
	// Confirm is asked once, before anything is written, if there is something to do.
	Confirm func(plan.Plan) (bool, error)
	// Waiting is told of a plan that droplets are missing in, when the apply waits until they show again or are proved gone; nil: nobody is.
	Waiting func(plan.Plan)
	// Progress is told of every transition of a saga.
	Progress func(control.Progress)
}

// Apply reconciles once and waits for the sagas. Beside a running daemon it asks the daemon, which first takes in the fleet file as it
// is now.
func Apply(ctx context.Context, o Options, c Conduct) (Applied, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Applied{}, err
	}
	remote, err := Dial(ctx, o)
	if err != nil && !errors.Is(err, ErrNoDaemon) {
		return Applied{}, err
	}
	desired, unread := fleetfile.Load(o.Fleet, o.secrets()...)
	if remote != nil {
		if unread != nil && !errors.Is(unread, fs.ErrNotExist) {
			return Applied{}, unread
		}
		return remote.apply(ctx, c, desired.Hash)
	}
	if unread != nil {
		return Applied{}, unread
	}
	var applied Applied
	err = within(ctx, o, func(ctx context.Context, h *app) error {
		ctx, stop := context.WithCancel(ctx)
		defer h.follow(ctx, desired)()
		defer stop()
		pass, err := h.planner.Plan(ctx, desired, true)
		if err != nil {
			return err
		}
		proved, err := awaitProof(ctx, c, pass.Plan, "the next apply goes on from them", func(ctx context.Context) (plan.Plan, error) {
			if err := h.loop.Executor.Keep(ctx, pass.Observed); err != nil {
				return plan.Plan{}, err
			}
			pass, err = h.planner.Plan(ctx, desired, true)
			return pass.Plan, err
		})
		if err != nil {
			return err
		}
		applied.Plan, applied.After = proved, proved
		if yes, err := confirmed(pass.Plan, c); err != nil || !yes {
			applied.Declined = !yes
			return err
		}
		if now, ok := h.fresh(); ok && now.Hash != desired.Hash {
			return fmt.Errorf("%s was edited while the question stood: %w", o.Fleet, reconcile.ErrChanged)
		}
		after := func(ctx context.Context) (plan.Plan, error) {
			desired, _ := h.loop.Desired() // it may have been edited meanwhile
			if pass, err = h.planner.Plan(ctx, desired, true); err == nil {
				err = h.loop.Executor.Notice(ctx, pass)
			}
			return pass.Plan, err
		}
		applied.Failed, applied.After, err = h.carry(ctx, pass.Plan, c.Progress, after, func(ctx context.Context, _ string) error {
			_, err := h.loop.Executor.Execute(ctx, pass)
			return err
		})
		return err
	})
	return applied, err
}

// awaitProof looks again until every droplet that is missing shows again or is proved gone (law 6): only then is there a plan to ask about.
// Interrupted says what goes on with the looks so far. Look looks again, and must see to it that the look before is not lost.
func awaitProof(ctx context.Context, c Conduct, p plan.Plan, interrupted string, look func(context.Context) (plan.Plan, error)) (plan.Plan, error) {
	for !p.NextLook.IsZero() {
		if c.Waiting != nil {
			c.Waiting(p)
		}
		next := time.NewTimer(max(time.Second, time.Until(p.NextLook)))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return p, fmt.Errorf("interrupted while it was not proved yet what is gone; the looks so far are kept, and %s: %w", interrupted, context.Cause(ctx))
		}
		var err error
		if p, err = look(ctx); err != nil {
			return p, err
		}
	}
	return p, nil
}

// confirmed asks, if there is something to ask about.
func confirmed(p plan.Plan, c Conduct) (bool, error) {
	s := p.Summary
	if s.Provision+s.Destroy+s.Replace+s.Adopt+s.Update == s.Held {
		return true, nil
	}
	return c.Confirm(p)
}

// carry executes the plan that was agreed to, waits until every saga has ended or is stuck, and looks at what remains. What waited for
// its turn in the plan, and the second halves of what it began, come after. Execute is given the id of the plan that is to be executed.
func (h *app) carry(ctx context.Context, agreed plan.Plan, progress func(control.Progress), after func(context.Context) (plan.Plan, error),
	execute func(ctx context.Context, planID string) error) (failed []control.Progress, remains plan.Plan, err error) {

	follow, stop := h.feed.follow()
	defer stop()
	for planID := agreed.ID; ; planID = remains.ID {
		if err := execute(ctx, planID); err != nil {
			return failed, remains, err
		}
		pending := map[string]bool{} // those that a daemon began by itself, too
		for _, s := range h.engine.Live() {
			pending[s.ID] = true
		}
		if failed, err = h.await(ctx, follow, pending, progress); err != nil {
			return nil, remains, err
		}
		if remains, err = after(ctx); err != nil || len(failed) > 0 {
			return failed, remains, err
		}
		goesOn := remains.Moving() || remains.Free() && remains.ID != planID
		if !goesOn || !remains.Within(agreed) {
			return failed, remains, nil
		}
	}
}

// await waits until every pending saga has ended or is stuck, and gives those that failed meanwhile, whether they were pending or not.
func (h *app) await(ctx context.Context, follow <-chan control.Progress, pending map[string]bool, progress func(control.Progress)) (failed []control.Progress, err error) {
	hear := func(p control.Progress) {
		progress(p)
		if p.Ended || p.Failed() {
			delete(pending, p.Saga)
		}
		if p.Failed() {
			failed = append(failed, p)
		}
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for len(pending) > 0 {
		select {
		case p := <-follow:
			hear(p)
		case <-look.C: // whoever falls too far behind misses some of the progress
			for behind := true; behind; { // what was not missed comes first
				select {
				case p := <-follow:
					hear(p)
				default:
					behind = false
				}
			}
			for _, p := range h.missed(ctx, pending) {
				hear(p)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("interrupted; %d unfinished sagas carry on at the next start: %w", len(h.engine.Live()), context.Cause(ctx))
		}
	}
	return failed, nil
}

// missed gives the outcome of the sagas that are at rest by the journal, whatever the feed has told of them.
func (h *app) missed(ctx context.Context, pending map[string]bool) (outcomes []control.Progress) {
	busy := map[string]bool{}
	for _, s := range h.engine.Live() {
		busy[s.ID] = s.Status != saga.Stuck
	}
	for id := range pending {
		if busy[id] {
			continue
		}
		s, err := h.store.Saga(ctx, id)
		if err == nil && (s.Status == saga.Stuck || !s.Status.Live()) {
			p := control.ProgressOf(saga.Event{Saga: s})
			p.Ended = !s.Status.Live()
			outcomes = append(outcomes, p)
		}
	}
	return outcomes
}

// within opens the state database, builds the app on it, does the work, and puts everything to rest again.
func within(ctx context.Context, o Options, work func(context.Context, *app) error) error {
	h, err := open(ctx, o)
	if err != nil {
		return err
	}
	err = func() error {
		ctx, stop := context.WithCancel(ctx)
		context.AfterFunc(ctx, func() { h.shut(errShutdown) })
		wait, err := h.start(ctx)
		if err != nil {
			stop()
			return err
		}
		defer wait()
		defer stop()
		return work(ctx, h)
	}()
	return errors.Join(err, h.store.Close())
}

// Sync takes one inventory; beside a running daemon it asks the daemon. It gives the number of droplets seen.
func Sync(ctx context.Context, o Options) (droplets int, err error) {
	o, err = o.withDefaults()
	if err != nil {
		return 0, err
	}
	remote, err := Dial(ctx, o)
	if err == nil {
		return remote.Sync(ctx)
	}
	if !errors.Is(err, ErrNoDaemon) {
		return 0, err
	}
	h, err := open(ctx, o)
	if err != nil {
		return 0, err
	}
	droplets, err = h.sync(ctx)
	return droplets, errors.Join(err, h.store.Close())
}

// sync is an observation that is saved, and nothing more.
func (h *app) sync(ctx context.Context) (droplets int, err error) {
	pass, err := h.planner.Observe(ctx)
	if err == nil {
		err = h.loop.Executor.Accept(ctx, pass, "")
	}
	return len(pass.Observed.Droplets), err
}
