package daemon

import (
	"context"
	"fmt"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// What an apply is for, where it is not for all that the fleet file asks for.

// toApply is the scope of a plan for an apply, with the droplet that is to be replaced: the one that is registered under the name.
func toApply(ctx context.Context, store reconcile.Store, q control.Only) (s fleet.Scope, err error) {
	s = fleet.Scope{Names: q.Names, By: fleet.PersonOf(ctx)}
	if !q.Replace {
		return s, nil
	}
	if len(q.Names) != 1 {
		return s, fmt.Errorf("a replace is of one droplet, and this is of %d", len(q.Names))
	}
	name := q.Names[0]
	recorded, err := store.Load(ctx)
	if err != nil {
		return s, err
	}
	for _, r := range recorded.Records {
		if fleet.Key(r.Name) != fleet.Key(name) {
			continue
		}
		if s.Replace != 0 {
			return s, fmt.Errorf("two droplets are registered under %s, %d and %d: one of them is too many, and arcadiad plan says which", name, s.Replace, r.DropletID)
		}
		s.Replace = r.DropletID
	}
	if s.Replace == 0 {
		return s, fmt.Errorf("no droplet is registered under %s (arcadiad list shows those that are)", name)
	}
	return s, nil
}

// agreedScope is the scope of an apply that a person agreed to.
func agreedScope(ctx context.Context, q control.ApplyRequest) fleet.Scope {
	return fleet.Scope{Names: q.Names, Replace: q.Droplet, By: fleet.PersonOf(ctx)}
}

// approveWithin approves what is held within the scope, as the plan shows it.
func approveWithin(ctx context.Context, store reconcile.Store, p plan.Plan, s fleet.Scope) error {
	grants := plan.Only(p, s.Names).Grants(time.Now())
	if len(grants) == 0 {
		return nil
	}
	if _, err := store.Grant(ctx, p.ID, grants); err != nil {
		return fmt.Errorf("store the approval of plan %s: %w", p.ID, err)
	}
	return nil
}
