package plan

import (
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// followHeirs lets what stands under the old name of a renamed group belong to its new name: what is registered there, and what bears
// the fleet's tags there. By the old name alone it would be destroyed, and another droplet made under the new one. While something
// under the old name is not clear, nothing is done about either.
func (s *survey) followHeirs(names map[string]*subject) {
	for i := range s.wanted.Specs {
		spec := &s.wanted.Specs[i]
		if spec.Was == "" {
			continue
		}
		to, from := names[fleet.Key(spec.Name)], names[fleet.Key(spec.Was)]
		if from == nil || from.spec != nil {
			continue
		}
		from.holdings = slices.DeleteFunc(from.holdings, func(h holding) bool { return h.state == gone })
		unclear := slices.ContainsFunc(from.holdings, func(h holding) bool { return h.state != present })
		switch {
		case len(from.holdings)+len(from.claims) == 0 && from.live == nil:
		case to.live != nil && len(from.holdings) == 1 && from.holdings[0].record.DropletID == to.live.DropletID:
			from.heir = to // it is being renamed
		case to.live != nil || len(to.claims) > 0 || slices.ContainsFunc(to.holdings, func(h holding) bool { return h.state != gone }):
			from.heir = to
			from.waits = fmt.Sprintf("%s was %s by the file, but has a droplet of its own: nothing is done about %[2]s; take `was` out of the file to have it destroyed",
				to.name, spec.Was)
		case from.live != nil:
			to.waits = fmt.Sprintf("%s was %s, on which saga %s works: nothing is done about it until that has ended", to.name, spec.Was, fleet.Saga8(from.live.ID))
		case unclear:
			from.heir = to
			to.waits = fmt.Sprintf("%s was %s, whose droplet is not clear: nothing is done about either", to.name, spec.Was)
		default:
			to.holdings, from.holdings = append(to.holdings, from.holdings...), nil
			to.claims, from.claims = from.claims, nil
			to.past = append(to.past, from.past...)
			slices.SortStableFunc(to.past, func(a, b *fleet.Saga) int {
				if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
					return c
				}
				return strings.Compare(a.ID, b.ID)
			})
		}
	}
}
