package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// made reports whether a saga of this journal is proved to have made a droplet that nothing ever registered (law 5). Such a droplet is
// destroyed unasked, unless the rules protect, volumes and reserved_ip hold it.
func made(b *builder, d *fleet.Droplet) bool {
	maker := b.makerOf(d)
	if maker == nil || !b.recorded.Registration(d.ID).RegisteredAt.IsZero() || b.registered(d.ID) {
		return false
	}
	return maker.Creates.Made(maker.ID, maker.Name, *d, bearers(b, maker))
}

// bearers are the droplets that a saga may have made: the one that it took for its own, what shows its tag and its name, what was
// registered as its own, and what bore its tag before it ended.
func bearers(b *builder, maker *fleet.Saga) []int64 {
	if b.byMaker == nil {
		b.byMaker = map[string][]int64{}
		for _, d := range b.droplets {
			for _, tag := range d.Saga8s() {
				if saga := b.journal[tag]; saga != nil && fleet.Key(saga.Name) == fleet.Key(d.Name) {
					b.byMaker[tag] = append(b.byMaker[tag], d.ID)
				}
			}
		}
		for _, r := range b.records {
			b.byMaker[fleet.Saga8(r.SagaID)] = append(b.byMaker[fleet.Saga8(r.SagaID)], r.DropletID)
		}
	}
	return slices.Concat([]int64{maker.DropletID}, maker.Ended, b.byMaker[fleet.Saga8(maker.ID)])
}

// rivals are the droplets by which another arcadiad shows that works on this fleet (law 16): made after the first look by a saga that is not
// in this journal. One that is registered, or adopted by this very plan, is none.
func rivals(b *builder) (rivals []*fleet.Droplet) {
	adopted := map[int64]bool{}
	for _, d := range b.drafts {
		if d.Kind == Adopt {
			adopted[d.DropletID] = true
		}
	}
	for _, x := range b.subjects {
		for _, d := range x.untracked {
			if b.recorded.FirstLook > 0 && d.ID > b.recorded.FirstLook && len(d.Saga8s()) > 0 && b.makerOf(d) == nil && !adopted[d.ID] {
				rivals = append(rivals, d)
			}
		}
	}
	return rivals
}

// overOrigin holds what would destroy a droplet that is not proved to be a leftover, or that another arcadiad may count on. A tag alone
// permits to adopt a droplet, and no more (laws 5 and 16).
func overOrigin(b *builder) func(*draft) verdict {
	rivals := rivals(b)
	others := fleet.Words(rivals, func(d *fleet.Droplet) string { return fmt.Sprint(d.ID) })
	return func(d *draft) verdict {
		switch {
		case d.Kind == Purge && d.purges.row == nil:
			return verdict{facts: []string{"no row"}, why: fmt.Sprintf("droplet %s shows that it was kept for a while, and this state database did not take it "+
				"out of its name; arcadiad approve %s destroys it; take the tag %s off it to keep it", since(d.seen), b.plan.ID, fleet.ManagedTag)}
		case d.Kind == Purge && d.seen.Status != fleet.StatusOff:
			return verdict{facts: []string{"on"}, why: fmt.Sprintf("droplet %s is not off: somebody switched it on while it was kept; arcadiad approve %s destroys it; "+
				"take the tag %s off it to keep it", since(d.seen), b.plan.ID, fleet.ManagedTag)}
		case unproved(b, d):
			return competes(b, d)
		case d.destroys() && len(rivals) > 0:
			return verdict{facts: others, why: fmt.Sprintf("droplet %s of this fleet was created after the first look of this state database, by a saga that "+
				"it does not know%s: another arcadiad works on fleet %s; stop one of the two, then destroy or rename that droplet, or remove its tag %s",
				since(rivals[0]), fleet.More(len(rivals)-1), b.desired.Name, fleet.ManagedTag)}
		case d.Kind == Replace && standIn(b, d) != nil:
			stand := standIn(b, d)
			return verdict{facts: []string{fmt.Sprint(stand.ID)}, why: fmt.Sprintf("droplet %s shows the tag %s: it was created to replace it already; "+
				"destroy one of the two, and the other stays", since(stand), fleet.ReplacesTag(d.DropletID))}
		case (d.Kind == Replace || d.Alter.Downtime() || d.Alter.EndsBackups()) && adoptedMisfit(b, d):
			made := "no saga of this state database created it"
			if b.makerOf(d.seen) != nil {
				made = fmt.Sprintf("it shows the tag of saga %s, which is not proved to have created it", d.seen.Saga8s()[0])
			}
			return verdict{why: made + ", and it differed from the file already when it was adopted"}
		}
		return verdict{}
	}
}

// unproved tells whether an action destroys what no saga of this journal is proved to have made, or what was registered once and another
// stands for the name now (law 5).
func unproved(b *builder, d *draft) bool {
	return d.Kind == Destroy && (d.record == nil && !made(b, d.seen) || d.record != nil && d.kept != nil)
}

// competes says why a droplet is held that is one too many under its name, and how to keep it, or the other one.
func competes(b *builder, d *draft) verdict {
	var why strings.Builder
	switch registration := b.recorded.Registration(d.DropletID); {
	case d.record != nil || !registration.RegisteredAt.IsZero():
		fmt.Fprintf(&why, "droplet %s was registered before", since(d.seen))
	case b.makerOf(d.seen) != nil:
		fmt.Fprintf(&why, "droplet %s shows the tag of saga %s, which is not proved to have created it", since(d.seen), d.seen.Saga8s()[0])
	default:
		fmt.Fprintf(&why, "no saga of this state database created it: droplet %s", since(d.seen))
	}
	fmt.Fprintf(&why, "; arcadiad approve %s destroys it; take the tag %s off it to keep it", b.plan.ID, fleet.ManagedTag)
	v := verdict{}
	if d.kept != nil {
		fmt.Fprintf(&why, "; to keep it as %s instead, destroy droplet %s", d.Name, since(d.kept))
		v.facts = []string{fmt.Sprint(d.kept.ID)}
	}
	v.why = why.String()
	return v
}

// standIn finds an unregistered droplet that was made to replace the one that a replace is about; nil: there is none.
func standIn(b *builder, d *draft) *fleet.Droplet {
	for _, c := range d.subject.untracked {
		if slices.Contains(c.Replaces(), d.DropletID) && !made(b, c) {
			return c
		}
	}
	return nil
}

// since names a droplet by its id and when it was made.
func since(d *fleet.Droplet) string {
	if d.CreatedAt.IsZero() {
		return fmt.Sprint(d.ID)
	}
	return fmt.Sprintf("%d (made at %s)", d.ID, d.CreatedAt.UTC().Format(time.RFC3339))
}

// adoptedMisfit tells whether a droplet that no saga of this journal is proved to have made was adopted for the very spec that it is to be
// replaced for: it differed from the file then, so this file is not the one it was made from, and it may be somebody else's.
func adoptedMisfit(b *builder, d *draft) bool {
	if maker := b.makerOf(d.seen); maker != nil && maker.Creates.Made(maker.ID, maker.Name, *d.seen, bearers(b, maker)) {
		return false
	}
	for _, saga := range slices.Backward(d.subject.past) {
		if saga.Completed() && (saga.Kind == fleet.SagaAdopt || saga.Kind == fleet.SagaTakeOver) && saga.DropletID == d.DropletID {
			return saga.SpecHash == d.hash
		}
	}
	return false
}
