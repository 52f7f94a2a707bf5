package plan

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"arcadiad/fleet"
)

// noteMissing reports a registered droplet that is missing, and asks for the next look.
func noteMissing(b *builder, x *subject, h *holding) {
	b.plan.Summary.Missing++
	m := Missing{Name: x.name, DropletID: h.record.DropletID, Again: x.spec != nil}
	if a, ok := b.observed.Absence(m.DropletID); ok {
		made := madeAt(b, m.DropletID)
		m.Since, m.ProvedAt = a.Since, a.ProvedAt(made)
		b.lookAgain(a.NextLook(made))
	}
	b.plan.Missing = append(b.plan.Missing, m)
}

// madeAt is when a droplet was made, as far as it is known.
func madeAt(b *builder, id int64) time.Time {
	if b.known == nil {
		b.known = make(map[int64]*fleet.Known, len(b.recorded.Known))
		for i := range b.recorded.Known {
			b.known[b.recorded.Known[i].DropletID] = &b.recorded.Known[i]
		}
	}
	if k := b.known[id]; k != nil {
		return k.Made()
	}
	return time.Time{}
}

// forget drops the records of droplets that are gone, where nobody wants them to be made again: the file does not want the name, or
// another droplet is registered under it.
func forget(b *builder, x *subject) {
	taken := slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == present })
	if x.spec == nil || taken {
		b.plan.Forget = append(b.plan.Forget, goneUnder(x)...)
	}
}

// overMaxLost holds the creates of registered droplets that are gone when more are lost than policy.max_lost allows: somebody deleted
// them on purpose, or what the account shows is not so. Those that are missing count too: they may be gone in a minute. Where the
// database has made no droplet, and the fleet's tag counts more than are shown, every create is held.
func overMaxLost(b *builder) func(*draft) verdict {
	lost, limit := lost(b), maxLost(b)
	facts := fleet.Words(lost, func(id int64) string { return strconv.FormatInt(id, 10) })
	slices.Sort(facts) // once, and not for each action
	traces := tracesLost(b)
	return func(d *draft) verdict {
		switch {
		case d.Kind != Provision:
			return verdict{}
		case traces != "":
			return verdict{why: traces}
		case len(lost) <= limit || len(d.Lost) == 0:
			return verdict{}
		}
		why := fmt.Sprintf("%d of %d registered droplets are missing from the account, and policy.max_lost allows %d to be created again without approval: "+
			"check the account first; a droplet that shows again keeps its name", len(lost), len(b.records), limit)
		return verdict{why: why, facts: facts}
	}
}

// maxLost is how many registered droplets may be lost and are made again unasked.
func maxLost(b *builder) int { return max(1, b.desired.Policy.MaxLost.Of(len(b.records))) }

// warnOfLost says of what is missing that a person will be asked once it is gone, where so much is lost by now.
func warnOfLost(b *builder) {
	if len(b.plan.Missing) == 0 || len(lost(b)) <= maxLost(b) {
		return
	}
	for i := range b.plan.Missing {
		if b.plan.Missing[i].Again {
			b.plan.Missing[i].HeldBy = holdLost
		}
	}
}

// lost are the registered droplets that are gone or missing, by id.
func lost(b *builder) (ids []int64) {
	for _, x := range b.subjects {
		for _, h := range x.holdings {
			if h.state == gone || h.state == missing && h.seen == nil {
				ids = append(ids, h.record.DropletID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// tracesLost says what the fleet's tag tells of droplets that the account does not show (law 7).
func tracesLost(b *builder) string {
	if b.observed.Traces == nil || !b.recorded.MadeNothing() {
		return ""
	}
	shown := 0
	for _, d := range b.droplets {
		if d.OfFleet(b.desired.Name) {
			shown++
		}
	}
	if b.observed.Traces.Droplets <= shown {
		return ""
	}
	return fmt.Sprintf("this state database has created no droplet yet; by the count of the tag %s the fleet has %d, of which the account shows %d: "+
		"wait until it shows them all, or check the account first", fleet.FleetTag(b.desired.Name), b.observed.Traces.Droplets, shown)
}
