package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	"arcadiad/control"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// transfers looks at the account, and says what a transfer would do now.
func (h *app) transfers(ctx context.Context, kind plan.Kind, names []string) (reconcile.Pass, []plan.Transfer, error) {
	desired, ok := h.loop.Desired()
	if !ok {
		return reconcile.Pass{}, nil, reconcile.ErrNoFleet
	}
	if err := h.readsTags(ctx); err != nil {
		return reconcile.Pass{}, nil, err
	}
	pass, err := h.planner.Observe(ctx)
	if err != nil {
		return pass, nil, err
	}
	pass.Desired = desired
	if kind == plan.TakeOver {
		list, err := plan.Adoptable(desired, pass.Recorded, pass.Observed, names, time.Now())
		return pass, list, err
	}
	var list []plan.Transfer
	for _, name := range names {
		one, err := plan.Releasable(desired, pass.Recorded, pass.Observed, name, time.Now())
		if err != nil {
			return pass, nil, err
		}
		list = append(list, one)
	}
	return pass, list, nil
}

// readsTags makes sure that the token may read tags: to one that may not, every droplet looks like nobody's.
func (l *observer) readsTags(ctx context.Context) error {
	_, err := l.api.Client(digitalocean.PrioritySync).TagUses(ctx, fleet.ManagedTag)
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return fmt.Errorf("see whether the token may read tags: %w", err)
	}
	return nil
}

// transfer begins a saga for each transfer that was agreed to, if all of them still are what they were then, and waits for them.
// While writes are paused it does not wait.
func (h *app) transfer(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (answer control.TransferAnswer, err error) {
	pass, list, err := h.transfers(ctx, q.Kind, q.Names)
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
	ours := map[string]bool{}
	for _, id := range started {
		ours[id] = true
	}
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
		answer.Failed = append(answer.Failed, p)
	}
	return answer, err
}

// same tells whether two transfers would do the same, as far as a person could see.
func same(a, b plan.Transfer) bool {
	a.Spec, a.Record, b.Spec, b.Record = fleet.Spec{}, nil, fleet.Spec{}, nil
	return reflect.DeepEqual(a, b)
}
