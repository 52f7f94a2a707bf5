package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/state"
)

// rolloutsOf gives the rollouts that a state database keeps, with what the last plan says of them, and those that are only in that plan: live
// ones first, and of each kind the newest first.
func rolloutsOf(ctx context.Context, r state.Reader, last plan.Plan) ([]control.Rollout, error) {
	rows, err := r.Rollouts(ctx)
	if err != nil {
		return nil, err
	}
	list, err := tellOf(ctx, r, rows, last.Rollouts)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	for i := range last.Rollouts {
		if p := &last.Rollouts[i]; p.ID == "" && !begunSince(rows, p.Rollout, last.ObservedAt) {
			list = append(list, control.Rollout{Rollout: p.Rollout, Waiting: slices.Concat(p.Next, p.Waiting), Plan: p})
		}
	}
	slices.SortStableFunc(list, func(a, b control.Rollout) int {
		switch {
		case a.Live() == b.Live():
			return b.BeganAt.Compare(a.BeganAt)
		case a.Live():
			return -1
		}
		return 1
	})
	return list, nil
}

// liveRolloutsOf gives the rollouts of a state database that are under way.
func liveRolloutsOf(ctx context.Context, r state.Reader, last plan.Plan) ([]control.Rollout, error) {
	rows, err := r.Rollouts(ctx)
	if err != nil {
		return nil, err
	}
	return tellOf(ctx, r, slices.DeleteFunc(rows, func(row fleet.Rollout) bool { return !row.Live() }), last.Rollouts)
}

// tellOf tells of rollouts by the journal, and by a plan.
func tellOf(ctx context.Context, r state.Reader, rows []fleet.Rollout, planned []plan.Rollout) ([]control.Rollout, error) {
	if len(rows) == 0 {
		return nil, nil // status asks this often, and a journal is long
	}
	recorded, err := r.Load(ctx)
	list := make([]control.Rollout, len(rows))
	for i, row := range rows {
		list[i] = control.RolloutOf(row, recorded.Sagas)
		list[i].Plan = plannedOf(row, planned)
	}
	return list, err
}

// begunSince tells whether what a plan would begin has begun since that time.
func begunSince(rows []fleet.Rollout, r fleet.Rollout, since time.Time) bool {
	return slices.ContainsFunc(rows, func(row fleet.Rollout) bool {
		return row.Group == r.Group && row.Spec == r.Spec && (row.Live() || !row.BeganAt.Before(since))
	})
}

// plannedOf is what a plan says of a rollout. That of the plan with which it began has no id yet.
func plannedOf(r fleet.Rollout, planned []plan.Rollout) *plan.Rollout {
	i := slices.IndexFunc(planned, func(p plan.Rollout) bool {
		return p.ID == r.ID || p.ID == "" && p.Group == r.Group && p.Spec == r.Spec
	})
	if i < 0 || !r.Live() {
		return nil
	}
	return &planned[i]
}

// rollouts has what a person says done with them. It changes rows, and turns sagas back; passes do all else.
type rollouts struct {
	store  store
	engine *saga.Engine
}

// order does what a person says with the live rollout of a group, and tells of it. With an error too, if its row was changed by then.
func (o rollouts) order(ctx context.Context, q control.RolloutOrder) (none control.Rollout, err error) {
	r, err := o.live(ctx, q.Group)
	if err != nil {
		return none, err
	}
	next := r.Rollout
	switch q.Do {
	case control.PauseRollout:
		if r.Phase != fleet.RolloutRunning {
			return none, fmt.Errorf("rollout of %s is %s", r.Group, r.Phase)
		}
		next.Phase, next.Reason = fleet.RolloutPaused, "paused by a person"
	case control.AbortRollout:
		next.Phase, next.Reason = fleet.RolloutAborted, "aborted by a person"
	case control.ResumeRollout:
		if next, err = o.resumed(ctx, r); err != nil {
			return none, err
		}
	default:
		return none, fmt.Errorf("%q is nothing that can be done with a rollout, which is %s, %s and %s",
			q.Do, control.PauseRollout, control.ResumeRollout, control.AbortRollout)
	}
	// The row comes first: whatever becomes of the sagas, no member is begun any more.
	if next.Phase != r.Phase || !next.LiftedAt.Equal(r.LiftedAt) {
		if err := o.store.ChangeRollout(ctx, next, r.Phase); err != nil {
			return none, fmt.Errorf("%w (try again; see: arcadiad rollout show %s)", err, r.Group)
		}
	}
	var onward []control.Progress
	if q.Do == control.AbortRollout {
		if onward, err = o.turnBack(ctx, r.ID); err != nil {
			return control.Rollout{Rollout: next}, fmt.Errorf("rollout of %s is aborted, but not all of its sagas go back: %w", r.Group, err)
		}
	}
	recorded, err := o.store.Load(ctx)
	told := control.RolloutOf(next, recorded.Sagas)
	told.Onward = onward
	return told, err
}

