package reconcile

import (
	"context"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
)

// Planner makes plans. It has nothing to write with.
type Planner struct {
	Load      func(context.Context) (fleet.Recorded, error)
	Inventory *inventory.Inventory
}

// Pass is a plan with what it was made from.
type Pass struct {
	Wanted   fleet.Fleet
	Recorded fleet.Recorded
	Observed fleet.Observed
	Plan     plan.Plan
	Hurry    bool // a person asked: backoff holds nothing
}

// Plan loads what is recorded, then looks at the cloud, then builds. The order matters: a droplet that is made in between has its
// name live in what was loaded.
func (p Planner) Plan(ctx context.Context, wanted fleet.Fleet, hurry bool) (Pass, error) {
	pass, err := p.Observe(ctx)
	if err != nil {
		return pass, err
	}
	pass.Wanted, pass.Hurry = wanted, hurry
	pass.Recorded.Hurry = hurry
	pass.Plan, err = plan.Build(wanted, pass.Recorded, pass.Observed, time.Now())
	return pass, err
}

// Observe is a pass without a fleet file in force: only what is recorded and what is there.
func (p Planner) Observe(ctx context.Context) (Pass, error) {
	recorded, err := p.Load(ctx)
	if err != nil {
		return Pass{}, fmt.Errorf("load what is recorded: %w", err)
	}
	observed, err := p.Inventory.Observe(ctx, recorded)
	if err != nil {
		return Pass{}, fmt.Errorf("look at the account: %w", err)
	}
	return Pass{Recorded: recorded, Observed: observed}, nil
}
