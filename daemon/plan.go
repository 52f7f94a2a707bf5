package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// Plan is the dry run: it reads the fleet file, the state database if there is one, and the account, and changes nothing anywhere.
// Beside a running daemon it holds what that waits with (law 14); where there is none, it is the plan of an apply, which waits for nothing.
func Plan(ctx context.Context, o Options) (plan.Plan, error) {
	o, err := o.withDefaults()
	if err != nil {
		return plan.Plan{}, err
	}
	desired, unread := fleetfile.Load(o.Fleet, o.secrets()...)
	if unread != nil && !errors.Is(unread, fs.ErrNotExist) {
		return plan.Plan{}, unread
	}
	load := func(context.Context) (fleet.Recorded, error) { return fleet.Recorded{Fleet: desired.Name}, nil }
	if !o.Stateless {
		load, err = reading(ctx, o.State)
	}
	if errors.Is(err, fs.ErrPermission) { // a service's
		return planThere(ctx, o, desired.Hash)
	}
	if err != nil {
		return plan.Plan{}, err
	}
	if unread != nil {
		return plan.Plan{}, unread
	}
	l, err := newObserver(o, load, nil, nil)
	if err != nil {
		return plan.Plan{}, err
	}
	l.planner.Stateless = o.Stateless
	remote, alone := Dial(ctx, o)
	pass, err := l.planner.Plan(ctx, desired, alone != nil)
	if err == nil && alone == nil && len(pass.Plan.Missing) > 0 {
		// The daemon is to look too. That it cannot be told is no failure of the plan: it looks by itself, only later.
		remote.ask(ctx, pathMissed, order{})
	}
	return pass.Plan, err
}

// OnlyThere tells whether the state database is one that only a running daemon may read: it then plans with its own token.
func OnlyThere(ctx context.Context, o Options) bool {
	if o.Stateless {
		return false
	}
	_, err := sqlite.OpenReader(ctx, o.State)
	return errors.Is(err, fs.ErrPermission)
}

// planThere asks the running daemon, which has a fleet file of its own. It is an error if the one named here is there and is another.
func planThere(ctx context.Context, o Options, hash string) (plan.Plan, error) {
	remote, err := Dial(ctx, o)
	if errors.Is(err, ErrNoDaemon) {
		return plan.Plan{}, fmt.Errorf("%s may not be read by you, and %w to ask (start it: sudo systemctl start arcadiad)", o.State, err)
	}
	if err != nil {
		return plan.Plan{}, err
	}
	a, err := remote.ask(ctx, pathPlan, order{Hash: hash})
	if err != nil {
		return plan.Plan{}, err
	}
	return plan.Plan(*a.Plan), nil
}

// reading gives the way to what is recorded, without a way to write. Where there is no database yet, nothing is recorded.
func reading(ctx context.Context, path string) (load func(context.Context) (fleet.Recorded, error), err error) {
	r, err := sqlite.OpenReader(ctx, path)
	if errors.Is(err, state.ErrNone) {
		return nothing, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the state database: %w", err)
	}
	return r.Load, nil
}
