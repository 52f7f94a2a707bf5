package plan

import (
	"fmt"
	"strconv"

	"arcadiad/fleet"
)

// decide plans for one name.
func decide(c *comparer, x *subject) {
	b := c.builder
	if x.live != nil {
		return // one saga at a time (law 2): the next pass sees what became of it
	}
	note(b, x)
	forget(b, x)
	if x.waits != "" {
		b.warn("%s", x.waits)
	}
	if x.waits != "" || x.heir != nil {
		return
	}
	kept, occupied := keeperOf(b, x)
	switch {
	case x.spec == nil:
		undesired(b, x)
	case kept != nil:
		c.compare(x, *kept)
		extras(b, x, kept.seen)
	case occupied:
		// Something is registered under the name, and what became of it is not known: nothing is safe to do.
	case len(x.untracked) > 0:
		adoptUntracked(b, x)
	default:
		reason, cause := absence(b, x)
		b.add(draft{subject: x, Action: Action{Kind: Provision, Reason: reason, Cause: cause, Lost: goneUnder(x)}})
	}
}

// note reports what is odd about a name, whatever is done about it.
func note(b *builder, x *subject) {
	for _, h := range x.holdings {
		switch {
		case h.state == released && !b.blind:
			b.plan.Released = append(b.plan.Released, Released{Name: x.name, DropletID: h.record.DropletID, Reason: h.reason})
		case h.state == untagged && !b.blind:
			b.warn("%s (droplet %d) is listed without its tags and is left alone until they show: the token may lack the scope tag:read",
				x.name, h.record.DropletID)
		case h.state == isolated:
			b.warn("%s (droplet %d) shows the tag %s: it was taken out of its name to be kept, and this state database is older than that; it is left alone; "+
				"to have it back: take that tag off it, and switch it on; to do without it: arcadiad release %[1]s", x.name, h.record.DropletID, h.seen.UntilTags()[0])
		case h.state == missing && h.seen == nil:
			noteMissing(b, x, &h)
		case h.state == missing:
			b.plan.Summary.Missing++
			b.warn("%s (droplet %d) has status %s, but it is not certain that it is gone: this pass leaves it alone", x.name, h.record.DropletID, h.seen.Status)
		}
	}
	for _, h := range x.holdings {
		if h.state == present && h.seen.Status == fleet.StatusNew && !h.seen.CreatedAt.IsZero() && b.now.Sub(h.seen.CreatedAt) > hopeless {
			b.warn("%s (droplet %d) is still in status new %d hours after its creation: ask DigitalOcean about it, or destroy it in the console, "+
				"and arcadiad creates another", x.name, h.record.DropletID, int(b.now.Sub(h.seen.CreatedAt).Hours()))
		}
	}
	for _, d := range x.returned {
		b.warn("droplet %d (%s) was released and has arcadiad's tags again; it is left alone; to manage it again: arcadiad adopt %[2]s", d.ID, x.name)
	}
	if len(takenBy(b, x)) > 0 && !x.stands() {
		return // the hold name_taken says so
	}
	for _, d := range x.strangers {
		b.warn("%s exists already (droplet %d), but arcadiad does not manage it: it is left alone, and does not count as %[1]s%[3]s", x.name, d.ID,
			adoptHint(b, x, d))
	}
}

// adoptHint says how to have the droplet of that name, where another would be made beside it.
func adoptHint(b *builder, x *subject, stranger *fleet.Droplet) string {
	if len(x.strangers) > 1 || len(x.holdings)+len(x.untracked) > 0 || Ownerless(b.desired.Name, *stranger, false) != "" {
		return ""
	}
	return "; to take it over instead of creating another: arcadiad adopt " + x.name
}

// keeperOf chooses the registered droplet that stands for the name, and tells whether anything registered occupies it. More than
// one registered droplet is rare: the active one that fits the file stays, else the one with the lowest id.
func keeperOf(b *builder, x *subject) (kept *holding, occupied bool) {
	for i := range x.holdings {
		h := &x.holdings[i]
		if h.state == gone {
			continue
		}
		occupied = true
		if h.state == present && (kept == nil || !suits(b, x, kept.seen) && suits(b, x, h.seen)) {
			kept = h
		}
	}
	return kept, occupied
}

// undesired plans the end of everything under a name that the file does not want.
func undesired(b *builder, x *subject) {
	for _, h := range x.holdings {
		if h.state == present {
			b.add(draft{subject: x, seen: h.seen, record: h.record, Action: Action{Kind: Destroy, Reason: "no longer in fleet.yaml", Cause: CauseFile}})
		}
	}
	for _, d := range x.untracked {
		maker := b.makerOf(d)
		reason := "unknown origin: it has the fleet's tags, but no saga of this state database created it"
		switch {
		case maker != nil && !maker.Completed():
			reason = "late arrival: saga " + fleet.Saga8(maker.ID) + " had given it up, and it is not in fleet.yaml"
		case maker != nil:
			reason = "untracked: it has the tag of saga " + fleet.Saga8(maker.ID) + ", is not registered and is not in fleet.yaml"
		}
		b.add(draft{subject: x, seen: d, Action: Action{Kind: Destroy, Reason: reason}})
	}
}

// absence says why there is no droplet of the name: the record of one that is gone, or the last saga that came through, tells.
func absence(b *builder, x *subject) (reason string, cause Cause) {
	if lost := goneUnder(x); len(lost) > 0 {
		return "droplet " + strconv.FormatInt(lost[0], 10) + " is gone", CauseBroken
	}
	if kept := b.keptOf(x); kept != nil {
		return fmt.Sprintf("not in the account yet; arcadiad undo %s brings droplet %d back instead", x.name, kept.id()), CauseFile
	}
	if saga := x.lastDone(); saga != nil {
		switch droplet := "droplet " + strconv.FormatInt(saga.DropletID, 10); {
		case saga.DestroysFirst():
			return droplet + " was destroyed first, to make room for it", CauseFile
		case b.registered(saga.DropletID):
			return droplet + " has another name now", CauseFile
		case saga.Kind != fleet.SagaDestroy && saga.Kind != fleet.SagaRelease && saga.DropletID != 0:
			return droplet + " is gone", CauseBroken
		}
	}
	if x.spec.Was != "" {
		return "not in the account yet, nor under its old name", CauseFile
	}
	return "not in the account yet", CauseFile
}
