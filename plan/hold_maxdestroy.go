package plan

import (
	"fmt"

	"arcadiad/fleet"
)

// counted tells whether policy.max_destroy counts the action: it counts what is registered (law 5).
func counted(d *draft) bool { return d.destroys() && d.record != nil }

// departures are the registered droplets that go: by the actions of the plan, and by sagas that are live.
type departures struct {
	free, waiting int // actions that nothing holds yet, and those that a person may let through
	live          int
	corrections   int            // replaces among the free ones that no edit of the file asked for
	goes          map[int64]bool // droplets that are destroyed or replaced
	ends          map[int64]bool // those of them that nothing replaces
}

func leaving(b *builder) departures {
	leave := departures{goes: map[int64]bool{}, ends: map[int64]bool{}}
	for _, d := range b.drafts {
		switch {
		case !counted(d) || d.Held && !d.Approvable:
			continue
		case d.Held:
			leave.waiting++
			continue
		}
		leave.free++
		if d.Kind == Replace && d.Corrects() {
			leave.corrections++
		}
		leave.goes[d.DropletID], leave.ends[d.DropletID] = true, d.Kind == Destroy
	}
	for _, saga := range b.sagas {
		if saga.Live && destroysRegistered(b, saga) {
			leave.live++
			id := saga.Replaces
			if saga.Kind == fleet.SagaDestroy {
				id = saga.DropletID
			}
			leave.goes[id], leave.ends[id] = true, saga.Kind == fleet.SagaDestroy && !saga.DestroysFirst()
		}
	}
	return leave
}

// overMaxDestroy holds every destroy and replace when they are more than policy.max_destroy allows: which few of too many should go
// ahead is not for a program to choose. What no edit of the file asked for counts over time, until a person approves more of it. The
// last droplets of a fleet are destroyed unasked only where the policy says 100%.
func overMaxDestroy(b *builder) func(*draft) verdict {
	leave := leaving(b)
	corrected := corrected(b)
	policy := b.desired.Policy.MaxDestroy
	limit := policy.Of(b.standing)
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
		if !counted(d) {
			return verdict{}
		}
		planned := leave.free
		if d.Held { // one approval lets all of them through
			planned += leave.waiting
		}
		switch {
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
