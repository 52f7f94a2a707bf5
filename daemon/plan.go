package daemon

import (
	"context"
	"errors"
	"fmt"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/state"
)

// Plan is the dry run: it reads the fleet file, the state database if there is one, and the account, and changes nothing anywhere.
func Plan(ctx context.Context, o Options) (plan.Plan, error) {
	o, err := o.withDefaults()
	if err != nil {
		return plan.Plan{}, err
	}
	wanted, err := fleetfile.Load(o.Fleet)
	if err != nil {
		return plan.Plan{}, err
	}
	load := func(context.Context) (fleet.Recorded, error) { return fleet.Recorded{Fleet: wanted.Name}, nil }
	if !o.Stateless {
		load, err = reading(ctx, o.State)
	}
	if err != nil {
		return plan.Plan{}, err
	}
	l, err := newLookout(o, load)
	if err != nil {
		return plan.Plan{}, err
	}
	l.planner.Stateless = o.Stateless
	pass, err := l.planner.Plan(ctx, wanted, true)
	return pass.Plan, err
}

// reading gives the way to what is recorded, without a way to write. Where there is no database yet, nothing is recorded.
func reading(ctx context.Context, path string) (load func(context.Context) (fleet.Recorded, error), err error) {
	r, err := state.OpenReader(ctx, path)
	if errors.Is(err, state.ErrNone) {
		return nothing, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state database: %w", err)
	}
	return r.Load, nil
}
