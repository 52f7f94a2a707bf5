package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
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
		return fmt.Errorf("saga %s of %s is %s: there is nothing to retry", fleet.Saga8(s.ID), s.Subject, s.Status)
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
		return fmt.Errorf("nothing in plan %s can be approved%s", planID, pass.Plan.Unapprovable())
	}
	grants := plan.Seen(pass.Plan.Grants(time.Now()), h.shown.of(planID))
	if len(grants) == 0 {
		return fmt.Errorf("what holds plan %s has changed since it was shown: %w (review it again: arcadiad approve)", planID, reconcile.ErrChanged)
	}
	if _, err := h.store.Grant(ctx, planID, grants); err != nil {
		return err
	}
	h.o.Log.Info("a person approved the plan", "plan", planID, "person", fleet.PersonOf(ctx).String())
	h.loop.Trigger(reconcile.TriggerApprove, true)
	return nil
}

func (h *app) pause(ctx context.Context, paused bool) error {
	if err := h.store.Pause(ctx, paused); err != nil {
		return err
	}
	word, why := "resumed", error(nil)
	if paused {
		word, why = "paused", reconcile.ErrPaused
	}
	h.o.Log.Info("a person "+word+" all writes", "person", fleet.PersonOf(ctx).String())
	h.shut(why)
	h.loop.Trigger(reconcile.TriggerPause, false)
	return nil
}

// orderRollout has a pass see to the rest, at once.
func (h *app) orderRollout(ctx context.Context, q control.RolloutOrder) (control.Rollout, error) {
	told, err := rollouts{h.store, h.engine}.order(ctx, q)
	if told.ID != "" {
		h.o.Log.Info("a person ordered a rollout to "+string(q.Do), "group", told.Group, "phase", told.Phase)
		h.loop.Trigger(reconcile.TriggerRollout, q.Do == control.ResumeRollout)
	}
	return told, err
}

// carry executes the plan that was agreed to, waits until every saga has ended or is stuck, and looks at what remains. What waited for
// its turn in the plan, and the second halves of what it began, come after, through the pauses between the batches of a rollout. Execute is
// given the id of the plan that is to be executed. Of a scope it does and tells nothing but what is in it.
func (h *app) carry(ctx context.Context, agreed plan.Plan, scope fleet.Scope, progress func(control.Progress), after func(context.Context) (plan.Plan, error),
	execute func(ctx context.Context, planID string) error) (answer control.ApplyAnswer, err error) {

	agreed = within(agreed, scope)
	follow, stop := h.feed.follow()
	defer stop()
	began, ours := time.Now(), map[string]bool{}
	others := func(p control.Progress) bool { return p.Batch == nil && !ours[p.Saga] && !scope.Has(p.Name, "") }
	all := progress
	progress = func(p control.Progress) {
		if !others(p) {
			all(p)
		}
	}
	tell := func(p plan.Plan) {
		for _, batch := range control.BatchesOf(p) {
			progress(batch)
		}
	}
	tell(agreed)
	for planID := agreed.ID; ; planID = answer.Remains.ID {
		if err := execute(ctx, planID); err != nil {
			return answer, err
		}
		live := slices.DeleteFunc(h.engine.Live(), func(s saga.Saga) bool { return !scope.Has(s.Subject, s.Labels[fleet.LabelGoesThrough]) })
		pending := fleet.SetOf(live, func(s saga.Saga) string { return s.ID }) // those that a daemon began by itself, too
		maps.Copy(ours, pending)
		failed, err := h.await(ctx, follow, pending, progress)
		answer.Failed = append(answer.Failed, slices.DeleteFunc(failed, others)...)
		if err != nil {
			return answer, err
		}
		for paused := false; ; paused = true {
			if answer.Remains, err = after(ctx); err != nil {
				return answer, err
			}
			answer.Remains = within(answer.Remains, scope)
			remains := answer.Remains
			answer.Failed = append(answer.Failed, h.stoppedBy(ctx, remains, began, answer.Failed)...)
			if !contained(answer.Failed, remains) || !remains.Within(agreed) {
				return answer, nil
			}
			tell(remains)
			if remains.Moving() || remains.Free() && (remains.ID != planID || paused) {
				break
			}
			next := pauseOf(remains, agreed)
			if next.IsZero() {
				return answer, nil
			}
			if err := h.sitOut(ctx, follow, next, progress); err != nil {
				return answer, err
			}
		}
	}
}

// pauseOf is when the first of a plan's rollouts goes on that only pause between two batches, and that were agreed to; zero: none does.
func pauseOf(p, agreed plan.Plan) (at time.Time) {
	for _, r := range p.Rollouts {
		next := r.GoesOnAt()
		ours := slices.ContainsFunc(agreed.Rollouts, func(a plan.Rollout) bool { return a.Group == r.Group && a.Spec == r.Spec })
		if ours && !next.IsZero() && (at.IsZero() || next.Before(at)) {
			at = next
		}
	}
	return at
}

