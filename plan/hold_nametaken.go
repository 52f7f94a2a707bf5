package plan

import (
	"fmt"
	"slices"
	"strconv"

	"arcadiad/fleet"
)

// takenBy are the droplets that no arcadiad manages and that bear a desired name which never had a droplet here. They are rather what the
// file means than a reason to make another. Another fleet's are not among them.
func takenBy(b *builder, x *subject) (list []*fleet.Droplet) {
	if x.spec == nil || len(x.strangers) == 0 || len(x.holdings) > 0 || x.hadDroplet() {
		return nil
	}
	for _, d := range x.strangers {
		if b.owners.Of(d.Tags).By == fleet.Nobody {
			list = append(list, d)
		}
	}
	return list
}

// heldByNamesake holds a create beside droplets of the same name that no arcadiad manages.
func heldByNamesake(b *builder, d *draft) (v verdict) {
	if d.Kind != Provision {
		return v
	}
	taken := takenBy(b, d.subject)
	for _, other := range taken {
		v.facts = append(v.facts, strconv.FormatInt(other.ID, 10))
	}
	slices.Sort(v.facts)
	switch {
	case len(taken) == 0:
		return v
	case len(taken) > 1:
		v.why = fmt.Sprintf("%d droplets are called %s, and arcadiad manages none of them (%s): rename those that are not meant", len(taken), d.Name, fleet.Series(v.facts))
	default:
		v.why = fmt.Sprintf("%s is droplet %d, which arcadiad does not manage: ", d.Name, taken[0].ID)
		if why := Ownerless(b.desired.Name, *taken[0], false); why != "" {
			v.why += "it cannot be adopted now (" + why + ")"
		} else {
			v.why += "arcadiad adopt " + d.Name + " takes it over"
		}
	}
	v.why += "; arcadiad approve " + b.plan.ID + " makes " + another(len(taken))
	return v
}

func another(n int) string {
	if n == 1 {
		return "a second one"
	}
	return "one more"
}
