package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/provision"
	"arcadiad/saga"
)

// stale is the age from which on an observation is not good enough to act upon.
const stale = 5 * time.Minute

// Outcome is what Execute did.
type Outcome struct {
	Pass     Pass
	Saved    bool     // the look at the account was accepted and saved
	Started  []string // ids of the sagas that it started
	Withheld int      // creates that wait for a listing to catch up
}

// Execute saves the observation and starts one saga for each action that is not held. It does not wait for them.
func (x *Executor) Execute(ctx context.Context, pass Pass) (Outcome, error) {
	out := Outcome{Pass: pass}
	if time.Since(pass.Observed.EndedAt) > stale {
		fresh, err := x.Planner.Plan(ctx, pass.Desired, pass.Hurry, pass.Scope)
		if err != nil {
			return out, err
		}
		if fresh.Plan.ID != pass.Plan.ID {
			return out, ErrChanged
		}
		pass, out.Pass = fresh, fresh
	}
	if err := x.Accept(ctx, pass, pass.Desired.Name); err != nil {
		return out, err
	}
	out.Saved = true
	if err := x.approve(ctx, &pass); err != nil {
		return out, err
	}
	out.Pass = pass
	if err := x.Notice(ctx, pass); err != nil {
		return out, err
	}
	if now, ok := x.Desired(); ok && now.Hash == pass.Desired.Hash {
		if err := x.inherit(ctx, now, pass.Recorded); err != nil {
			return out, err
		}
		if err := x.withdraw(ctx, now, pass.Recorded); err != nil {
			return out, err
		}
		if err := changeRollouts(ctx, x.Store, x.Log, pass.Plan.RolloutChanges); err != nil {
			return out, err
		}
	}
	if err := x.Store.Forget(ctx, pass.Plan.Forget); err != nil {
		return out, err
	}
	if err := x.Store.Record(ctx, pass.Plan.Records); err != nil {
		return out, fmt.Errorf("update records: %w", err)
	}
	if pass.Recorded.Paused {
		return out, nil
	}
	actions := slices.DeleteFunc(slices.Clone(pass.Plan.Actions), func(a plan.Action) bool {
		return a.Held || !pass.Scope.Has(a.Name, a.Spec.Group)
	})
	confirmed, err := x.confirm(ctx, pass, actions)
	if err != nil {
		return out, err
	}
	out.Withheld = len(actions) - len(confirmed)
	if now, ok := x.Desired(); !ok || now.Hash != pass.Desired.Hash {
		return out, ErrChanged
	}
	sagas, err := x.draft(pass, confirmed)
	if err == nil {
		sagas, err = x.draftBack(ctx, pass, sagas)
	}
	if err != nil || len(sagas) == 0 {
		return out, err
	}
	err = x.Engine.Begin(ctx, sagas...)
	if errors.Is(err, fleet.ErrRolloutChanged) || errors.Is(err, fleet.ErrRolloutLive) {
		return out, errors.Join(ErrChanged, err)
	}
	if err != nil {
		return out, fmt.Errorf("start %d sagas: %w", len(sagas), err)
	}
	for _, s := range sagas {
		out.Started = append(out.Started, s.ID)
	}
	return out, nil
}

// Transfer takes the observation in and starts one saga for each transfer, all or none, and gives their ids. That writes are paused
// is no hindrance: the sagas hold their names, and wait.
func (x *Executor) Transfer(ctx context.Context, pass Pass, transfers []plan.Transfer) (started []string, err error) {
	if err := x.Accept(ctx, pass, pass.Desired.Name); err != nil {
		return nil, err
	}
	if now, ok := x.Desired(); !ok || now.Hash != pass.Desired.Hash {
		return nil, ErrChanged
	}
	sagas := make([]saga.Saga, len(transfers))
	for i, h := range transfers {
		if sagas[i], err = provision.DraftTransfer(x.Engine, pass.Desired.Name, h); err != nil {
			return nil, err
		}
		x.label(ctx, &sagas[i], pass.Desired, h)
		started = append(started, sagas[i].ID)
	}
	if err := x.Engine.Begin(ctx, sagas...); err != nil {
		return nil, fmt.Errorf("start %d sagas: %w", len(sagas), err)
	}
	return started, nil
}

