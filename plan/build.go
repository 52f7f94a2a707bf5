package plan

import (
	"slices"
	"time"

	"arcadiad/fleet"
)

// Build makes the plan that takes the account from what is observed and recorded to what is desired. A [*PinError] says that the
// three do not belong together; [ErrNoFleet] and [ErrNotWhole] that there is nothing to plan with. The caller must have loaded
// recorded before it looked at the cloud. now only matters to backoffs and to the times of records.
func Build(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed, now time.Time) (Plan, error) {
	b, err := newBuilder(desired, recorded, observed, now)
	if err != nil {
		return Plan{}, err
	}
	warnFirst(b)
	c := &comparer{builder: b, noticed: noticedBefore(recorded.Deviations)}
	for _, x := range b.subjects {
		decide(c, x)
	}
	keep(b)
	recordProtection(b)
	warnOfLost(b)
	warnLast(b)
	slices.SortStableFunc(b.drafts, compareDrafts)
	endings(b)
	b.groups = groupsOf(b)
	b.plan.ID = identify(b)
	hold(b)
	license(b)
	priceAll(b)
	takeBack(b)
	tellRollouts(b)
	b.plan.Probes = probesOf(b)
	estimate(b)
	noteSideEffects(b)
	drain(b)
	noteFailed(b)
	b.plan.addressed = addressed(b)
	return finish(b), nil
}

// finish moves the drafts into the plan and counts.
func finish(b *builder) Plan {
	p := b.plan
	p.Actions = make([]Action, len(b.drafts))
	for i, d := range b.drafts {
		p.Actions[i] = d.Action
		p.Summary.count(d.Action)
		p.Approved = p.Approved || len(d.Grants) > 0
	}
	p.Approved = p.Approved && !p.AwaitsApproval()
	for _, saga := range b.sagas {
		if !saga.Live {
			continue
		}
		f := InFlight{
			Name: saga.Name, DropletID: saga.DropletID, Saga: saga.ID, Kind: saga.Kind,
			Status: saga.Status, Step: saga.Step, Stuck: saga.Stuck(), Error: saga.Error,
		}
		p.InFlight = append(p.InFlight, f)
		if f.Stuck {
			p.Summary.Stuck++
		}
	}
	slices.SortStableFunc(p.InFlight, func(a, b InFlight) int { return fleet.CompareNames(a.Name, b.Name) })
	p.Summary.Drifted = len(p.Drift)
	p.Summary.Pending = len(p.Pending)
	p.Summary.Ignored = len(p.Ignored)
	p.Summary.Released = len(p.Released)
	p.Summary.InFlight = len(p.InFlight)
	return p
}
