package daemon

import (
	"context"
	"reflect"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// transfers looks at the account, and says what a transfer would do now, under the fleet file that is in force.
func (l *observer) transfers(ctx context.Context, inForce func() (fleet.Fleet, bool), q control.OfferRequest) (reconcile.Pass, []plan.Transfer, error) {
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
	if q.Kind == plan.TakeOver {
		list, err := plan.Adoptable(desired, pass.Recorded, pass.Observed, q.Names, time.Now())
		if named := naming(list); err == nil && len(named) > 0 {
			if pass.Observed.Catalogue, _, err = l.inventory.CatalogueFor(ctx, named, addressesAge); err == nil {
				list, err = plan.Adoptable(desired, pass.Recorded, pass.Observed, q.Names, time.Now())
			}
		}
		return pass, list, err
	}
	var list []plan.Transfer
	for _, name := range q.Names {
		var one plan.Transfer
		if q.Kind == plan.Undo {
			one, err = l.undoable(ctx, &pass, name, q.Droplet)
		} else {
			one, err = plan.Releasable(desired, pass.Recorded, pass.Observed, name, time.Now())
		}
		if err != nil {
			return pass, nil, err
		}
		list = append(list, one)
	}
	return pass, list, nil
}

// naming are the specs of the droplets to be adopted that have SSH keys by name: their records are to have ids.
func naming(list []plan.Transfer) (specs []fleet.Spec) {
	for _, t := range list {
		if t.Refused == "" && t.Spec.NamesKeys() {
			specs = append(specs, t.Spec)
		}
	}
	return specs
}

// undoable says what an undo would do. Where reserved IPs are is asked for only if one comes back with the droplet.
func (l *observer) undoable(ctx context.Context, pass *reconcile.Pass, name string, droplet int64) (plan.Transfer, error) {
	t, err := plan.Undoable(pass.Desired, pass.Recorded, pass.Observed, name, droplet, time.Now())
	if err != nil || t.Undoing == nil || t.Undoing.Address == "" {
		return t, err
	}
	if pass.Observed.Attachments, _, err = l.planner.Inventory.Addresses(ctx, addressesAge); err != nil {
		return t, err
	}
	return plan.Undoable(pass.Desired, pass.Recorded, pass.Observed, name, droplet, time.Now())
}

// addressesAge is how old a list may be of what an offer is about: reserved IPs with their regions, and SSH keys with their names.
const addressesAge = 5 * time.Minute

// same tells whether two transfers would do the same, as far as a person could see.
func same(a, b plan.Transfer) bool {
	for _, t := range []*plan.Transfer{&a, &b} {
		t.Spec, t.Record = fleet.Spec{}, nil
		if t.Undoing != nil {
			u := *t.Undoing
			u.Kept, u.Until = fleet.Quarantined{}, u.Until.UTC()
			t.Undoing = &u
		}
	}
	return reflect.DeepEqual(a, b)
}
