package plan

import (
	"cmp"
	"slices"

	"arcadiad/fleet"
)

// draft is an action in the making, with what the holds need to know of it.
type draft struct {
	Action
	subject    *subject
	kept       *fleet.Droplet // the droplet that stands for the name beside it; nil: none does
	seen       *fleet.Droplet // the droplet that the action is about; nil for a provision
	record     *fleet.Record  // its record; nil: not registered
	hash       string         // Spec.Hash of what is desired; empty for a destroy
	waits      bool           // it is held, and only time is missing
	purges     *quarantined   // the droplet that a purge ends
	asked      bool           // a person asked for it, whether or not anything differs
	keysUnsure bool           // its SSH keys are spelled otherwise than before, and nobody can tell whether they are the same
}

// verdict is what a hold says of an action. The zero verdict holds nothing.
type verdict struct {
	why string // why it is held, in words

	// facts are what the words are about: ids and addresses. An approval covers those that the person saw. Times and counts are no
	// facts: they change by themselves.
	facts []string

	into *draft // the action that brings about what this one would: this one is left out of the plan; nil: none does
}

// endsService tells whether the action takes a registered droplet out of service.
func (d *draft) endsService() bool {
	return d.Kind == Replace || d.Alter.Downtime() || d.Kind == Destroy && d.record != nil
}

// keeps tells whether the action replaces a droplet and keeps the old one for a while.
func (d *draft) keeps() bool { return d.Kind == Replace && d.Ending.Keep > 0 }

// secondHalf tells whether the action makes a droplet for which another was destroyed first.
func (d *draft) secondHalf() bool {
	done := d.subject.lastDone()
	return d.Kind == Provision && len(d.Lost) == 0 && done != nil && done.DestroysFirst()
}

// goesByItself tells whether the action is carried out now or, without a person, as soon as it is its turn.
func (d *draft) goesByItself() bool { return !d.Held || d.InTurn() }

// while is for how long the license of the action stands; empty: it needs none.
func (d *draft) while() while {
	switch {
	case d.Kind == Replace:
		return whileSpec
	case d.Kind == Purge:
		return whileAlways
	case d.Kind != Destroy:
		return ""
	case d.subject.spec == nil:
		return whileRemoved
	}
	return whileAlways
}

// approvedNow tells whether an approval of this very plan, given without a daemon, has let the action through something already. It was shown as
// held by that, so the approval is not for a hold that wants to be approved alone.
func (d *draft) approvedNow() bool {
	return slices.ContainsFunc(d.Grants, func(g fleet.Grant) bool { return g.ID == 0 })
}

// need is the approval that would lift a hold on the action.
func (d *draft) need(by string, facts []string) fleet.Grant {
	if !slices.IsSorted(facts) {
		facts = slices.Sorted(slices.Values(facts))
	}
	return fleet.Grant{Kind: string(d.Kind), Name: fleet.Key(d.Name), DropletID: d.DropletID, Spec: d.hash + d.manner() + d.unasked(), Rule: by, Facts: facts}
}

// unasked marks the approvals of a replace that nothing but a person's word is a reason for: they are for no other replace of the same droplet.
func (d *draft) unasked() string {
	if d.asked && !slices.ContainsFunc(d.Changes, func(c FieldChange) bool { return !c.Along }) {
		return " asked"
	}
	return ""
}

// joins gives the changes of an update to the replace of the same droplet.
func (d *draft) joins(replace *draft) {
	for _, c := range d.Changes {
		c.Along = true
		replace.Changes = append(replace.Changes, c)
	}
}

func compareDrafts(a, b *draft) int {
	if a.subject != b.subject {
		return cmp.Or(fleet.CompareNames(a.Name, b.Name), slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), cmp.Compare(a.DropletID, b.DropletID))
	}
	return cmp.Or(slices.Index(kinds, a.Kind)-slices.Index(kinds, b.Kind), cmp.Compare(a.DropletID, b.DropletID))
}
