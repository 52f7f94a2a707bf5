package state

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// MinKeepSagas is how long an ended saga is kept at least. For 7 days it is watched for droplets that come late (law 5).
const MinKeepSagas = 8 * 24 * time.Hour

// Retention says how long what is over is kept; 0: for ever.
type Retention struct {
	Sagas   time.Duration // ended sagas and rollouts, and approvals, since their end; at least MinKeepSagas
	Deleted time.Duration // rows of droplets, since they were proved gone
}

// Removed counts what Retain removed.
type Removed struct{ Sagas, Approvals, Rollouts, Deleted int64 }

// Needed is what asks for sagas.
type Needed struct {
	Sagas    map[string]bool // by id: named by records and by droplets in quarantine
	Tagged   map[string]bool // the part of the id that tags carry, of droplets that are not proved gone
	Droplets map[int64]bool  // that are not proved gone
	Rollouts map[string]bool // by id: live ones, which know by their sagas how far they are, and what stopped them
}

// Past is what Expired needs to know of a saga.
type Past struct {
	fleet.Facts
	id        string
	status    saga.Status
	ended     time.Time // zero: live
	update    bool      // it changed a living droplet, and made none
	missing   bool      // it sent a create whose droplet was never seen
	leavesTag bool      // it may have made droplets, and its tag is not known to be gone from the account
	spoilt    bool      // its row cannot be read whole
}

// PastOf reads the labels of a saga. Spoilt: something of its row could not be read.
func PastOf(id, kind string, status saga.Status, ended time.Time, labels map[string]string, spoilt bool) Past {
	f, err := fleet.FactsOf(labels)
	return Past{
		Facts: f, id: id, status: status, ended: ended, update: kind == fleet.SagaUpdate,
		missing:   len(f.Creates.Bearers(f.DropletID, f.Replaces)) < f.Creates.Sent,
		leavesTag: fleet.Saga{Kind: kind}.Makes() && !f.TagGone,
		spoilt:    spoilt || err != nil,
	}
}

// Expired gives the sagas for one name that may go: those from the oldest on, up to the first that is still needed; and beyond that
// one the updates from the oldest on. What a later one tells about its name (that it succeeded, or was forgiven) is about those before
// it, so it goes last.
//
// A saga is needed, however old, as long as something may still ask for it: a record names it; a droplet that is not proved gone is its
// own, or shows its tag; its tag is not known to be gone from the account, where nobody else would take it away; it sent a create whose
// droplet was never seen, and may still turn up; it is a failure that holds its name back (law 14), because nothing succeeded since; or its
// rollout is live. Updates only stand before each other: a droplet that another tool changes again and again would fill the journal for as long as it
// lives.
func Expired(sagas []Past, n Needed, before time.Time) (ids []string) {
	over := func(p Past) bool {
		return !p.status.Live() && !p.ended.IsZero() && p.ended.Before(before) && !p.spoilt && !n.Rollouts[p.Rollout]
	}
	answered := lastAnswer(sagas, func(Past) bool { return true })
	first := 0 // that is still needed
	for ; first < len(sagas); first++ {
		p := sagas[first]
		stalls := p.status == saga.Compensated && p.Undone && first > answered
		lives := n.Droplets[p.DropletID] || n.Droplets[p.Replaces]
		if !over(p) || stalls || lives || p.leavesTag || p.missing || n.Sagas[p.id] || n.Tagged[fleet.Saga8(p.id)] {
			break
		}
		ids = append(ids, p.id)
	}
	answered = lastAnswer(sagas, func(p Past) bool { return p.update })
	for i := first; i < len(sagas); i++ {
		p := sagas[i]
		if !p.update {
			continue
		}
		if stalls := p.status == saga.Compensated && i > answered; !over(p) || stalls {
			break
		}
		ids = append(ids, p.id)
	}
	return ids
}

// lastAnswer is the place of the last of some sagas that put an end to the failures before it; -1: there is none.
func lastAnswer(sagas []Past, some func(Past) bool) int {
	for i := len(sagas) - 1; i >= 0; i-- {
		if p := sagas[i]; some(p) && (p.status == saga.Completed || p.Retried) {
			return i
		}
	}
	return -1
}
