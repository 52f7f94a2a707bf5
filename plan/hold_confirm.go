package plan

import (
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

// confirmAfter is how long drift must have been there before it is corrected: a listing may lag behind what arcadiad did itself.
const confirmAfter = 30 * time.Second

// heldByConfirm wants a second look at drift, also where the file asks for more in one update: going back would put back what was never
// there. A person who asks is as good as one, but not for a replace.
func heldByConfirm(b *builder, d *draft) verdict {
	if d.Kind != Update && !d.Corrects() || b.recorded.Hurry && d.Kind == Update {
		return verdict{}
	}
	if !slices.ContainsFunc(d.Changes, func(c FieldChange) bool {
		return c.Cause != CauseFile && !c.Along && (b.observed.BeganAt.Sub(c.Since) < confirmAfter || c.Since.IsZero())
	}) {
		return verdict{}
	}
	b.waitsUntil(b.now.Add(confirmAfter), confirmAfter)
	return verdict{why: "noticed just now; corrected when another look confirms it"}
}

// heldByTraces waits with every create while nothing but the tag of the fleet is left, and it is not proved that its droplets are gone.
func heldByTraces(b *builder, d *draft) verdict {
	a, absent := b.observed.Absence(0)
	if !absent || !a.GoneAt.IsZero() || !d.creates() || !b.recorded.MadeNothing() {
		return verdict{}
	}
	old := a.Since.Add(-24 * time.Hour)
	b.lookAgain(a.NextLook(old))
	return verdict{why: fmt.Sprintf("this state database has created no droplet yet; the tag %s exists, but no droplet has it: created if that is still so at %s",
		fleet.FleetTag(b.desired.Name), clock(a.ProvedAt(old)))}
}
