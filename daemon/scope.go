package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
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

// within is the part of a plan that an apply is for.
func within(p plan.Plan, s fleet.Scope) plan.Plan {
	if len(s.Names) == 0 {
		return p
	}
	return plan.Only(p, s.Names)
}

// approveReplace approves the replace that a person asked for, as the plan shows it, and gives the plan with that let through. Nothing else is
// approved. What was not used is taken back with the returned function, at the end of the command: nobody sees it any more.
func approveReplace(ctx context.Context, store reconcile.Store, log *slog.Logger, p plan.Plan, s fleet.Scope) (agreed plan.Plan, takeBack func(), err error) {
	agreed = p.Letting(s.Replace)
	p.Actions = slices.DeleteFunc(slices.Clone(p.Actions), func(a plan.Action) bool { return a.Kind != plan.Replace || a.DropletID != s.Replace })
	grants, err := store.Grant(ctx, p.ID, p.Grants(time.Now()))
	if err != nil {
		return agreed, nil, fmt.Errorf("store the approval of plan %s: %w", p.ID, err)
	}
	ids := make([]int64, len(grants))
	for i, g := range grants {
		ids[i] = g.ID
	}
	return agreed, func() {
		if err := store.Withdraw(context.WithoutCancel(ctx), ids); err != nil {
			log.Warn("the approval of a replace could not be taken back; it lapses in a day", "plan", p.ID, "error", err)
		}
	}, nil
}
