package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

// builder is a plan in the making.
type builder struct {
	*index
	now        time.Time
	drafts     []*draft
	plan       Plan
	shape      shape
	grants     map[string][]fleet.Grant // in force, by the Key of the name
	known      map[int64]*fleet.Known   // what the database knows of droplets, by id; nil: nobody asked yet
	byMaker    map[string][]int64       // droplets that may be a saga's, by the part of its id that tags carry; nil: not sorted out yet
	groups     map[string]*group        // by the Key of their names; nil: nothing goes through a group
	renamed    map[string]string        // the Keys of groups by what they were called before; nil: not asked yet
	batches    map[string]*batch        // who of each group goes now; nil: not chosen yet
	addressees map[string]string        // the names that the file gives reserved IPs to, by these; nil: not asked yet
	pointing   map[int64]string         // reserved IPs by the droplets that they point to; nil: not sorted yet
	tallies    map[string]tally         // of creates that had to be destroyed again, by Spec.GroupHash; nil: not counted yet
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
	s, err := newIndex(desired.WithKeys(observed.Catalogue), recorded, observed)
	if err != nil {
		return nil, err
	}
	return &builder{index: s, now: now, grants: grantsByName(desired, recorded, now), plan: Plan{Fleet: desired.Name, ObservedAt: observed.BeganAt}}, nil
}

// add takes an action into the plan.
func (b *builder) add(d draft) {
	if d.subject.spec != nil && d.Kind != Destroy && d.Kind != Purge {
		d.Spec = *d.subject.spec
		wants := b.shape.of(d.subject.spec)
		d.hash = fleet.HashDesired(func(i int) (string, bool) { return wants[i].value, wants[i].asked })
	}
	if d.seen != nil {
		d.DropletID = d.seen.ID
	}
	d.Name = cmp.Or(d.Name, d.subject.name)
	b.drafts = append(b.drafts, &d)
}

func (b *builder) warn(format string, args ...any) {
	b.plan.Warnings = append(b.plan.Warnings, fmt.Sprintf(format, args...))
}

// lookAgain has another pass at that time.
func (b *builder) lookAgain(at time.Time) {
	b.plan.NextLook = sooner(b.plan.NextLook, at)
	b.plan.Lapses = sooner(b.plan.Lapses, at)
}

// sooner is the sooner of two times, of which the first may not be set yet.
func sooner(first, at time.Time) time.Time {
	if first.IsZero() || at.Before(first) {
		return at
	}
	return first
}

// waitsUntil tells whether a wait is not over yet, and has another pass when it is. A wait beyond any backoff means that the clock
// jumped; it is no reason to wait for ever.
func (b *builder) waitsUntil(lapses time.Time, longest time.Duration) bool {
	if wait := lapses.Sub(b.now); wait <= 0 || wait > 2*longest {
		return false
	}
	b.plan.Lapses = sooner(b.plan.Lapses, lapses)
	return true
}

// granted finds the approval that covers what is needed. An approval of this very plan, given without a daemon, covers all that is held.
func (b *builder) granted(need fleet.Grant, held bool) (fleet.Grant, bool) {
	for _, g := range b.grants[need.Name] {
		if g.Covers(need) {
			return g, true
		}
	}
	if held && slices.Contains(b.recorded.Approved, b.plan.ID) {
		need.Plan = b.plan.ID
		return need, true
	}
	return fleet.Grant{}, false
}

// tallyOf counts for the group and spec of a create (law 14): a bad image fails for every member, and is not tried once for each.
func (b *builder) tallyOf(d *draft) tally {
	if !d.creates() {
		return tally{}
	}
	if b.tallies == nil {
		b.tallies = talliesOf(b.sagas)
	}
	if len(b.tallies) == 0 {
		return tally{}
	}
	return b.tallies[d.Spec.GroupHash()]
}
