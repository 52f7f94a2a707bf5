package daemon

import (
	"context"
	"reflect"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// transfers looks at the account, and says what a transfer would do now, under the fleet file that is in force.
func (l *observer) transfers(ctx context.Context, inForce func() (fleet.Fleet, bool), kind plan.Kind, names []string) (reconcile.Pass, []plan.Transfer, error) {
	desired, ok := inForce()
	if !ok {
		return reconcile.Pass{}, nil, reconcile.ErrNoFleet
	}
	if err := l.readsTags(ctx); err != nil {
		return reconcile.Pass{}, nil, err
	}
	pass, err := l.planner.Observe(ctx)
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

// same tells whether two transfers would do the same, as far as a person could see.
func same(a, b plan.Transfer) bool {
	a.Spec, a.Record, b.Spec, b.Record = fleet.Spec{}, nil, fleet.Spec{}, nil
	return reflect.DeepEqual(a, b)
}
