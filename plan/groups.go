package plan

import (
	"slices"

	"arcadiad/fleet"
)

// groupOf is the group that a name belongs to: its stanza's, or for a name that the file dropped the one that it is numbered in.
func (b *builder) groupOf(x *subject) string {
	if x.spec != nil {
		return fleet.Key(x.spec.Group)
	}
	if group := b.numbered(x.name); group != "" {
		return group
	}
	stem, _ := fleet.SplitName(fleet.Key(x.name)) // a single droplet's is its name: it may be a group by now
	if b.renamed == nil {
		b.renamed = renamedGroups(b.desired.Specs)
	}
	if group, renamed := b.renamed[stem]; renamed {
		return group
	}
	return stem
}

// renamedGroups are the groups that had another name before, by that name, as far as no other group has it now.
func renamedGroups(specs []fleet.Spec) map[string]string {
	groups := map[string]string{}
	for i := range specs {
		if stem := stemOf(fleet.Key(specs[i].Was)); stem != "" {
			groups[stem] = fleet.Key(specs[i].Group)
		}
	}
	if len(groups) == 0 {
		return groups
	}
	for i := range specs {
		delete(groups, fleet.Key(specs[i].Group))
	}
	return groups
}

// groupsOf sorts the members of the file's groups by how they stand, once the drafts are complete. It is nil where nothing is to go through
// a group and nothing has.
func groupsOf(b *builder) map[string]*group {
	if len(b.recorded.Rollouts) == 0 && !slices.ContainsFunc(b.drafts, (*draft).endsService) {
		return nil
	}
	groups := map[string]*group{}
	for _, x := range b.subjects {
		if x.spec == nil {
			continue
		}
		g := groups[b.groupOf(x)]
		if g == nil {
			g = &group{key: b.groupOf(x), spec: x.spec, rules: b.desired.Policy.RolloutOf(*x.spec)}
			groups[g.key] = g
		}
		g.count++
		if x.serves = serves(b, x); x.serves {
			g.serving = append(g.serving, x)
		} else {
			g.out = append(g.out, x)
		}
		if x.live != nil && changes(x.live) {
			g.live = append(g.live, x.live)
		}
	}
	for i, d := range b.drafts {
		another := i+1 < len(b.drafts) && b.drafts[i+1].subject == d.subject && b.drafts[i+1].Kind == Replace // which a resize joins
		if g := groups[b.groupOf(d.subject)]; g != nil && d.rolls() && !another {
			g.drafts = append(g.drafts, d)
			d.Rollout = g.key
		}
	}
	for i := range b.recorded.Rollouts {
		row := &b.recorded.Rollouts[i]
		g := groups[row.Group]
		if g == nil {
			continue
		}
		g.paused = row.Phase == fleet.RolloutPaused
		if g.spec.GroupHash() == row.Spec {
			g.row, g.progress, g.members = row, row.Progress(b.recorded.Sagas), make(map[string]fleet.RolloutMember, len(row.Members))
			for _, m := range row.Members {
				g.members[m.Name] = m
			}
		}
	}
	return groups
}

// rolls tells whether the action is a part of the change that goes through the group of its droplet.
func (d *draft) rolls() bool {
	return d.subject.spec != nil && (d.Kind == Replace || d.Alter.Downtime() || d.secondHalf())
}

// changes tells whether a live saga is a part of the change of its droplet's group.
func changes(saga *fleet.Saga) bool {
	return saga.Rollout != "" || saga.Kind == fleet.SagaReplace || saga.DestroysFirst() || saga.Downtime
}

// serves tells whether a desired name has a droplet in service which no saga takes out of it.
func serves(b *builder, x *subject) bool {
	if x.live != nil && (x.live.Kind != fleet.SagaUpdate || x.live.Downtime) {
		return false
	}
	return hasServing(b, x)
}

// hasServing tells whether a desired name has a droplet that is in service now, whatever becomes of it.
func hasServing(b *builder, x *subject) bool {
	return slices.ContainsFunc(x.holdings, func(h holding) bool {
		return (h.state == present || h.state == busy) && inService(b, h.seen, x.spec)
	})
}

// idle tells whether a droplet is known not to serve. One that was not probed, or is in a state of passage, may.
func idle(b *builder, d *fleet.Droplet, spec *fleet.Spec) bool {
	switch {
	case d.Status != fleet.StatusActive:
		return d.Status == fleet.StatusOff
	case spec.Ready == nil:
		return false
	case b.observed.Readiness == nil: // nobody has asked yet: this plan is built again
		return true
	}
	passes, known := b.observed.Readiness.Passes[d.ID]
	return known && !passes
}

// inService tells whether a droplet serves: it is active, and passes the probe of its group where there is one. What was not probed does
// not count (law 18).
func inService(b *builder, d *fleet.Droplet, spec *fleet.Spec) bool {
	return d.Status == fleet.StatusActive && (spec.Ready == nil || b.observed.Readiness.Passing(d.ID))
}
