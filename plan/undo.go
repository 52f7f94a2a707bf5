package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// Undoable says what bringing back a droplet of that name out of quarantine would do: the newest one, or the one of that id. It takes the
// same inputs as Build, under the same conditions.
func Undoable(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed, name string, droplet int64, now time.Time) (Transfer, error) {
	b, err := newBuilder(desired, recorded, observed, now)
	if err != nil {
		return Transfer{}, err
	}
	h := Transfer{Kind: Undo, Name: name, DropletID: droplet}
	i := slices.IndexFunc(b.subjects, func(x *subject) bool { return fleet.Key(x.name) == fleet.Key(name) })
	var x *subject
	if i >= 0 {
		x = b.subjects[i]
		h.Name = x.name
		if x.live != nil && x.live.Kind == fleet.SagaRestore {
			h.DropletID, h.Undoing = x.live.DropletID, &Undoing{Follows: x.live.ID}
			return h, nil
		}
	}
	kept, refused := keptUnder(b, h.Name, droplet)
	if refused != "" {
		if h.Refused = refused; x != nil && x.live != nil && droplet == 0 {
			h.Refused = "no droplet of that name is kept yet, and " + liveWords(x.live)
		}
		return h, nil
	}
	h.DropletID = kept.DropletID
	h.Undoing, h.Refused = undoing(b, x, kept, &h)
	if h.Refused != "" {
		h.Undoing = nil
	}
	return h, nil
}

// keptUnder finds the droplet that is to come back.
func keptUnder(b *builder, name string, droplet int64) (kept fleet.Quarantined, refused string) {
	var list []fleet.Quarantined
	var others []string
	for _, q := range b.recorded.Quarantine {
		if fleet.Key(q.Name) == fleet.Key(name) {
			list = append(list, q)
		} else if !slices.Contains(others, q.Name) {
			others = append(others, q.Name)
		}
	}
	// The newest comes first.
	slices.SortStableFunc(list, func(a, b fleet.Quarantined) int { return b.At.Compare(a.At) })
	which := fleet.Series(fleet.Words(list, func(q fleet.Quarantined) string { return fmt.Sprint(q.DropletID) }))
	i := slices.IndexFunc(list, func(q fleet.Quarantined) bool { return droplet == 0 || q.DropletID == droplet })
	switch {
	case i >= 0:
		return list[i], ""
	case len(list) > 0:
		return kept, fmt.Sprintf("droplet %d is not kept under that name; kept is %s", droplet, which)
	}
	for _, d := range b.droplets {
		if _, marked := d.Until(); marked && fleet.Key(d.Name) == fleet.Key(name) && b.owners.Of(d.Tags).Ours() {
			then := "; arcadiad apply registers it then, if nothing else has the name"
			if b.registered(d.ID) {
				then = ""
			}
			return kept, fmt.Sprintf("droplet %d is kept by its tags, but this database does not know what it was: take the tag %s off it, "+
				"switch it on, and put its own tags back by hand%s", d.ID, d.UntilTags()[0], then)
		}
	}
	if len(others) > 0 {
		slices.SortFunc(others, fleet.CompareNames)
		return kept, "no droplet of that name is kept; kept are droplets of " + fleet.Series(others)
	}
	return kept, "no droplet of that name is kept, nor of any other: only what ends under `destroy: {keep: …}` in the fleet file is kept for a while"
}

