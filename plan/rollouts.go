package plan

import (
	"maps"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// tellRollouts puts the rollouts into the plan, and what becomes of those that are live.
func tellRollouts(b *builder) {
	for i := range b.recorded.Rollouts {
		row := &b.recorded.Rollouts[i]
		if now, changed := become(b, row); changed {
			b.plan.RolloutChanges = append(b.plan.RolloutChanges, RolloutChange{now, row.Phase})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b.groups)) {
		if g := b.groups[key]; len(g.drafts) > 0 || g.row != nil && !over(b, g) {
			b.plan.Rollouts = append(b.plan.Rollouts, rolloutOf(b, g))
		}
	}
}

// become is what a live rollout becomes, if anything.
func become(b *builder, row *fleet.Rollout) (now fleet.Rollout, changed bool) {
	now = *row
	g := b.groups[row.Group]
	switch {
	case g == nil || g.row == nil || g.row.ID != row.ID:
		now.Phase, now.Reason, now.EndedAt = fleet.RolloutSuperseded, "the fleet file asks for something else", b.now
		if g == nil {
			now.Reason = "the group is no longer in the fleet file"
		}
	case over(b, g):
		now.Phase, now.Reason, now.EndedAt = fleet.RolloutDone, "", b.now
	case g.edited():
		now.Rules, now.LiftedAt = g.spec.RulesHash(), b.now
		if row.Phase == fleet.RolloutAborted {
			now.Phase, now.Reason = fleet.RolloutRunning, ""
		}
	default:
		return now, false
	}
	return now, true
}

// over tells whether nothing is left of a rollout. Of a member that is not seen, or has a saga, nothing is known.
func over(b *builder, g *group) bool {
	if slices.ContainsFunc(g.drafts, func(d *draft) bool { _, member := g.row.Has(d.Name); return member }) {
		return false
	}
	for _, x := range slices.Concat(g.serving, g.out) {
		if _, member := g.row.Has(x.name); member && (x.live != nil || x.waits != "" || slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state != present })) {
			return false
		}
	}
	return true
}

// rolloutOf tells of the change that goes through a group.
func rolloutOf(b *builder, g *group) Rollout {
	r := Rollout{Count: g.count, Serving: len(g.serving), Size: g.size(g.surges())}
	bt := batches(b)[g.key]
	if g.row != nil {
		r.Rollout = *g.row
	} else {
		r.Rollout, r.Canary = begun(g), g.rules.Canary
	}
	if g.spec.Ready != nil {
		r.Probe = g.spec.Ready.String()
	}
	left := map[string]bool{}
	for _, d := range g.drafts {
		left[fleet.Key(d.Name)] = true
		if d.Held {
			r.Waiting = append(r.Waiting, d.Name)
		} else {
			r.Next = append(r.Next, d.Name)
		}
	}
	for _, saga := range g.live {
		left[fleet.Key(saga.Name)] = true
		r.Live = append(r.Live, saga.Name)
	}
	for _, m := range r.Members {
		if !left[m.Name] {
			r.Done = append(r.Done, m.Name)
		}
	}
	if held := waitingFor(g); held != nil && len(r.Next)+len(r.Live) == 0 {
		r.Why = held.HeldReason
		if held.HeldBy != holdTurn {
			r.HeldBy = held.HeldBy
		}
	}
	if failed := g.stopped(); failed != nil {
		r.Failed = &Failure{failed.Name, failed.ID, why(failed), failed.EndedAt}
	}
	switch {
	case r.HeldBy == holdWindow:
		r.NextAt = b.desired.Windows.Opens(b.now)
	case r.HeldBy == "" && bt.next.After(b.now):
		r.NextAt = bt.next
	}
	r.Batches, r.Left = effortOf(g, len(r.Next)+len(r.Waiting), len(r.Live) > 0, g.row == nil)
	return r
}

// waitingFor is an action of the group that tells what all of it waits for: one that is held by more than its turn, if there is one.
func waitingFor(g *group) *draft {
	var held *draft
	for _, d := range g.drafts {
		if d.Held && (held == nil || held.HeldBy == holdTurn) {
			held = d
		}
	}
	return held
}

// begun is the row of a rollout that is to begin.
func begun(g *group) fleet.Rollout {
	row := fleet.Rollout{Group: g.key, Spec: g.spec.GroupHash(), Rules: g.spec.RulesHash(), Phase: fleet.RolloutRunning}
	for _, d := range g.drafts {
		row.Members = append(row.Members, fleet.RolloutMember{Name: fleet.Key(d.Name), DropletID: d.DropletID})
	}
	for _, d := range g.drafts {
		if len(d.Changes) > 0 {
			row.From, row.To = inWords(d.Changes)
			break
		}
	}
	return row
}

// inWords tells what changes, as it was and as it is to be.
func inWords(changes []FieldChange) (from, to string) {
	var was, is []string
	for _, c := range changes {
		if !c.Along {
			was, is = append(was, c.Field+" "+fleet.Value(c.From)), append(is, c.Field+" "+fleet.Value(c.To))
		}
	}
	return strings.Join(was, ", "), strings.Join(is, ", ")
}

// effortOf is about how many batches are left, and how long they take: those that are to come, and the one under way.
func effortOf(g *group, todo int, underWay, first bool) (batches int, left time.Duration) {
	one := usuallyActive + usuallyGone
	if !g.surges() && slices.ContainsFunc(g.drafts, func(d *draft) bool { return d.Kind == Update }) {
		one = usuallyResized
	}
	if g.spec.Ready != nil {
		one += usuallyReady + g.spec.Ready.For
	}
	one += g.rules.Drain
	if first && g.rules.Canary > 0 && todo > 0 {
		batches++
		todo -= min(todo, g.rules.Canary)
	}
	size := g.size(g.surges())
	batches += (todo + size - 1) / size
	if underWay {
		batches++
	}
	return batches, time.Duration(batches)*one + time.Duration(max(0, batches-1))*g.rules.Pause
}
