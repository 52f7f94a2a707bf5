package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"arcadiad/fleet"
)

// batches finds who goes now in each group, once: when the holds before have held what they hold. What waits for its turn needs no place
// in the account.
func batches(b *builder) map[string]*batch {
	if b.batches == nil {
		b.batches = map[string]*batch{}
		for _, key := range slices.Sorted(maps.Keys(b.groups)) {
			b.batches[key] = batchOf(b, b.groups[key])
		}
	}
	return b.batches
}

// goesNow tells whether an action has its turn, or needs none.
func goesNow(b *builder, d *draft) bool {
	bt := batches(b)[d.Rollout]
	return bt == nil || d.secondHalf() || bt.goes[d]
}

// batchOf chooses the next batch of a group (law 18). A batch begins when the one before has ended and its pause is over. What is off goes
// at once, unless a canary is to go first, and the second halves of replaces do.
func batchOf(b *builder, g *group) *batch {
	bt := &batch{goes: map[*draft]bool{}, serving: len(g.serving)}
	waitOf(b, g, bt)
	surge, down, most := g.size(true), g.size(false), g.count
	if canary := g.canary(); canary > 0 {
		most = canary
	}
	for _, d := range inOrder(b, g) {
		serves := d.subject.serves
		switch {
		case d.Held, d.secondHalf():
			continue
		case d.seen.Status == fleet.StatusOff && g.rules.Canary == 0:
			bt.goes[d] = true
			continue
		case bt.wait != "" && (serves || !bt.spares) || most == 0:
			continue
		}
		surges := d.Kind == Replace && !d.destroyFirst()
		left := bt.serving
		if serves && (!surges || len(g.out) > 0) { // where all serve, a new droplet beside the old one takes nobody out of service
			left--
		}
		if left < g.count-g.most() && !idle(b, d.seen, g.spec) {
			continue
		}
		if more := map[bool]*int{true: &surge, false: &down}[surges]; *more > 0 {
			*more--
			most--
			bt.goes[d], bt.serving = true, left
		}
	}
	if slices.ContainsFunc(g.drafts, func(d *draft) bool { return !d.Held && !bt.goes[d] }) {
		for _, x := range g.out {
			if again, comes := comesUp(b, x); comes {
				b.waitsUntil(again, again.Sub(b.now))
			}
		}
	}
	return bt
}

// leastComing is the least time between two looks at a droplet that comes up.
const leastComing = 10 * time.Second

// comesUp tells whether a member may still come up: it was changed a moment ago, is active, and does not pass its probe yet. Nothing tells when
// it does, so it is looked at again, ever more rarely, until its time is over.
func comesUp(b *builder, x *subject) (again time.Time, comes bool) {
	done := x.lastDone()
	if x.spec == nil || x.spec.Ready == nil || x.live != nil || done == nil || done.Kind != fleet.SagaUpdate && !done.Makes() ||
		!slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == present && h.seen.Status == fleet.StatusActive }) {
		return time.Time{}, false
	}
	age := b.now.Sub(done.EndedAt)
	return b.now.Add(max(leastComing, age/2)), age >= 0 && age < cmp.Or(x.spec.Ready.Within, fleet.DefaultReadyWithin)
}

// inOrder are the drafts of a group in the order in which they have their turns: first those of members that do not serve, then those that a
// person asks for.
func inOrder(b *builder, g *group) []*draft {
	rank := func(d *draft) int {
		switch {
		case !d.subject.serves:
			return 0
		case b.recorded.Scope.Has(d.Name, d.Spec.Group):
			return 1
		}
		return 2
	}
	list := slices.Clone(g.drafts)
	slices.SortStableFunc(list, func(x, y *draft) int { return rank(x) - rank(y) })
	return list
}

// leaves tells whether a saga is at a step that takes a droplet out of service, before which it waits until enough others serve.
func leaves(saga *fleet.Saga) bool {
	return slices.Contains([]string{"DrainDroplet", "ShutdownDroplet", "QuarantineDroplet", "DestroyDroplet", "PowerOffDroplet"}, saga.Step)
}

// waitOf says why no batch may begin now, if none may.
func waitOf(b *builder, g *group, bt *batch) {
	var before, stands []string
	bt.spares = true
	for _, saga := range g.live {
		if before = append(before, saga.Name); saga.Stuck() {
			stands = append(stands, saga.Name)
		}
		bt.spares = bt.spares && saga.Stuck() && leaves(saga)
	}
	for _, d := range g.drafts {
		if d.secondHalf() {
			before = append(before, d.Name)
			bt.spares = false
		}
	}
	bt.spares = bt.spares && len(before) > 0
	switch {
	case len(before) > 0 && len(stands) == len(before):
		bt.wait, bt.stuck = "waiting for the batch before: "+few(stands, "is stuck", "are stuck")+" (see: arcadiad saga list)", true
	case len(before) > 0:
		bt.wait = "waiting for the batch before: " + some(before)
	case g.row == nil || g.rules.Pause == 0 || g.progress.EndedAt.IsZero():
	default:
		next := g.progress.EndedAt.Add(g.rules.Pause)
		if b.waitsUntil(next, g.rules.Pause) {
			bt.next = next
			bt.wait = fmt.Sprintf("the next batch begins at %s, after a pause of %s", clock(next), fleet.Lasting(g.rules.Pause))
		}
	}
}
