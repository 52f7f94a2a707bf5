package plan

import (
	"cmp"
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
	case g != nil && g.row == nil && g.paused && len(g.drafts) > 0: // what the file asks for now waits for the same word of a person
		return now, false
	case g == nil || g.row == nil || g.row.ID != row.ID:
		now.Phase, now.Reason, now.EndedAt = fleet.RolloutSuperseded, "the fleet file asks for something else", b.now
		if g == nil {
			now.Reason = "the group is no longer in the fleet file"
		}
	default:
		if changed = join(g, &now); !changed && over(b, g) {
			now.Phase, now.Reason, now.EndedAt = fleet.RolloutDone, "", b.now
			return now, true
		}
		if g.edited() {
			changed = true
			now.Rules, now.LiftedAt = g.spec.RulesHash(), b.now
			for _, saga := range b.sagas {
				if saga.Rollout == row.ID && saga.EndedAt.After(now.LiftedAt) { // the clock went back
					now.LiftedAt = saga.EndedAt
				}
			}
			if row.Phase == fleet.RolloutAborted {
				now.Phase, now.Reason = fleet.RolloutRunning, ""
			}
		}
		return now, changed
	}
	return now, true
}

// join takes those into a rollout that has begun which were let go since: what joined the group, or is another droplet by now, or is to be
// changed in another way.
func join(g *group, row *fleet.Rollout) (joined bool) {
	for _, d := range judged(g) {
		if m, member := g.member(d.Name); d.secondHalf() || agreed(g, d) || !counted(d) && member && m.Way == g.way(d) {
			continue
		}
		if !joined {
			row.Members = slices.Clone(row.Members)
		}
		joined = true
		m := memberOf(g, d)
		if i := slices.IndexFunc(row.Members, func(o fleet.RolloutMember) bool { return o.Name == m.Name }); i >= 0 {
			row.Members[i] = m
		} else {
			row.Members = append(row.Members, m)
		}
		row.Approval = cmp.Or(approvalOf(d), row.Approval)
	}
	return joined
}

// judged are those of a group's actions that max_destroy lets go: they become the members of its rollout. What is held by something else that is
// no matter of time is judged when that is over.
func judged(g *group) []*draft {
	needs := func(d *draft) bool {
		return slices.ContainsFunc(d.Needs, func(n fleet.Grant) bool { return n.Rule == HoldMaxDestroy })
	}
	asks := slices.ContainsFunc(g.drafts, needs)
	place := func(hold string) int { return slices.IndexFunc(holds, func(h Hold) bool { return h.Name == hold }) }
	return slices.DeleteFunc(slices.Clone(g.drafts), func(d *draft) bool {
		switch {
		case !d.Held:
			return false
		case needs(d):
			return true
		case d.Approvable, place(d.HeldBy) > place(HoldMaxDestroy):
			return false
		}
		return !d.waits || asks && counted(d) // what only waits for its time was counted with the others
	})
}

func memberOf(g *group, d *draft) fleet.RolloutMember {
	return fleet.RolloutMember{Name: fleet.Key(d.Name), DropletID: d.DropletID, Way: g.way(d)}
}

// approvalOf is the plan whose approval lets an action go beyond max_destroy; empty: it needed none.
func approvalOf(d *draft) string {
	i := slices.IndexFunc(d.Grants, func(n fleet.Grant) bool { return n.Rule == HoldMaxDestroy })
	if i < 0 {
		return ""
	}
	return d.Grants[i].Plan
}

// over tells whether nothing is left of a rollout. Of a member that is not seen, or has a saga, nothing is known.
func over(b *builder, g *group) bool {
	if slices.ContainsFunc(g.drafts, func(d *draft) bool { _, member := g.member(d.Name); return member }) {
		return false
	}
	for _, x := range slices.Concat(g.serving, g.out) {
		unclear := func(h holding) bool { return h.state != present && h.state != released } // what is released is left alone for good
		if _, member := g.member(x.name); member && (x.live != nil || x.waits != "" || slices.ContainsFunc(x.holdings, unclear)) {
			return false
		}
	}
	return true
}

