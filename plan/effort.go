package plan

import (
	"time"

	"arcadiad/fleet"
)

// An estimate assumes that a droplet is active after a minute and gone after half of one
// (docs/digitalocean-api.md, "Statuses" and "Destroying a droplet").
const (
	usuallyActive  = time.Minute
	activeLooks    = 10          // at new droplets: more of them when they may be active, see inventory.Inventory.Until
	usuallyReady   = time.Minute // from active until it passes its probe
	usuallyGone    = 30 * time.Second
	usuallyResized = 3 * time.Minute // off, resized and on again

	usuallyShutDown = 15 * time.Second // from asked to off
	usuallySnapshot = 5 * time.Minute  // minutes for each GB on the disk
	snapshotLook    = 30 * time.Second // between two questions how it goes

	perPage       = 200 // droplets on a page of a listing
	usualInterval = 5 * time.Second
)

// estimate says about how many requests the plan takes, and how long: its rollouts are counted to their end.
//
// Each create, destroy and update is a write. Whoever waits shares a look every interval, which takes a request for each of them or a
// whole listing, whichever is less. A destroy looks first. Before it creates, a pass looks for the names once more; when all is done,
// another pass looks at everything. The requests beyond a minute's share of the rate limit wait, and so do those beyond the hour's.
func estimate(b *builder) {
	creates, destroys, others, resizes, shutdowns, snapshots := 0, 0, 0, 0, 0, 0 // others: requests
	var ending time.Duration                                                     // of the one that takes longest
	for _, d := range b.drafts {
		switch {
		case !d.goesByItself():
		case d.Kind == Adopt:
			others += 2
		case d.Kind == Update:
			others += 4 * len(d.Changes)
			if d.Alter.Downtime() {
				resizes++
			}
		default:
			if d.creates() {
				creates++
			}
			if d.destroys() {
				destroys++
				ending = max(ending, usuallyEnding(d.Ending))
				if !d.Ending.Hard {
					shutdowns++
				}
				if d.Ending.Snapshot {
					snapshots++
				}
			}
		}
	}
	if creates+destroys+others == 0 {
		return
	}
	pace := b.observed.Pace
	pace.Interval = max(pace.Interval, usualInterval) // a shorter one is for an account that is faster than usual, too
	listing := (len(b.observed.Droplets)+creates+perPage-1)/perPage + 1
	looks := func(waiting int, usually time.Duration) int {
		return min(waiting, listing) * int(1+usually/pace.Interval)
	}
	e := Effort{Requests: creates + destroys + others + min(destroys, listing) + listing + 1}
	if creates > 0 {
		e.Requests += min(creates, listing)*activeLooks + 1
		e.Time += usuallyActive
	}
	if destroys > 0 {
		e.Requests += looks(destroys, usuallyGone)
		e.Time += usuallyGone + ending
	}
	if shutdowns > 0 {
		e.Requests += shutdowns + looks(shutdowns, usuallyShutDown)
	}
	e.Requests += snapshots * (3 + int(usuallySnapshot/snapshotLook)) // those that there are before and after, and the action
	if resizes > 0 {
		e.Requests += 2*resizes + looks(resizes, usuallyResized)
		e.Time += usuallyResized
	}
	e.Time += pace.Interval
	if over := e.Requests - pace.Minute; pace.Minute > 0 && over > 0 {
		e.Time += time.Duration(over) * time.Minute / time.Duration(pace.Minute)
	}
	if over := e.Requests - pace.Left; pace.Hour > 0 && over > 0 {
		e.Time = max(e.Time, time.Hour+time.Duration(over)*time.Hour/time.Duration(pace.Hour))
	}
	for _, r := range b.plan.Rollouts {
		if r.HeldBy == "" {
			e.Time = max(e.Time, r.Left)
		}
	}
	b.plan.Effort = e
}

// usuallyEnding is about how long a droplet takes to end before it is destroyed.
func usuallyEnding(e fleet.Ending) (usually time.Duration) {
	if !e.Hard {
		usually += usuallyShutDown
	}
	if e.Snapshot {
		usually += usuallySnapshot
	}
	return usually
}