// live finds the live rollout of a group.
func (o rollouts) live(ctx context.Context, group string) (none control.Rollout, err error) {
	list, err := rolloutsOf(ctx, o.store, plan.Plan{})
	if err != nil {
		return none, err
	}
	var groups []string
	for _, r := range list {
		switch {
		case !r.Live():
		case r.Group == fleet.Key(group):
			return r, nil
		default:
			groups = append(groups, r.Group)
		}
	}
	if len(groups) == 0 {
		return none, fmt.Errorf("group %s has no rollout under way, and no other group has one (see: arcadiad rollout list)", group)
	}
	slices.SortFunc(groups, fleet.CompareNames)
	return none, fmt.Errorf("group %s has no rollout under way; these have: %s", group, strings.Join(groups, ", "))
}

// resumed is the rollout as it goes on. What failed until now stops it no more.
func (o rollouts) resumed(ctx context.Context, r control.Rollout) (next fleet.Rollout, err error) {
	next = r.Rollout
	if r.Phase == fleet.RolloutRunning && r.Failed == nil {
		return next, fmt.Errorf("rollout of %s is running", r.Group)
	}
	sagas, err := o.sagas(ctx, r.ID)
	if err != nil {
		return next, err
	}
	next.Phase, next.Reason, next.LiftedAt = fleet.RolloutRunning, "", time.Now().UTC()
	for _, s := range sagas {
		switch {
		case s.Status == saga.Compensating: // it would stop the rollout again
			return next, fmt.Errorf("%s of the rollout of %s still goes back: resume when its saga %s has ended", s.Subject, r.Group, fleet.Saga8(s.ID))
		case s.EndedAt.After(next.LiftedAt): // the clock went back
			next.LiftedAt = s.EndedAt
		}
	}
	return next, nil
}

// sagas gives those of a rollout, oldest first.
func (o rollouts) sagas(ctx context.Context, id string) ([]saga.Saga, error) {
	all, err := o.store.Sagas(ctx, saga.Filter{})
	return slices.DeleteFunc(all, func(s saga.Saga) bool { return s.Labels[fleet.LabelRollout] != id }), err
}

// turnBack makes the live sagas of a rollout go back, and gives those that cannot any more.
func (o rollouts) turnBack(ctx context.Context, rollout string) (onward []control.Progress, err error) {
	sagas, err := o.sagas(ctx, rollout)
	if err != nil {
		return nil, err
	}
	sagas = slices.DeleteFunc(sagas, func(s saga.Saga) bool { return !s.Status.Live() })
	errs := make([]error, len(sagas))
	var all sync.WaitGroup
	for i, s := range sagas {
		all.Go(func() { errs[i] = o.engine.Abort(ctx, s.ID) }) // each answers when its present step gives up
	}
	all.Wait()
	for i, s := range sagas {
		switch {
		case errors.Is(errs[i], saga.ErrPivot):
			e := saga.Event{Saga: s}
			if s.Step >= 0 && s.Step < len(s.Steps) {
				e.Step = s.Steps[s.Step]
			}
			onward = append(onward, control.ProgressOf(e))
		case errs[i] != nil && !errors.Is(errs[i], saga.ErrNotLive): // else it has ended meanwhile
			err = errors.Join(err, errs[i])
		}
	}
	return onward, err
}