// Undo starts the saga that brings a droplet back, together with the rollout that it stops, and gives its id.
func (x *Executor) Undo(ctx context.Context, pass Pass, t plan.Transfer, stops *fleet.Rollout) (started string, err error) {
	if now, ok := x.Desired(); !ok || now.Hash != pass.Desired.Hash {
		return "", ErrChanged
	}
	s, err := provision.DraftTransfer(x.Engine, pass.Desired.Name, t)
	if err != nil {
		return "", err
	}
	x.label(ctx, &s, pass.Desired, t)
	if stops != nil {
		s.Rows = append(s.Rows, *stops)
	}
	err = x.Engine.Begin(ctx, s)
	if errors.Is(err, fleet.ErrRolloutLive) {
		return "", errors.Join(ErrChanged, err)
	}
	if err != nil {
		return "", fmt.Errorf("bring back %s: %w", t.Name, err)
	}
	return s.ID, nil
}

// draftBack adds the sagas that bring droplets back, because the rollout of their group has stopped.
func (x *Executor) draftBack(ctx context.Context, pass Pass, sagas []saga.Saga) ([]saga.Saga, error) {
	for _, back := range pass.Plan.Back {
		if !pass.Scope.Has(back.Transfer.Name, back.Transfer.Spec.Group) {
			continue
		}
		s, err := provision.DraftTransfer(x.Engine, pass.Desired.Name, back.Transfer)
		if err != nil {
			return nil, err
		}
		x.label(ctx, &s, pass.Desired, back.Transfer)
		s.Labels[fleet.LabelReason], s.Labels[fleet.LabelRollout] = back.Reason, back.Rollout
		s.Rows = append(s.Rows, fleet.RolloutStands{ID: back.Rollout, Phase: fleet.RolloutRunning})
		sagas = append(sagas, s)
	}
	return sagas, nil
}

// label says in the labels of a transfer's saga where it comes from.
func (x *Executor) label(ctx context.Context, s *saga.Saga, desired fleet.Fleet, t plan.Transfer) {
	from := plan.Plan{}
	if x.Planner.Revision != nil {
		if r, ok := x.Planner.Revision(ctx, desired); ok {
			from.Revision = &r
		}
	}
	maps.Copy(s.Labels, origin(from, plan.Action{Reason: "a person asked for it", Spec: t.Spec}))
}

// approve turns the approval of the present plan, given without a daemon, into approvals of its actions. Those of other plans lapse, and
// so does one that is older than a day.
func (x *Executor) approve(ctx context.Context, pass *Pass) error {
	r, p := &pass.Recorded, pass.Plan
	if len(r.Approved)+len(r.Lapsed) == 0 || pass.Scope.Replace != 0 { // a plan that nobody else would have is no reason for theirs to lapse
		return nil
	}
	keep := ""
	if slices.Contains(r.Approved, p.ID) {
		keep = p.ID
		grants, err := x.Store.Grant(ctx, p.ID, p.Unstored(time.Now()))
		if err != nil {
			return fmt.Errorf("store the approval of plan %s: %w", p.ID, err)
		}
		r.Grants = append(slices.Clone(r.Grants), grants...)
	}
	lapsed, err := x.Store.Lapse(ctx, keep)
	if err != nil {
		return fmt.Errorf("expire approvals: %w", err)
	}
	for _, id := range lapsed {
		why := "the plan has changed; review it, and approve the new one"
		if slices.Contains(r.Lapsed, id) {
			why = "it is more than a day old; review the plan, and approve it again"
		}
		x.Log.Warn("an approval has expired, because "+why, "approved", id, "plan", p.ID)
	}
	r.Approved, r.Lapsed = nil, nil
	if pass.Plan, err = plan.Build(pass.Desired, *r, pass.Observed, time.Now()); err != nil {
		return err
	}
	pass.Plan.Revision = p.Revision
	return nil
}