// contained tells whether each failure is of a rollout that is stopped, so that nothing of it is tried again: then all else may go on.
func contained(failed []control.Progress, p plan.Plan) bool {
	for _, f := range failed {
		stopped := slices.ContainsFunc(p.Rollouts, func(r plan.Rollout) bool {
			_, member := r.Has(f.Name)
			return member && r.HeldBy == plan.HoldStopped
		})
		if !stopped {
			return false
		}
	}
	return true
}

// stoppedBy gives the failures that stopped rollouts of the plan since that time and are not known yet: a daemon may begin and end a saga
// between two looks at the engine.
func (h *app) stoppedBy(ctx context.Context, p plan.Plan, since time.Time, known []control.Progress) (failed []control.Progress) {
	for _, r := range p.Rollouts {
		f := r.Failed
		if f == nil || f.At.Before(since) || slices.ContainsFunc(known, func(k control.Progress) bool { return k.Saga == f.Saga }) {
			continue
		}
		if s, err := h.store.Saga(ctx, f.Saga); err == nil && s.Status == saga.Compensated {
			p := control.ProgressOf(saga.Event{Saga: s})
			p.Ended = true
			failed = append(failed, p)
		}
	}
	return failed
}

// sitOut waits until a time, and tells of progress meanwhile: what a daemon begins, or others do.
func (h *app) sitOut(ctx context.Context, follow <-chan control.Progress, until time.Time, progress func(control.Progress)) error {
	over := time.After(max(time.Second, time.Until(until)))
	for {
		select {
		case p := <-follow:
			progress(p)
		case <-over:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("interrupted between two batches; what is left goes on at %s with the daemon, or else with the next apply: %w",
				until.UTC().Format("15:04:05 UTC"), context.Cause(ctx))
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
			for len(follow) > 0 { // what was not missed comes first
				hear(<-follow)
			}
			for _, p := range h.missed(ctx, pending) {
				hear(p)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("interrupted; %s under way: that continues with the next arcadiad apply or run: %w", fleet.Counted(len(h.engine.Live()), "saga"), context.Cause(ctx))
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

// passWithin carries out the plan of that id. When the plan is another one by now, because the daemon has begun it by itself, it carries out
// what is left, as long as all of that is part of what the person agreed to.
func (h *app) passWithin(ctx context.Context, planID string, agreed plan.Plan, scope fleet.Scope) (reconcile.Outcome, error) {
	for {
		out, err := h.loop.Pass(ctx, reconcile.TriggerApply, true, planID, scope)
		if !errors.Is(err, reconcile.ErrChanged) || out.Pass.Plan.ID == planID || len(agreed.Actions) == 0 || !within(out.Pass.Plan, scope).Within(within(agreed, scope)) {
			return out, err
		}
		planID = out.Pass.Plan.ID
	}
}

// Transfer begins a saga for each transfer that was agreed to, if all of them still are what they were then, and waits for them.
// While writes are paused it does not wait.
func (h *app) Transfer(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (answer control.TransferAnswer, err error) {
	pass, list, err := h.transfers(ctx, h.loop.Desired, control.OfferRequest{Kind: q.Kind, Names: q.Names})
	if err != nil {
		return answer, err
	}
	may := map[string]plan.Transfer{}
	for _, one := range list {
		may[one.Name] = one
	}
	var now []plan.Transfer
	for _, a := range q.Agreed {
		one, there := may[a.Name]
		if !there || !same(one, a) {
			return answer, fmt.Errorf("%s: %w", a.Name, reconcile.ErrChanged)
		}
		now = append(now, one)
	}
	follow, stop := h.feed.follow()
	defer stop()
	started, err := h.loop.Executor.Transfer(ctx, pass, now)
	if err != nil || pass.Recorded.Paused {
		answer.Waiting = err == nil
		return answer, err
	}
	answer.Failed, err = h.see(ctx, follow, started, progress)
	return answer, err
}

// see waits for sagas, and gives those of them that did not complete.
func (h *app) see(ctx context.Context, follow <-chan control.Progress, started []string, progress func(control.Progress)) (failed []control.Progress, err error) {
	ours := fleet.SetOf(started, func(id string) string { return id })
	_, err = h.await(ctx, follow, maps.Clone(ours), func(p control.Progress) {
		if ours[p.Saga] {
			progress(p)
		}
	})
	for _, id := range started {
		s, lost := h.store.Saga(ctx, id)
		if lost != nil || s.Status == saga.Completed {
			err = errors.Join(err, lost)
			continue
		}
		p := control.ProgressOf(saga.Event{Saga: s})
		p.Error, p.Ended = s.Error, !s.Status.Live()
		failed = append(failed, p)
	}
	return failed, err
}