// rolloutOf tells of the change that goes through a group.
func rolloutOf(b *builder, g *group) Rollout {
	r := Rollout{Count: g.count, Serving: len(g.serving), Size: g.size(g.surges()), Pause: g.rules.Pause}
	bt := batches(b)[g.key]
	if g.row != nil {
		r.Rollout, _ = become(b, g.row)
	}
	if g.row == nil || !r.Rollout.Live() { // what is left when it is done is another one
		r.Rollout = begun(g)
	}
	r.Canary = g.canary()
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
	for _, x := range g.out {
		if x.live != nil && x.live.Kind == fleet.SagaReplace && hasServing(b, x) { // of the old droplet and the new one, one serves
			r.Serving++
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
	if held := waitingFor(g, bt); held != nil {
		switch turn := held.HeldBy == HoldTurn; {
		case !turn || held.Blocked:
			r.HeldBy, r.Why = held.HeldBy, held.HeldReason
			if slices.ContainsFunc(g.drafts, func(d *draft) bool { return d.Held && d.HeldBy != HoldTurn && d.HeldReason != r.Why }) {
				r.Why = held.Name + ": " + r.Why
			}
		case len(r.Live) == 0:
			r.Why = held.HeldReason
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
	r.Batch, r.Batches = batchesOf(g, len(r.Done)+len(r.Live), len(r.Next)+len(r.Waiting), len(r.Live) > 0)
	r.Left = effortOf(g, r.Batches)
	if at := r.GoesOnAt(); !at.IsZero() {
		r.Left += at.Sub(b.now)
	}
	return r
}

// waitingFor is an action of the group that tells what all that is left of it waits for; nil: some of it goes. A stop comes first. Between two
// batches it is the pause, whatever else holds some member; at other times what holds those whose turn it is.
func waitingFor(g *group, bt *batch) (held *draft) {
	goes := false
	weigh := func(d *draft) int {
		switch turn := d.HeldBy == HoldTurn; {
		case d.HeldBy == HoldStopped:
			return 3
		case bt.wait != "" && turn, bt.goes[d]:
			return 2
		case !turn:
			return 1
		}
		return 0
	}
	for _, d := range g.drafts {
		switch {
		case !d.Held:
			goes = true
		case held == nil || weigh(d) > weigh(held):
			held = d
		}
	}
	if goes && held != nil && held.HeldBy != HoldStopped {
		return nil
	}
	return held
}

// begun is the row of a rollout that is to begin.
func begun(g *group) fleet.Rollout {
	row := fleet.Rollout{Group: g.key, Spec: g.spec.GroupHash(), Rules: g.spec.RulesHash(), Phase: fleet.RolloutRunning}
	members := g.drafts
	if slices.ContainsFunc(g.drafts, func(d *draft) bool { return !d.Held }) { // else all of them are to begin it
		members = judged(g)
	}
	for _, d := range members {
		row.Members = append(row.Members, memberOf(g, d))
		row.Approval = cmp.Or(row.Approval, approvalOf(d))
	}
	for _, d := range g.drafts {
		if len(d.Changes) > 0 {
			row.From, row.To = InWords(d.Changes)
			break
		}
	}
	return row
}

// InWords tells what changes, as it was and as it is to be: what a rollout says of its members.
func InWords(changes []FieldChange) (from, to string) {
	var was, is []string
	for _, c := range changes {
		if !c.Along {
			was, is = append(was, c.Field+" "+fleet.Value(c.From)), append(is, c.Field+" "+fleet.Value(c.To))
		}
	}
	return strings.Join(was, ", "), strings.Join(is, ", ")
}

// batchesOf gives the number of the present batch, or of the next one, and about how many are left. Begun members are those that are changed
// or under way.
func batchesOf(g *group, begun, todo int, underWay bool) (number, left int) {
	size := g.size(g.surges())
	many := func(members, first int) int {
		if members = max(0, members); first == 0 || members == 0 {
			return (members + size - 1) / size
		}
		return 1 + (max(0, members-first)+size-1)/size
	}
	number = many(begun, g.rules.Canary) + 1
	if left = many(todo, g.canary()); underWay {
		number--
		left = 1 + many(todo, 0) // the canary, if there is one, is under way
	}
	return max(1, number), left
}

// effortOf is about how long so many batches take, with the pauses between them.
func effortOf(g *group, batches int) time.Duration {
	one := usuallyActive + usuallyGone
	if !g.surges() && slices.ContainsFunc(g.drafts, func(d *draft) bool { return d.Kind == Update }) {
		one = usuallyResized
	}
	if g.spec.Ready != nil {
		one += usuallyReady + g.spec.Ready.For
	}
	one += g.rules.Drain
	if ends := slices.ContainsFunc(g.drafts, (*draft).destroys); ends {
		one += usuallyEnding(g.spec.Ending)
	}
	return time.Duration(batches)*one + time.Duration(max(0, batches-1))*g.rules.Pause
}
