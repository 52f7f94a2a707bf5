package plan

import (
	"cmp"
	"slices"
	"time"

	"arcadiad/fleet"
)

// keep tells what is kept, and ends that for which it is time. Another pass comes when the time of the next one is over.
func keep(b *builder) {
	for i := range b.quarantined {
		q := &b.quarantined[i]
		k := Kept{Name: q.subject.name, DropletID: q.id(), Until: q.until}
		if q.seen != nil {
			k.Price, _ = priceOf(b, q.seen)
		}
		b.plan.Kept = append(b.plan.Kept, k)
		switch {
		case q.until.After(b.now):
			b.plan.Lapses = sooner(b.plan.Lapses, q.until)
		case q.seen != nil && !b.busy[q.seen.ID]:
			reason := "its quarantine is over"
			if !q.until.IsZero() {
				reason = "kept until " + q.until.UTC().Format(time.RFC3339)
			}
			b.add(draft{subject: q.own, seen: q.seen, purges: q, Action: Action{Kind: Purge, Name: k.Name, Reason: reason}})
		}
	}
	slices.SortStableFunc(b.plan.Kept, func(a, b Kept) int {
		return cmp.Or(fleet.CompareNames(a.Name, b.Name), cmp.Compare(a.DropletID, b.DropletID))
	})
}
