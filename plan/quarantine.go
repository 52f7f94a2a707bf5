package plan

import (
	"cmp"
	"slices"

	"arcadiad/fleet"
)

// keep tells what is kept, and has another pass when the time of the next one is over.
func keep(b *builder) {
	for _, q := range b.quarantined {
		k := Kept{Name: q.subject.name, DropletID: q.id(), Until: q.until}
		if q.seen != nil {
			k.Price, _ = priceOf(b, q.seen)
		}
		b.plan.Kept = append(b.plan.Kept, k)
		if q.until.After(b.now) {
			b.plan.Lapses = sooner(b.plan.Lapses, q.until)
		}
	}
	slices.SortStableFunc(b.plan.Kept, func(a, b Kept) int {
		return cmp.Or(fleet.CompareNames(a.Name, b.Name), cmp.Compare(a.DropletID, b.DropletID))
	})
}