// undoing looks at what stands in the way of the droplet, under its name and in itself.
func undoing(b *builder, x *subject, kept fleet.Quarantined, h *Transfer) (u *Undoing, refused string) {
	for _, saga := range b.sagas {
		if saga.Live && saga.DropletID == kept.DropletID {
			return nil, fmt.Sprintf("saga %s (%s) works on it, and is %s: too late to bring it back", fleet.Saga8(saga.ID), saga.Kind, saga.Status)
		}
	}
	if x == nil || x.spec == nil {
		return nil, fmt.Sprintf("put %s back into the fleet file first: what the file does not want is destroyed", kept.Name)
	}
	if b.recorded.Paused {
		return nil, "writes are paused: arcadiad resume first"
	}
	if why := unrestorable(b, kept.DropletID); why != "" {
		return nil, why
	}
	if x.waits != "" {
		return nil, x.waits
	}
	u = &Undoing{Until: kept.Until, Kept: kept, Differs: unlikeRecord(x.spec, kept.Record), Address: addressBack(b, x, kept)}
	if len(u.Differs) > 0 {
		u.Group = b.groupOf(x)
	}
	h.Spec = *x.spec
	standing := slices.DeleteFunc(slices.Clone(x.holdings), func(have holding) bool { return have.state == gone })
	if x.live != nil {
		if x.live.Kind == fleet.SagaRelease || x.live.Kind == fleet.SagaTakeOver {
			return nil, liveWords(x.live)
		}
		if registers(x) {
			return nil, fmt.Sprintf("saga %s (%s) has put droplet %d in its place already, and is %s: wait until it has ended, then undo again",
				fleet.Saga8(x.live.ID), x.live.Kind, x.live.DropletID, x.live.Status)
		}
		u.Aborts = x.live.ID
		for _, have := range standing { // what is left when it has gone back
			if len(standing) == 1 || have.record.DropletID == x.live.Replaces {
				u.Successor, h.Record = have.record.DropletID, have.record
			}
		}
		return u, ""
	}
	switch {
	case len(standing)+len(x.untracked) > 1:
		return nil, "more than one droplet of the fleet goes by that name: arcadiad plan shows them"
	case len(x.untracked) == 1:
		u.Successor = x.untracked[0].ID
	case len(standing) == 1:
		u.Successor, h.Record = standing[0].record.DropletID, standing[0].record
		switch standing[0].state {
		case missing:
			return nil, fmt.Sprintf("droplet %d, which has the name now, is missing, but it is not certain that it is gone: try again when it shows, or is gone", u.Successor)
		case busy:
			return nil, fmt.Sprintf("another saga is at work on droplet %d, which has the name now", u.Successor)
		case untagged:
			return nil, fmt.Sprintf("the tags of droplet %d, which has the name now, cannot be read: give the token the scope tag:read, or try again", u.Successor)
		}
	}
	return u, ""
}

// addressBack is the reserved IP that a droplet gets when it comes back: the one that the file gives to the name, else the one that it had. One
// that the file gives to another name stays there (law 20), and one of another region cannot be had. Empty: none.
func addressBack(b *builder, x *subject, kept fleet.Quarantined) string {
	if x.spec.ReservedIP == fleet.NoAddress {
		return ""
	}
	all, _ := listed(b)
	for _, ip := range []string{x.spec.ReservedIP, kept.Record.Values[fleet.FieldReservedIP]} {
		if ip == "" || goesTo(b, ip, x) != "" {
			continue
		}
		if a := all[ip]; a.Region == "" || strings.EqualFold(a.Region, b.droplet(kept.DropletID).Region) {
			return ip
		}
	}
	return ""
}

// unrestorable says why a kept droplet cannot be brought back, by a look; empty: it can.
func unrestorable(b *builder, id int64) string {
	i := slices.IndexFunc(b.droplets, func(d *fleet.Droplet) bool { return d.ID == id })
	if i < 0 {
		if b.gone[id] {
			return fmt.Sprintf("droplet %d is gone: somebody destroyed it", id)
		}
		return fmt.Sprintf("droplet %d is missing from the account: try again when it shows, or is gone", id)
	}
	switch d := b.droplets[i]; {
	case d.Unread.Has(fleet.UnreadTags):
		return "its tags cannot be read: give the token the scope tag:read, or try again"
	case !b.owners.Of(d.Tags).Ours():
		return "it is not this fleet's by its tags any more (" + b.owners.Of(d.Tags).Reason() + ")"
	case d.Status == fleet.StatusArchive:
		return "its status is " + string(d.Status)
	}
	return ""
}

// unlikeRecord compares what a droplet was made with and what the file asks for now, as far as a change of it is more than a record.
func unlikeRecord(spec *fleet.Spec, record fleet.Record) (differs []FieldChange) {
	for _, f := range fleet.Fields {
		was, known := record.Values[f.Name]
		want, asked := f.Desired(*spec)
		if f.Change != fleet.ChangeRecord && known && asked && was != want {
			differs = append(differs, FieldChange{Field: f.Name, From: was, To: want})
		}
	}
	return differs
}

// registers tells whether the live saga of the name is a replace that has registered its new droplet. Both of them are in service then, and what
// was registered is not destroyed because the saga goes back (law 17).
func registers(x *subject) bool {
	return x.live.Kind == fleet.SagaReplace && slices.ContainsFunc(x.holdings, func(h holding) bool { return h.record.DropletID == x.live.DropletID })
}

func liveWords(saga *fleet.Saga) string {
	return fmt.Sprintf("saga %s (%s) works on it, and is %s: wait for it, or arcadiad saga abort %[1]s", fleet.Saga8(saga.ID), saga.Kind, saga.Status)
}
