package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// followHeirs lets what stands under the old name of a renamed group belong to its new name: what is registered there, and what bears
// the fleet's tags there. By the old name alone it would be destroyed, and another droplet made under the new one. While something
// under the old name is not clear, nothing is done about either.
func (s *index) followHeirs(names map[string]*subject) {
	given := map[string]*subject{} // by the name that an earlier version of the file gave to what is registered there
	for _, record := range s.strays {
		if record.Heir != "" {
			given[fleet.Key(record.Heir)] = names[fleet.Key(record.Name)]
		}
	}
	for i := range s.desired.Specs {
		spec := &s.desired.Specs[i]
		if spec.Was == "" && len(given) == 0 {
			continue
		}
		to := names[fleet.Key(spec.Name)]
		to.takeGone(names[fleet.Key(spec.Was)])
		from := predecessor(spec, to, names, given)
		if from == nil {
			continue
		}
		was := from.name
		to.takeGone(from)
		unclear := slices.ContainsFunc(from.holdings, func(h holding) bool { return h.state != present })
		switch {
		case to.live != nil && len(from.holdings) == 1 && from.holdings[0].record.DropletID == to.live.DropletID:
			from.heir = to // it is being renamed
		case to.live != nil || len(to.untracked) > 0 || slices.ContainsFunc(to.holdings, func(h holding) bool { return h.state != gone }):
			from.heir = to
			from.waits = fmt.Sprintf("the file says that %s was %s, but %[1]s has a droplet already: %[2]s is left alone; remove `was` from the file to have it destroyed",
				to.name, was)
		case from.live != nil:
			to.waits = fmt.Sprintf("%s was %s, and saga %s is at work on that: %[1]s waits until the saga has ended", to.name, was, fleet.Saga8(from.live.ID))
		case unclear:
			from.heir = to
			to.waits = fmt.Sprintf("%s was %s, but which droplet that is is not clear: both are left alone", to.name, was)
		default:
			to.holdings, from.holdings = append(to.holdings, from.holdings...), nil
			to.untracked, from.untracked = from.untracked, nil
			to.past = append(to.past, from.past...)
			slices.SortStableFunc(to.past, byAge)
		}
	}
}

// takeGone takes over what is proved gone under the old name of a renamed group: it may show again, and keeps its place if it does.
func (x *subject) takeGone(from *subject) {
	if from == nil || from.spec != nil {
		return
	}
	isGone := func(h holding) bool { return h.state == gone }
	for _, h := range from.holdings {
		if isGone(h) {
			x.holdings = append(x.holdings, h)
		}
	}
	from.holdings = slices.DeleteFunc(from.holdings, isGone)
}

// predecessor finds the name under which what is to have the spec's name stands, and that the file does not want: the old name by the file,
// or the one under which a droplet is recorded that never got the name which an earlier version of the file gave it. Nil: there is none.
func predecessor(spec *fleet.Spec, to *subject, names, given map[string]*subject) *subject {
	candidates := make([]*subject, 0, 3)
	if spec.Was != "" {
		candidates = append(candidates, names[fleet.Key(spec.Was)], given[fleet.Key(spec.Was)])
	}
	if spec.Was != "" || !to.stands() { // while the file says `was`, even if another droplet has taken the name meanwhile
		candidates = append(candidates, given[fleet.Key(spec.Name)])
	}
	for _, x := range candidates {
		if x != nil && x.spec == nil && x.stands() {
			return x
		}
	}
	return nil
}

// followRenames lets a registered droplet belong to the name that it bears, where somebody renamed it behind arcadiad's back and the
// file has followed: its old name is desired no more, its new one is, and nothing else is registered there. The record is then all
// that is wrong; by the old name alone the droplet would be destroyed, and another made under the new one. While a saga works on it, the
// new name waits: the saga sees the file's word before it destroys anything.
func (s *index) followRenames(names map[string]*subject) {
	for _, record := range s.strays {
		from := names[fleet.Key(record.Name)]
		i := slices.IndexFunc(from.holdings, func(h holding) bool { return h.record == record && (h.state == present || h.state == busy) })
		if i < 0 {
			continue
		}
		h := from.holdings[i]
		to := names[fleet.Key(h.seen.Name)]
		if to == nil || to == from || to.spec == nil || to.live != nil || len(to.holdings) > 0 {
			continue
		}
		if from.live != nil || h.state == busy {
			to.waits = fmt.Sprintf("%s is the new name of droplet %d, recorded as %s, and a saga is at work on that: %[1]s waits until the saga has ended",
				to.name, record.DropletID, record.Name)
			continue
		}
		to.holdings = append(to.holdings, h)
		from.holdings = slices.Delete(from.holdings, i, i+1)
	}
}
