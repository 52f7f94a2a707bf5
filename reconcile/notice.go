package reconcile

import (
	"context"
	"fmt"
	"slices"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Notice remembers what the plan found not to be as recorded, whether or not anything is done about it: to notice writes nothing at
// DigitalOcean, so it goes on while writes are paused. A converged pass writes nothing.
func (x *Executor) Notice(ctx context.Context, pass Pass) error {
	list := noticed(pass)
	if len(list)+len(pass.Recorded.Deviations) == 0 {
		return nil
	}
	if err := x.Store.Notice(ctx, list); err != nil {
		return fmt.Errorf("notice drift: %w", err)
	}
	return nil
}

// Conclude writes which rollouts are done, by a plan that is not carried out: the last one of an apply.
func (x *Executor) Conclude(ctx context.Context, p plan.Plan) error {
	done := slices.DeleteFunc(slices.Clone(p.RolloutChanges), func(c plan.RolloutChange) bool { return c.Rollout.Phase != fleet.RolloutDone })
	return changeRollouts(ctx, x.Store, x.Log, done)
}

// noticed is what a pass knows of deviations: those of its plan, and of names with a live saga, of which no plan is made, those from
// before.
func noticed(pass Pass) []fleet.Deviation {
	list := pass.Plan.Deviations()
	if len(pass.Recorded.Deviations) == 0 {
		return list
	}
	type place struct {
		droplet     int64
		field, seen string
	}
	asked := map[place]bool{}
	for _, d := range pass.Recorded.Deviations {
		asked[place{d.DropletID, d.Field, d.Seen}] = d.Asked
	}
	for i, d := range list {
		list[i].Asked = asked[place{d.DropletID, d.Field, d.Seen}]
	}
	live, undecided := map[string]bool{}, map[int64]bool{} // a droplet that is being renamed is recorded under another name
	for _, f := range pass.Plan.InFlight {
		live[fleet.Key(f.Name)], undecided[f.DropletID] = true, true
	}
	for _, r := range pass.Recorded.Records {
		undecided[r.DropletID] = undecided[r.DropletID] || live[fleet.Key(r.Name)]
	}
	for _, d := range pass.Recorded.Deviations {
		if undecided[d.DropletID] {
			list = append(list, d)
		}
	}
	return list
}
