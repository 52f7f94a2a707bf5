package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
)

// Planner makes plans. It has nothing to write with.
type Planner struct {
	Load      func(context.Context) (fleet.Recorded, error)
	Inventory *inventory.Inventory
	Pace      func() fleet.Pace // how fast requests may go; nil: not known

	// Revision tells where the fleet file comes from in git; nil, or false: it does not come from there.
	Revision func(context.Context, fleet.Fleet) (fleet.Revision, bool)
	// Stateless plans without what is recorded: what bears the fleet's tags counts as adopted.
	Stateless bool
}

// Pass is a plan with what it was made from.
type Pass struct {
	Desired  fleet.Fleet
	Recorded fleet.Recorded
	Observed fleet.Observed
	Plan     plan.Plan
	Hurry    bool // a person asked: backoff holds nothing
	Scope    fleet.Scope
}

// Plan loads what is recorded, then looks at the cloud, then builds. The order matters: a droplet that is made in between has its
// name live in what was loaded.
func (p Planner) Plan(ctx context.Context, desired fleet.Fleet, hurry bool, scope fleet.Scope) (Pass, error) {
	return p.plan(ctx, desired, hurry, scope, p.Inventory.Observe, nil)
}

// PlanAgain plans a short while after another pass, when sagas have ended: it does without what a look has answered of late, see
// inventory.Inventory.ObserveAgain.
func (p Planner) PlanAgain(ctx context.Context, desired fleet.Fleet, hurry bool, scope fleet.Scope) (Pass, error) {
	return p.confirm(ctx, desired, hurry, scope, nil)
}

// confirm is PlanAgain. First: the pass whose look is confirmed by this one; nil: there is none.
func (p Planner) confirm(ctx context.Context, desired fleet.Fleet, hurry bool, scope fleet.Scope, first *Pass) (Pass, error) {
	look := p.Inventory.ObserveAgain
	if slices.ContainsFunc(desired.Specs, fleet.Spec.GPU) {
		look = p.Inventory.Observe
	}
	return p.plan(ctx, desired, hurry, scope, look, first)
}

// look is a look at the whole account.
type look func(context.Context, fleet.Recorded) (fleet.Observed, error)

func (p Planner) plan(ctx context.Context, desired fleet.Fleet, hurry bool, scope fleet.Scope, look look, first *Pass) (Pass, error) {
	pass, err := p.observe(ctx, desired.Name, look)
	if err != nil {
		return pass, err
	}
	if p.Stateless {
		pass.Recorded = fleet.RecordedByTags(desired, pass.Observed.Droplets)
	}
	pass.Desired, pass.Hurry, pass.Scope = desired, hurry, scope
	pass.Recorded.Hurry, pass.Recorded.Scope = hurry, scope
	if p.Pace != nil {
		pass.Observed.Pace = p.Pace()
	}
	pass.Plan, err = plan.Build(desired, pass.Recorded, pass.Observed, time.Now())
	if err != nil {
		return pass, err
	}
	err = p.check(ctx, &pass, first)
	if err == nil && p.Revision != nil {
		if r, ok := p.Revision(ctx, desired); ok {
			pass.Plan.Revision = &r
		}
	}
	return pass, err
}

// withoutTag tells whether a pass of within the last minute was answered that the fleet's tag is not there.
func (p *Pass) withoutTag() bool {
	return p != nil && p.Observed.Traces != nil && *p.Observed.Traces == (fleet.Traces{}) && time.Since(p.Observed.BeganAt) < time.Minute
}

// newlyMissing tells whether the look of a pass lacks a droplet that no saved look has lacked yet.
func (p Pass) newlyMissing() bool {
	return slices.ContainsFunc(p.Plan.Missing, func(m plan.Missing) bool {
		return !slices.ContainsFunc(p.Recorded.Absences, func(a fleet.Absence) bool { return a.DropletID == m.DropletID })
	})
}

// How old a catalogue may be: prices do not change from one day to the next, but nothing is refused on an old word.
const (
	catalogueAge = 24 * time.Hour
	freshAge     = 5 * time.Minute
)

// check builds the plan again with which droplets are ready, with what hangs on those that it would destroy, and with what is known of
// those that it would make. A plan that destroys and makes none costs no request more.
func (p Planner) check(ctx context.Context, pass, first *Pass) (err error) {
	if len(pass.Plan.Probes) > 0 {
		pass.Observed.Readiness = probe(ctx, p.Inventory, pass.Plan.Probes)
		if pass.Plan, err = plan.Build(pass.Desired, pass.Recorded, pass.Observed, time.Now()); err != nil {
			return err
		}
	}
	hangs := pass.Plan.Hangs()
	if hangs || pass.Plan.Addressed() {
		look := p.Inventory.Addresses
		if hangs {
			look = p.Inventory.Attachments
		}
		attachments, requests, err := look(ctx, freshAge)
		pass.Observed.Requests += requests
		if err != nil {
			return fmt.Errorf("look up what hangs on droplets: %w", err)
		}
		pass.Observed.Attachments = attachments
		if pass.Plan, err = plan.Build(pass.Desired, pass.Recorded, pass.Observed, time.Now()); err != nil {
			return err
		}
	}
	specs := pass.Plan.Makes()
	if len(specs) == 0 {
		return nil
	}
	switch {
	case !pass.Recorded.MadeNothing() || p.Stateless:
	case first.withoutTag():
		// Whoever confirms that pass lists the fleet by the tag that was not there.
		pass.Observed.Traces = first.Observed.Traces
	default:
		if err := p.Inventory.Traces(ctx, pass.Recorded, &pass.Observed, pass.Desired.Name); err != nil {
			return err
		}
	}
	for _, age := range []time.Duration{catalogueAge, freshAge} {
		catalogue, requests, err := p.Inventory.CatalogueFor(ctx, specs, age)
		pass.Observed.Requests += requests
		if err != nil {
			return fmt.Errorf("look up sizes, images, SSH keys and VPCs: %w", err)
		}
		pass.Observed.Catalogue = catalogue
		if pass.Plan, err = plan.Build(pass.Desired, pass.Recorded, pass.Observed, time.Now()); err != nil {
			return err
		}
		if !pass.Plan.Doubts() || time.Since(catalogue.ReadAt) < freshAge {
			break
		}
	}
	return nil
}

// Observe is a pass without a fleet file in force: only what is recorded and what is there.
func (p Planner) Observe(ctx context.Context) (Pass, error) {
	return p.observe(ctx, "", p.Inventory.Observe)
}

// observe looks at the account. FleetName is the fleet of a database that is not pinned to one yet.
func (p Planner) observe(ctx context.Context, fleetName string, look look) (Pass, error) {
	recorded, err := p.Load(ctx)
	if err != nil {
		return Pass{}, fmt.Errorf("load the recorded state: %w", err)
	}
	from := recorded
	from.Fleet = cmp.Or(recorded.Fleet, fleetName)
	observed, err := look(ctx, from)
	if err != nil {
		return Pass{}, err
	}
	return Pass{Recorded: recorded, Observed: observed}, nil
}
