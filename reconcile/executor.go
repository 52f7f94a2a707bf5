package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
	"arcadiad/saga"
)

var (
	// ErrChanged says that the plan is no longer the one that was looked at.
	ErrChanged = errors.New("the plan has changed in the meantime; review the new one")
	// ErrPaused shuts the write gate while `arcadiad pause` is in force.
	ErrPaused = errors.New("paused by `arcadiad pause`; to continue: `arcadiad resume`")
)

// LostError says that the store is no longer the one that was opened, or no longer ours to write to. It ends the loop (law 11).
type LostError struct{ Err error }

func (e *LostError) Error() string {
	return "this process can no longer use the state database: " + e.Err.Error()
}
func (e *LostError) Unwrap() error { return e.Err }

// Executor carries plans out.
type Executor struct {
	Store     Store
	Engine    *saga.Engine
	Inventory *inventory.Inventory
	Planner   Planner

	// Gate lets writes to one account through (closed is nil), or shuts them all.
	Gate func(account string, closed error)
	// Desired gives the fleet file in force: a plan made from another version is not carried out.
	Desired func() (fleet.Fleet, bool)
	// SecondLook is how long after the first look began an empty database looks again before it creates anything; default 1.6 s.
	SecondLook time.Duration

	Log *slog.Logger
}

const secondLook = 1600 * time.Millisecond

// Keep saves an observation and nothing else, so that what is missing is remembered between looks.
func (x *Executor) Keep(ctx context.Context, o fleet.Observed) error {
	if err := x.Store.Check(ctx); err != nil {
		return &LostError{err}
	}
	return x.Store.Save(ctx, o)
}

// Accept takes an observation in: the account is pinned or compared with the pin, the write gate opens or shuts, and the
// observation is saved. It is what a pass without a fleet in force amounts to; fleetName is then empty.
func (x *Executor) Accept(ctx context.Context, pass Pass, fleetName string) error {
	if err := x.Store.Check(ctx); err != nil {
		x.Gate("", err)
		return &LostError{err}
	}
	if err := x.Store.Pin(ctx, pass.Observed.Account, fleetName); err != nil {
		x.Gate("", err)
		return err
	}
	if err := x.Store.Save(ctx, pass.Observed); err != nil {
		return err
	}
	if pass.Recorded.Paused {
		x.Gate("", ErrPaused)
		return nil
	}
	x.Gate(pass.Observed.Account.UUID, nil)
	x.Engine.WakeAll()
	return nil
}

// Protect records what a fleet file that was just put in force protects (law 9), and how it says that droplets end, without a look at the
// account: the next version may not say it any more.
func (x *Executor) Protect(ctx context.Context, desired fleet.Fleet) error {
	recorded, err := x.Planner.Load(ctx)
	if err != nil {
		return fmt.Errorf("load the recorded state: %w", err)
	}
	if recorded.Fleet != desired.Name {
		return nil // nothing is recorded yet, or of another fleet
	}
	records := plan.AtOnce(desired, recorded, time.Now())
	if len(records) == 0 {
		return nil
	}
	return x.Store.Record(ctx, records)
}

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
		return fmt.Errorf("withdraw approvals: %w", err)
	}
	x.Log.Warn("the fleet file no longer asks for what was approved: the approval is withdrawn", "actions", len(ids))
	return nil
}
