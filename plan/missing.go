package plan

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"arcadiad/fleet"
)

// Missing is a registered droplet that looks do not show any more, and that is not proved gone (law 6).
type Missing struct {
	Name      string    `json:"name"`
	DropletID int64     `json:"droplet_id"`
	Since     time.Time `json:"since,omitzero"`     // when the first look that lacked it began
	ProvedAt  time.Time `json:"proved_at,omitzero"` // when it counts as gone at the earliest
	Again     bool      `json:"again"`              // it is made again then, unless a rule holds that: the file wants it
	HeldBy    string    `json:"held_by,omitempty"`  // what will hold that, as far as it is known already: lost
}

// noteMissing reports a registered droplet that is missing, and asks for the next look.
func (b *builder) noteMissing(x *subject, h *holding) {
	b.plan.Summary.Missing++
	m := Missing{Name: x.name, DropletID: h.record.DropletID, Again: x.spec != nil}
	if a, ok := b.observed.Absence(m.DropletID); ok {
		made := b.madeAt(m.DropletID)
		m.Since, m.ProvedAt = a.Since, a.ProvedAt(made)
		b.lookAgain(a.NextLook(made))
	}
	b.plan.Missing = append(b.plan.Missing, m)
}

// lookAgain has another pass at that time.
func (b *builder) lookAgain(at time.Time) {
	if b.plan.NextLook.IsZero() || at.Before(b.plan.NextLook) {
		b.plan.NextLook = at
	}
	if b.plan.Lapses.IsZero() || at.Before(b.plan.Lapses) {
		b.plan.Lapses = at
	}
}

// madeAt is when a droplet was made, as far as it is known.
func (b *builder) madeAt(id int64) time.Time {
	if b.known == nil {
		b.known = make(map[int64]*fleet.Known, len(b.recorded.Known))
		for i := range b.recorded.Known {
			b.known[b.recorded.Known[i].DropletID] = &b.recorded.Known[i]
		}
	}
	switch k := b.known[id]; {
	case k == nil:
		return time.Time{}
	case k.CreatedAt.IsZero():
		return k.FirstSeenAt
	default:
		return k.CreatedAt
	}
}

// Says tells since when it is missing, and what comes of it.
func (m Missing) Says() string {
	if m.Since.IsZero() {
		return "missing from the account"
	}
	words := "missing from the account since " + clock(m.Since)
	if m.ProvedAt.IsZero() {
		return words
	}
	switch {
	case !m.Again:
		return words + "; forgotten if still missing at " + clock(m.ProvedAt)
	case m.HeldBy != "":
		return words + "; if still missing at " + clock(m.ProvedAt) + ", it waits for your approval: more than policy.max_lost are missing"
	}
	return words + "; created again if still missing at " + clock(m.ProvedAt)
}

// clock is a time of these days.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// goneUnder are the droplets that are proved gone and still recorded under a name: they are forgotten when another is registered there, and
// the first of them that shows before that keeps the name.
func goneUnder(x *subject) (ids []int64) {
	for _, h := range x.holdings {
		if h.state == gone {
			ids = append(ids, h.record.DropletID)
		}
	}
	return ids
}

// forget drops the records of droplets that are gone, where nobody wants them to be made again: the file does not want the name, or
// another droplet is registered under it.
func (b *builder) forget(x *subject) {
	taken := slices.ContainsFunc(x.holdings, func(h holding) bool { return h.state == present })
	if x.spec == nil || taken {
		b.plan.Forget = append(b.plan.Forget, goneUnder(x)...)
	}
}

// overMaxLost holds the creates of registered droplets that are gone when more are lost than policy.max_lost allows: somebody deleted
// them on purpose, or what the account shows is not so. Those that are missing count too: they may be gone in a minute. Where the
// database has made no droplet, and the fleet's tag counts more than are shown, every create is held.
func (b *builder) overMaxLost() func(*draft) verdict {
	lost, limit := b.lost(), b.maxLost()
	facts := make([]string, len(lost))
	for i, id := range lost {
		facts[i] = strconv.FormatInt(id, 10)
	}
	slices.Sort(facts) // once, and not for each action
	traces := b.tracesLost()
	return func(d *draft) verdict {
		switch {
		case d.Kind != Provision:
			return verdict{}
		case traces != "":
			return verdict{why: traces}
		case len(lost) <= limit || len(d.Lost) == 0:
			return verdict{}
		}
		why := fmt.Sprintf("%d of %d registered droplets are missing from the account, and policy.max_lost allows %d to be made again unasked: "+
			"look at the account first; one that shows again keeps its name", len(lost), len(b.records), limit)
		return verdict{why: why, facts: facts}
	}
}

// maxLost is how many registered droplets may be lost and are made again unasked.
func (b *builder) maxLost() int { return max(1, b.desired.Policy.MaxLost.Of(len(b.records))) }

// warnOfLost says of what is missing that a person will be asked once it is gone, where so much is lost by now.
func (b *builder) warnOfLost() {
	if len(b.plan.Missing) == 0 || len(b.lost()) <= b.maxLost() {
		return
	}
	for i := range b.plan.Missing {
		if b.plan.Missing[i].Again {
			b.plan.Missing[i].HeldBy = holdLost
		}
	}
}

// lost are the registered droplets that are gone or missing, by id.
func (b *builder) lost() (ids []int64) {
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
func (b *builder) tracesLost() string {
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
	return fmt.Sprintf("this state database has made no droplet yet, and by the count of the tag %s the fleet has %d, of which the account shows %d: "+
		"wait until it shows them all, or look at the account first", fleet.FleetTag(b.desired.Name), b.observed.Traces.Droplets, shown)
}

// heldByTraces waits with every create while nothing but the tag of the fleet is left, and it is not proved that its droplets are gone.
func (b *builder) heldByTraces(d *draft) string {
	a, absent := b.observed.Absence(0)
	if !absent || !a.GoneAt.IsZero() || !d.creates() || !b.recorded.MadeNothing() {
		return ""
	}
	old := a.Since.Add(-24 * time.Hour)
	b.lookAgain(a.NextLook(old))
	return fmt.Sprintf("this state database has made no droplet yet, the tag %s is there, and no droplet shows it: created if that is still so at %s",
		fleet.FleetTag(b.desired.Name), clock(a.ProvedAt(old)))
}
