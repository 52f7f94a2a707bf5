package plan

import (
	"fmt"

	"arcadiad/fleet"
)

// HoldMaxDestroy is the hold that a person lifts for a rollout as a whole.
const HoldMaxDestroy = "max_destroy"

// counted tells whether policy.max_destroy counts the action: it counts what is registered (law 5).
func counted(d *draft) bool { return d.destroys() && d.record != nil }

// departures are the registered droplets that go: by the actions of the plan, and by sagas that are live.
type departures struct {
	free, waiting int // actions that nothing holds yet, and those that a person may let through
	live          int
	corrections   int            // replaces among the free ones that no edit of the file asked for
	goes          map[int64]bool // droplets that are destroyed or replaced
	ends          map[int64]bool // those of them that nothing replaces

	whole map[*group]int // by group: the droplets of a rollout that is to begin, and is judged as one
}

// leaving counts what goes. A rollout is judged alone, whole, at its start: one that a person approved, or that the file lets go unattended,
// counts against nothing else, and neither does one that is too large by itself.
func leaving(b *builder, limit int) departures {
	leave := departures{goes: map[int64]bool{}, ends: map[int64]bool{}, whole: map[*group]int{}}
	for _, d := range b.drafts {
		if g := begins(b, d); g != nil && (!d.Held || d.Approvable || d.waits) {
			leave.whole[g]++
		}
	}
	approved := map[*group]bool{}
	for g := range leave.whole {
		for _, saga := range g.live {
			if comesBack(b, g, saga) {
				leave.whole[g]++
			}
		}
		approved[g] = leave.whole[g] > limit || approvedWhole(b, g)
	}
	for _, d := range b.drafts {
		g := begins(b, d)
		switch {
		case !counted(d) || d.Held && !d.Approvable || apart(b, d):
			continue
		case g != nil && approved[g]:
			continue
		case d.Held:
			leave.waiting++
			continue
		}
		leave.free++
		if d.Kind == Replace && d.Corrects() {
			leave.corrections++
		}
	}
	for _, d := range b.drafts {
		if counted(d) && !d.Held {
			leave.goes[d.DropletID], leave.ends[d.DropletID] = true, d.Kind == Destroy
		}
	}
	for _, saga := range b.sagas {
		if saga.Live && destroysRegistered(b, saga) {
			if !approvedRollout(b, saga) {
				leave.live++
			}
			id := saga.Replaces
			if saga.Kind == fleet.SagaDestroy {
				id = saga.DropletID
			}
			leave.goes[id], leave.ends[id] = true, saga.Kind == fleet.SagaDestroy && !saga.DestroysFirst()
		}
	}
	return leave
}

// comesBack tells whether the droplet of a live saga is to be changed anew when the saga is over: it is a part of another change than the file
// asks for, or goes about it in another way.
func comesBack(b *builder, g *group, saga *fleet.Saga) bool {
	target := saga.DropletID
	if saga.Kind == fleet.SagaReplace {
		target = saga.Replaces
	}
	if !b.registered(target) {
		return false
	}
	same := g.row != nil && saga.Rollout == g.row.ID
	switch saga.Kind {
	case fleet.SagaReplace:
		return !same || g.spec.Rules.Order == fleet.DestroyFirst
	case fleet.SagaDestroy:
		return !same || g.spec.Rules.Order != fleet.DestroyFirst
	case fleet.SagaUpdate:
		return !same || g.spec.Rules.Resize == fleet.ResizeReplace
	}
	return false
}

// begins gives the group whose rollout would begin with the action; nil: it is a part of none, or of one that has begun.
func begins(b *builder, d *draft) *group {
	g := b.groups[d.Rollout]
	if g == nil || !counted(d) || agreed(g, d) {
		return nil
	}
	return g
}

// agreed tells whether the action belongs to a rollout that was judged when it began: it changes the very droplet that was a member then,
// and in the way that was judged.
func agreed(g *group, d *draft) bool {
	if g == nil || g.row == nil {
		return false
	}
	m, member := g.member(d.Name)
	return member && m.DropletID == d.DropletID && m.Way == g.way(d)
}

// apart tells whether the action goes by a rollout that counts against nothing else.
func apart(b *builder, d *draft) bool {
	g := b.groups[d.Rollout]
	return g != nil && (g.unattended() && d.Kind == Replace || agreed(g, d) && g.row.Approval != "")
}

