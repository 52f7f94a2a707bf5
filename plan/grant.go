package plan

import (
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// need is the approval that would lift a hold on the action.
func (d *draft) need(by string, facts []string) fleet.Grant {
	if !slices.IsSorted(facts) {
		facts = slices.Sorted(slices.Values(facts))
	}
	return fleet.Grant{Kind: string(d.Kind), Name: fleet.Key(d.Name), DropletID: d.DropletID, Spec: d.hash + d.manner(), Rule: by, Facts: facts}
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

// grantsByName sorts the approvals that have not lapsed by the names that they are for: thousands may be given at once.
func grantsByName(grants []fleet.Grant, now time.Time) map[string][]fleet.Grant {
	byName := map[string][]fleet.Grant{}
	for _, g := range grants {
		if now.Sub(g.At) < fleet.GrantLasts {
			byName[g.Name] = append(byName[g.Name], g)
		}
	}
	return byName
}

// Grants are the approvals that let through every action of the plan which a person may let through.
func (p Plan) Grants(at time.Time) (grants []fleet.Grant) {
	for _, a := range p.Actions {
		if !a.Approvable {
			continue
		}
		for _, g := range a.Needs {
			g.Plan, g.At = p.ID, at
			grants = append(grants, g)
		}
	}
	return grants
}

// Unstored are the approvals that the plan's actions go by and that are not stored yet: those of a plan that was approved without a daemon.
func (p Plan) Unstored(at time.Time) (grants []fleet.Grant) {
	for _, a := range p.Actions {
		for _, g := range a.Grants {
			if g.ID == 0 {
				g.At = at
				grants = append(grants, g)
			}
		}
	}
	return grants
}

// Withdrawn gives the ids of the approvals that the fleet file takes back: it asks for something else by now than what the person approved.
// Where a later version asks for the same again, that is approved anew.
func Withdrawn(desired fleet.Fleet, recorded fleet.Recorded) (ids []int64) {
	for _, g := range recorded.Grants {
		spec, wants := desired.Spec(g.Name)
		switch {
		case g.Spec != "" && !(wants && strings.HasPrefix(g.Spec, spec.Hash())), g.Kind == string(Destroy) && keeps(desired, recorded.Records, g.DropletID):
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// keeps reports whether the file wants the droplet that is recorded, under its name or under the one that `was` gives it. One of two under
// a name may be one too many.
func keeps(desired fleet.Fleet, records []fleet.Record, id int64) bool {
	i := slices.IndexFunc(records, func(r fleet.Record) bool { return r.DropletID == id })
	if i < 0 {
		return false
	}
	r := &records[i]
	if slices.ContainsFunc(records, func(o fleet.Record) bool { return o.DropletID != id && fleet.Key(o.Name) == fleet.Key(r.Name) }) {
		return false
	}
	_, asks := desired.Spec(r.Name)
	_, renamed := desired.Heir(r.Name)
	return asks || renamed
}
