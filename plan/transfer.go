package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// Adoptable says what adopting droplets of these names would do; for no names, of every name that the file wants and that has a
// droplet to adopt, or to refuse. It takes the same inputs as Build, under the same conditions.
func Adoptable(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed, names []string, now time.Time) ([]Transfer, error) {
	b, err := newBuilder(desired, recorded, observed, now)
	if err != nil {
		return nil, err
	}
	if observed.Partial {
		return nil, fmt.Errorf("%w: the account's listing kept changing, so a name may exist twice; try again", ErrNotWhole)
	}
	bearers := map[string][]*fleet.Droplet{}
	kept := fleet.SetOf(b.quarantined, quarantined.id) // bears no name
	for _, d := range b.droplets {
		if !kept[d.ID] {
			bearers[fleet.Key(d.Name)] = append(bearers[fleet.Key(d.Name)], d)
		}
	}
	asked := fleet.SetOf(names, fleet.Key)
	var list []Transfer
	for _, x := range b.subjects {
		key := fleet.Key(x.name)
		if x.spec == nil || len(names) > 0 && !asked[key] {
			continue
		}
		delete(asked, key)
		h, settled := adoptable(b, x, bearers[key])
		if !settled || len(names) > 0 {
			list = append(list, h)
		}
	}
	for _, n := range names {
		if asked[fleet.Key(n)] {
			delete(asked, fleet.Key(n))
			list = append(list, Transfer{Kind: TakeOver, Name: n, Refused: "it is not in the fleet file: add its stanza first (arcadiad import writes one)"})
		}
	}
	return list, nil
}

// adoptable looks at one desired name. Settled: it is refused only because there is nothing to adopt.
func adoptable(b *builder, x *subject, bearers []*fleet.Droplet) (h Transfer, settled bool) {
	h = Transfer{Kind: TakeOver, Name: x.name, Spec: *x.spec}
	if x.live != nil {
		h.DropletID, h.Refused = x.live.DropletID, liveWords(x.live)
		return h, true
	}
	for _, have := range x.holdings {
		switch {
		case have.state == gone:
		case have.state == released && (!have.seen.Managed() || givenBack(b, have.seen)):
			h.Record = have.record // somebody took the tags off, or gave the droplet back: they go back on
		default:
			h.DropletID, h.Refused = have.record.DropletID, "it is registered already"
			return h, true
		}
	}
	switch {
	case len(x.untracked) > 0:
		h.DropletID, h.Refused = x.untracked[0].ID, "it has the fleet's tags already: arcadiad apply registers it"
		return h, true
	case len(bearers) == 0:
		h.Refused = "there is no droplet of that name"
		return h, true
	case len(bearers) > 1:
		h.Refused = fmt.Sprintf("%d droplets have that name (%s): rename those that are not meant", len(bearers), ids(bearers))
		return h, false
	}
	d := bearers[0]
	h.DropletID, h.Returned = d.ID, givenBack(b, d)
	h.Refused = untransferable(b, d, h)
	if h.Refused == "" {
		_, h.Assumed = fleet.Adopted(*d, *x.spec)
		_, h.Differs = unlike(x.spec, d)
	}
	return h, false
}

// untransferable says why a droplet must not be taken over (law 1), or had better not; empty: it may.
func untransferable(b *builder, d *fleet.Droplet, h Transfer) string {
	if h.Record != nil && h.Record.DropletID != d.ID {
		return fmt.Sprintf("droplet %d is registered under the name, and released: arcadiad release %s frees it", h.Record.DropletID, h.Name)
	}
	if why := Ownerless(b.desired.Name, *d, h.Returned); why != "" {
		return why
	}
	if misfits, _ := unlike(&h.Spec, d); len(misfits) > 0 {
		words := fleet.Words(misfits, func(c FieldChange) string {
			return fmt.Sprintf("%s is %s and not %s", c.Field, fleet.Value(c.From), fleet.Value(c.To))
		})
		return "it is not what the file asks for, so it would be replaced: " + fleet.Series(words) + "; change the file to match the droplet"
	}
	return ""
}

// givenBack reports whether a person released the droplet.
func givenBack(b *builder, d *fleet.Droplet) bool {
	return !b.recorded.Registration(d.ID).ReleasedAt.IsZero()
}

// Releasable says what giving the droplet of that name back would do. It takes the same inputs as Build, under the same conditions.
func Releasable(desired fleet.Fleet, recorded fleet.Recorded, observed fleet.Observed, name string, now time.Time) (Transfer, error) {
	b, err := newBuilder(desired, recorded, observed, now)
	if err != nil {
		return Transfer{}, err
	}
	for _, x := range b.subjects {
		if fleet.Key(x.name) == fleet.Key(name) {
			return releasable(b, x), nil
		}
	}
	return Transfer{Kind: Release, Name: name, Refused: "no droplet is registered under that name"}, nil
}

func releasable(b *builder, x *subject) Transfer {
	h := Transfer{Kind: Release, Name: x.name}
	if x.live != nil {
		h.DropletID, h.Refused = x.live.DropletID, liveWords(x.live)
		return h
	}
	standing := slices.DeleteFunc(slices.Clone(x.holdings), func(h holding) bool { return h.state == gone })
	// What may not stand under its name any more can give it to the one that does.
	if len(standing) == 1 && len(x.untracked) == 1 && (standing[0].state == released || standing[0].state == isolated) {
		h.Heir = x.untracked[0].ID
	}
	switch {
	case len(standing)+len(x.untracked) > 1 && h.Heir == 0:
		h.Refused = "more than one droplet of the fleet goes by that name: arcadiad plan shows them"
		return h
	case len(x.untracked) == 1 && h.Heir == 0:
		h.DropletID = x.untracked[0].ID
	case len(standing) == 0:
		h.Refused = "no droplet is registered under that name"
		return h
	default:
		h.DropletID, h.Record = standing[0].record.DropletID, standing[0].record
		switch standing[0].state {
		case missing:
			h.Refused = "it is missing, but it is not certain that it is gone: try again when it shows, or is gone"
			return h
		case busy:
			h.Refused = "another saga is at work on it"
			return h
		case untagged:
			h.Refused = "its tags cannot be read: give the token the scope tag:read, or try again"
			return h
		case released:
			h.Untagged = true
			if marks := standing[0].seen.Marks(); len(marks) > 0 {
				h.Note = "it is not this fleet's by its tags, so these stay on it: " + strings.Join(marks, ", ")
			}
		}
	}
	if x.spec != nil && h.Heir == 0 {
		h.KeepsName, h.Another = !h.Untagged, h.Untagged
	}
	return h
}

func ids(droplets []*fleet.Droplet) string {
	return fleet.Series(fleet.Words(droplets, func(d *fleet.Droplet) string { return fmt.Sprint(d.ID) }))
}