// draft makes the sagas. Those of approved actions name their grants, so that the use of these commits together with them.
func (x *Executor) draft(pass Pass, actions []plan.Action) ([]saga.Saga, error) {
	namesakes := map[string][]int64{}
	for _, d := range pass.Observed.Droplets {
		namesakes[fleet.Key(d.Name)] = append(namesakes[fleet.Key(d.Name)], d.ID)
	}
	witnessed := witnessed(pass)
	rollouts := rolloutsOf(pass.Plan, actions)
	sagas := make([]saga.Saga, 0, len(actions))
	for _, a := range actions {
		s, err := provision.Draft(x.Engine, pass.Desired.Name, a, provision.Namesakes{IDs: namesakes[fleet.Key(a.Name)], Witnessed: witnessed})
		if err != nil {
			return nil, err
		}
		maps.Copy(s.Labels, origin(pass.Plan, a))
		facts := fleet.Facts{Corrects: a.Corrects()}
		if r := rollouts[a.Rollout]; r != nil {
			s.Labels[fleet.LabelGoesThrough] = r.Group
			switch facts.Rollout = r.ID; {
			case r.BeganAt.IsZero(): // it begins with the first of its sagas
				r.BeganAt = s.CreatedAt
				s.Rows = append(s.Rows, *r)
			case a.Kind != plan.Provision: // a person may have paused it meanwhile; a second half goes on all the same
				s.Rows = append(s.Rows, fleet.RolloutStands{ID: r.ID, Phase: r.Phase})
			}
		}
		for _, g := range a.Grants {
			facts.Approval, facts.Grants = a.Grants[0].Plan, append(facts.Grants, g.ID)
			if by := g.By.String(); by != "" {
				s.Labels[fleet.LabelApprover] = by
			}
		}
		maps.Copy(s.Labels, facts.Labels())
		sagas = append(sagas, s)
	}
	return sagas, nil
}

// witnessed reports whether the look of a pass shows every registered droplet that is neither proved gone nor about to be destroyed: one
// that a stale replica answered does not, and may lack others too.
func witnessed(pass Pass) bool {
	ending := map[int64]bool{}
	for _, s := range pass.Recorded.Sagas {
		ending[s.Replaces] = ending[s.Replaces] || s.Live
		ending[s.DropletID] = ending[s.DropletID] || s.Live && s.Kind == fleet.SagaDestroy
	}
	return !pass.Observed.Partial && !slices.ContainsFunc(pass.Recorded.Records, func(r fleet.Record) bool {
		_, seen := pass.Observed.Droplet(r.DropletID)
		return !seen && !ending[r.DropletID] && !slices.Contains(pass.Observed.Gone, r.DropletID)
	})
}

// origin is where a saga comes from, in its labels.
func origin(p plan.Plan, a plan.Action) map[string]string {
	labels := map[string]string{}
	if p.Revision != nil {
		labels = p.Revision.Labels()
	}
	labels[fleet.LabelReason] = a.Reason
	if p.ID != "" {
		labels[fleet.LabelPlan] = p.ID
	}
	if a.Cause != "" {
		labels[fleet.LabelCause] = string(a.Cause)
	}
	if a.Spec.Line > 0 {
		labels[fleet.LabelLine] = strconv.Itoa(a.Spec.Line)
	}
	if a.Spec.Ready != nil {
		labels[fleet.LabelProbe] = a.Spec.Ready.String()
	}
	if len(a.Drain.Tags) > 0 {
		labels[fleet.LabelDrain] = fleet.Lasting(a.Drain.For)
	}
	return labels
}

// confirm leaves out the creates whose name turns up in the fleet's own listing by tag: the account's listing may lag. An empty
// database, which may be a lost one, looks at everything a second time (law 7).
func (x *Executor) confirm(ctx context.Context, pass Pass, actions []plan.Action) ([]plan.Action, error) {
	creates := func(a plan.Action) bool { return a.Kind == plan.Provision || a.Kind == plan.Replace }
	var names []string
	for _, a := range actions {
		if creates(a) {
			names = append(names, a.Name)
		}
	}
	if len(names) == 0 {
		return actions, nil
	}
	if pass.Recorded.MadeNothing() {
		if err := sleep(ctx, time.Until(pass.Observed.BeganAt.Add(cmp.Or(x.SecondLook, secondLook)))); err != nil {
			return nil, err
		}
		again, err := x.Planner.confirm(ctx, pass.Desired, pass.Hurry, pass.Scope, &pass)
		if err != nil {
			return nil, err
		}
		if again.Plan.ID != pass.Plan.ID || !pass.Plan.Within(again.Plan) {
			return nil, fmt.Errorf("a second look at the account differs from the first: %w", ErrChanged)
		}
	}
	unseen, err := x.Inventory.Unseen(ctx, pass.Desired.Name, pass.Observed, names)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(actions, func(a plan.Action) bool {
		i := slices.IndexFunc(unseen, func(d fleet.Droplet) bool { return fleet.Key(d.Name) == fleet.Key(a.Name) })
		if i < 0 || !creates(a) {
			return false
		}
		x.Log.Warn("a droplet of that name is listed by the fleet's tag only; looking again before creating another",
			"droplet", a.Name, "id", unseen[i].ID)
		return true
	}), nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
