package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
)

// adoptUntracked adopts one of the unregistered droplets that bear a desired name and our tags (laws 5 and 16). No registered droplet stands
// for the name.
func adoptUntracked(b *builder, x *subject) {
	if awaited(b, x, x.untracked) {
		return
	}
	left := oneOfEachSaga(b, withoutReplaced(x.untracked))
	kept := left[max(0, slices.IndexFunc(left, func(d *fleet.Droplet) bool { return suits(b, x, d) }))]
	adopt(b, x, kept)
	extras(b, x, kept)
}

// hopeless is the age at which a new droplet is no longer expected to become active: a saga waits for an hour at most (law 14).
const hopeless = 2 * time.Hour

// awaited tells whether a replacement among the untracked droplets is still on its way. Until it is active or gone, nobody knows which of the
// pair is to stay. One that is not active long after any saga would have given it up never will be.
func awaited(b *builder, x *subject, untracked []*fleet.Droplet) bool {
	for _, d := range untracked {
		for _, old := range d.Replaces() {
			if !d.Settled() && (d.CreatedAt.IsZero() || b.now.Sub(d.CreatedAt) < hopeless) && slices.ContainsFunc(untracked, func(c *fleet.Droplet) bool { return c.ID == old }) {
				b.warn("%s: droplet %d replaces droplet %d and is not active yet; neither is adopted until it is", x.name, d.ID, old)
				return true
			}
		}
	}
	return false
}

// withoutReplaced drops the droplets that an active replacement among them stands in for.
func withoutReplaced(untracked []*fleet.Droplet) []*fleet.Droplet {
	left := slices.Clone(untracked)
	for _, d := range untracked {
		if d.Status != fleet.StatusActive {
			continue
		}
		for _, old := range d.Replaces() {
			left = slices.DeleteFunc(left, func(c *fleet.Droplet) bool { return c.ID == old && c != d })
		}
	}
	if len(left) == 0 {
		return untracked // tags that go round in a ring prove nothing
	}
	return left
}

// oneOfEachSaga keeps one droplet of those that show the same saga tag: the one that the saga knows, else the oldest.
func oneOfEachSaga(b *builder, untracked []*fleet.Droplet) []*fleet.Droplet {
	best := map[string]*fleet.Droplet{}
	for _, d := range untracked {
		tag := strings.Join(d.Saga8s(), ",")
		if have := best[tag]; tag != "" && (have == nil || older(b, tag, d, have)) {
			best[tag] = d
		}
	}
	return slices.DeleteFunc(slices.Clone(untracked), func(d *fleet.Droplet) bool {
		tag := strings.Join(d.Saga8s(), ",")
		return tag != "" && best[tag] != d
	})
}

func older(b *builder, tag string, d, than *fleet.Droplet) bool {
	if saga := b.journal[tag]; saga != nil && saga.DropletID != 0 {
		if d.ID == saga.DropletID || than.ID == saga.DropletID {
			return d.ID == saga.DropletID
		}
	}
	if d.CreatedAt.IsZero() || than.CreatedAt.IsZero() {
		return d.ID < than.ID // ids grow
	}
	return cmp.Or(d.CreatedAt.Compare(than.CreatedAt), cmp.Compare(d.ID, than.ID)) < 0
}

// suits tells whether a droplet is active and, as far as can be read, what the file asks for.
func suits(b *builder, x *subject, d *fleet.Droplet) bool {
	if x.spec == nil || d.Status != fleet.StatusActive {
		return d.Status == fleet.StatusActive
	}
	misfits, _ := unlike(x.spec, d)
	return len(misfits) == 0
}

// unlike are the readable fields in which a droplet differs from the spec: those for which it would be replaced, and those for which it
// would be altered, or left alone.
func unlike(spec *fleet.Spec, d *fleet.Droplet) (replaced, altered []FieldChange) {
	for i := range fleet.Fields {
		f := &fleet.Fields[i]
		if f.Change == fleet.ChangeRecord || f.Seen == nil {
			continue
		}
		want, asked := f.Desired(*spec)
		seen, readable := f.Seen(d, want)
		if f.Kind == fleet.KindList {
			want = merged("", seen, want) // an adoption takes nothing off
		}
		if !asked || !readable || seen == want {
			continue
		}
		if c := changeOf(f.Name, seen, want, CauseFile); wantsAnother(f, spec, c) {
			replaced = append(replaced, c)
		} else {
			altered = append(altered, c)
		}
	}
	return replaced, altered
}

func adopt(b *builder, x *subject, d *fleet.Droplet) {
	reason := "tagged for the fleet, but not registered yet"
	changes, _ := unlike(x.spec, d)
	if len(changes) > 0 {
		reason += "; it differs from the file, so the next pass replaces it"
	}
	record := fleet.Record{
		DropletID: d.ID, Name: x.spec.RecordName(*d), ImageID: d.ImageID, RecordedAt: b.now,
		Protect: d.HasTag(fleet.ProtectTag) || x.spec.Protected(),
	}
	if maker := b.makerOf(d); maker != nil {
		record.SagaID = maker.ID
	}
	record.Values, record.Assumed = fleet.Adopted(*d, *x.spec)
	b.add(draft{subject: x, seen: d, Action: Action{Kind: Adopt, Reason: reason, Changes: changes, Record: record}})
}

// extras plans the end of every droplet under a desired name but the kept one. A leftover goes unasked; all else that competes for the name
// is held by origin (law 5).
func extras(b *builder, x *subject, kept *fleet.Droplet) {
	for i := range x.holdings {
		if h := &x.holdings[i]; h.state == present && h.seen != kept {
			addExtra(b, x, kept, draft{seen: h.seen, record: h.record}, "registered twice")
		}
	}
	for _, d := range x.untracked {
		if d == kept {
			continue
		}
		maker := b.makerOf(d)
		extra := draft{seen: d}
		switch {
		case slices.Contains(kept.Replaces(), d.ID):
			addExtra(b, x, kept, extra, "replaced")
		case maker != nil && !maker.Completed() && !sameSaga(b, d, kept):
			extra.subject, extra.kept = x, kept
			extra.Action = Action{Kind: Destroy, Reason: fmt.Sprintf(
				"late arrival: saga %s had given it up, and %s is droplet %d now", fleet.Saga8(maker.ID), x.name, kept.ID)}
			b.add(extra)
		default:
			addExtra(b, x, kept, extra, "duplicate")
		}
	}
}

// addExtra plans the end of a droplet beside the kept one, once that is known to work.
func addExtra(b *builder, x *subject, kept *fleet.Droplet, d draft, word string) {
	if kept.Status != fleet.StatusActive {
		b.warn("%s: droplet %d is one too many (%s); it stays until droplet %d is active", x.name, d.seen.ID, word, kept.ID)
		return
	}
	d.subject, d.kept = x, kept
	d.Action = Action{Kind: Destroy, Reason: fmt.Sprintf("%s: %s is droplet %d", word, x.name, kept.ID)}
	b.add(d)
}

func sameSaga(b *builder, d, kept *fleet.Droplet) bool {
	maker := b.makerOf(d)
	return maker != nil && maker == b.makerOf(kept)
}
