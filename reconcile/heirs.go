package reconcile

import (
	"context"
	"fmt"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// inherit records which names a version of the fleet file gives to droplets that are recorded under other ones. It is done the moment the
// version comes into force, whether or not writes are paused and whatever sagas are live: the next version may go on from the new names
// before any droplet has got them.
func (x *Executor) inherit(ctx context.Context, desired fleet.Fleet, recorded fleet.Recorded) error {
	if recorded.Fleet != desired.Name {
		return nil // nothing is recorded yet, or of another fleet
	}
	heirs := desired.HeirsOf(recorded.Records)
	changed := map[int64]string{}
	for _, r := range recorded.Records {
		if heir, said := heirs[r.DropletID]; said && heir != r.Heir {
			changed[r.DropletID] = heir
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := x.Store.Inherit(ctx, changed); err != nil {
		return fmt.Errorf("record the new names of renamed groups: %w", err)
	}
	return nil
}

// withdraw takes back the approvals of what a version of the fleet file no longer asks for, the moment it comes into force: a later version
// that asks for it again is looked at anew (law 9).
func (x *Executor) withdraw(ctx context.Context, desired fleet.Fleet, recorded fleet.Recorded) error {
	if recorded.Fleet != desired.Name {
		return nil
	}
	ids := plan.Withdrawn(desired, recorded)
	if len(ids) == 0 {
		return nil
	}
	if err := x.Store.Withdraw(ctx, ids); err != nil {
		return fmt.Errorf("take back approvals: %w", err)
	}
	x.Log.Warn("the fleet file no longer asks for what was approved: the approval is taken back", "actions", len(ids))
	return nil
}