// approvedWhole tells whether a person has approved each action of a rollout that is to begin, and that is stored.
func approvedWhole(b *builder, g *group) bool {
	for _, d := range g.drafts {
		if counted(d) && !agreed(g, d) {
			if _, granted := b.granted(d.need(HoldMaxDestroy, nil), false); !granted {
				return false
			}
		}
	}
	return true
}

// approvedRollout tells whether a live saga belongs to a rollout that counts against nothing else.
func approvedRollout(b *builder, saga *fleet.Saga) bool {
	if saga.Rollout == "" {
		return false
	}
	for _, row := range b.recorded.Rollouts {
		if row.ID == saga.Rollout && row.Approval != "" {
			return true
		}
	}
	x, desired := b.desired.Spec(saga.Name)
	g := b.groups[fleet.Key(x.Group)]
	return desired && g != nil && g.unattended()
}

// overMaxDestroy holds every destroy and replace when they are more than policy.max_destroy allows: which few of too many should go
// ahead is not for a program to choose. What no edit of the file asked for counts over time, until a person approves more of it. The
// last droplets of a fleet are destroyed unasked only where the policy says 100%. A rollout that has begun is not judged again.
func overMaxDestroy(b *builder) func(*draft) verdict {
	corrected := corrected(b)
	policy := b.desired.Policy.MaxDestroy
	limit := policy.Of(b.standing)
	leave := leaving(b, limit)
	whole := policy.Percent && policy.Value >= 100
	everything := func(set map[int64]bool, d *draft) bool {
		for _, x := range b.subjects {
			for _, h := range x.holdings {
				if h.seen != nil && h.state != released && h.seen.ID != d.DropletID && !set[h.seen.ID] {
					return false
				}
			}
		}
		return true
	}
	return func(d *draft) verdict {
		g := b.groups[d.Rollout]
		if !counted(d) || apart(b, d) || g != nil && agreed(g, d) {
			return verdict{}
		}
		planned := leave.free
		if d.Held { // one approval lets all of them through
			planned += leave.waiting
		}
		switch {
		case g != nil && leave.whole[g] > limit:
			return verdict{why: fmt.Sprintf("%d of %d registered droplets would be destroyed or replaced, and policy.max_destroy allows %d without approval",
				leave.whole[g], b.standing, limit)}
		case planned+leave.live > limit:
			why := fmt.Sprintf("%d of %d registered droplets would be destroyed or replaced", planned, b.standing)
			if leave.live > 0 {
				why += fmt.Sprintf(" while %d more are under way", leave.live)
			}
			return verdict{why: why + fmt.Sprintf(", and policy.max_destroy allows %d in one pass", limit)}
		case d.Kind == Replace && d.Corrects() && corrected > 0 && corrected+leave.corrections > limit:
			return verdict{why: fmt.Sprintf("%s replaced already because of changes outside arcadiad, and policy.max_destroy allows %d without approval",
				wereDroplets(corrected), limit)}
		case whole:
		case d.Kind == Destroy && everything(leave.ends, d):
			return verdict{why: "the fleet would be left without any droplet, which policy.max_destroy allows only as 100%"}
		case d.Kind == Replace && policy.Percent && everything(leave.goes, d):
			return verdict{why: "every droplet of the fleet would be replaced, which policy.max_destroy allows only as 100% or as a number"}
		}
		return verdict{}
	}
}

// corrected counts the replaces that no edit of the file asked for, since a person last approved one.
func corrected(b *builder) (n int) {
	for _, saga := range b.sagas {
		switch {
		case !saga.Corrects || saga.Kind != fleet.SagaReplace && !saga.DestroysFirst():
		case saga.Approved():
			n = 0
		case saga.Live || saga.Completed():
			n++
		}
	}
	return n
}

// destroysRegistered tells whether a live saga takes a registered droplet down; duplicates and late arrivals are not registered.
func destroysRegistered(b *builder, saga *fleet.Saga) bool {
	target := saga.Replaces
	switch saga.Kind {
	case fleet.SagaDestroy:
		target = saga.DropletID
	case fleet.SagaReplace:
	default:
		return false
	}
	return target == 0 || b.registered(target)
}

func wereDroplets(n int) string {
	if n == 1 {
		return "1 droplet was"
	}
	return fleet.Counted(n, "droplet") + " were"
}
