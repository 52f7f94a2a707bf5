package plan

import (
	"fmt"
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
	b.warnFirst()
	for _, x := range b.subjects {
		b.decide(x)
	}
	b.protect()
	b.warnOfLost()
	b.warnLast()
	slices.SortStableFunc(b.drafts, compareDrafts)
	b.plan.ID = b.identify()
	b.hold()
	b.license()
	b.price()
	b.estimate()
	b.take()
	return b.finish(), nil
}

// builder is a plan in the making.
type builder struct {
	*index
	now     time.Time
	drafts  []*draft
	plan    Plan
	noticed map[int64][]fleet.Deviation // by droplet: what was not as recorded before
	shape   shape
	memory  memory
	grants  map[string][]fleet.Grant // in force, by the Key of the name
	known   map[int64]*fleet.Known   // what the database knows of droplets, by id; nil: nobody asked yet
	byMaker map[string][]int64       // droplets that may be a saga's, by the part of its id that tags carry; nil: not sorted out yet

	comparing comparison
	tallies   map[string]tally // of creates that had to be destroyed again, by Spec.GroupHash; nil: not counted yet
}

// newBuilder checks that the three belong together, and sorts out who is who.
func newBuilder(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed, now time.Time) (*builder, error) {
	if desired.Name == "" {
		return nil, ErrNoFleet
	}
	if observed.Account.UUID == "" {
		return nil, fmt.Errorf("%w: it names no account", ErrNotWhole)
	}
	if err := checkPins(desired, recorded, observed.Account); err != nil {
		return nil, err
	}
	s, err := newIndex(desired, recorded, observed)
	if err != nil {
		return nil, err
	}
	return &builder{index: s, now: now, noticed: noticedBefore(recorded.Deviations), grants: grantsByName(recorded.Grants, now), plan: Plan{Fleet: desired.Name, ObservedAt: observed.BeganAt}}, nil
}

// draft is an action in the making, with what the holds need to know of it.
type draft struct {
	Action
	subject    *subject
	kept       *fleet.Droplet // the droplet that stands for the name beside it; nil: none does
	seen       *fleet.Droplet // the droplet that the action is about; nil for a provision
	record     *fleet.Record  // its record; nil: not registered
	hash       string         // Spec.Hash of what is desired; empty for a destroy
	keysUnsure bool           // its SSH keys are spelled otherwise than before, and nobody can tell whether they are the same
}

// add takes an action into the plan.
func (b *builder) add(d draft) {
	if d.subject.spec != nil && d.Kind != Destroy {
		d.Spec = *d.subject.spec
		wants := b.shape.of(d.subject.spec)
		d.hash = fleet.HashDesired(func(i int) (string, bool) { return wants[i].value, wants[i].asked })
	}
	if d.seen != nil {
		d.DropletID = d.seen.ID
	}
	d.Name = d.subject.name
	b.drafts = append(b.drafts, &d)
}

func compareDrafts(a, b *draft) int {
	if a.subject != b.subject {
		return fleet.CompareNames(a.Name, b.Name)
	}
	if c := slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind); c != 0 {
		return c
	}
	return compareInt(a.DropletID, b.DropletID)
}

// finish moves the drafts into the plan and counts.
func (b *builder) finish() Plan {
	p := b.plan
	p.Actions = make([]Action, len(b.drafts))
	for i, d := range b.drafts {
		p.Actions[i] = d.Action
		switch d.Kind {
		case Adopt:
			p.Summary.Adopt++
		case Update:
			p.Summary.Update++
		case Provision:
			p.Summary.Provision++
		case Replace:
			p.Summary.Replace++
		case Destroy:
			p.Summary.Destroy++
		}
		if d.Held {
			p.Summary.Held++
		}
		p.Approved = p.Approved || len(d.Grants) > 0
	}
	p.Approved = p.Approved && !p.Approvable()
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
