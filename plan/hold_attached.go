package plan

import (
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// unreadable is the fact that a person is told where there are no ids to tell.
const unreadable = "unreadable"

func heldByVolumes(b *builder, d *draft) verdict {
	switch {
	case !d.destroys():
		return verdict{}
	case d.seen.Unread.Has(fleet.UnreadVolumes):
		return verdict{why: "its volumes cannot be read, so some may be attached: give the token the scope block_storage:read", facts: []string{unreadable}}
	case len(d.seen.VolumeIDs) == 0:
		return verdict{}
	}
	v := verdict{why: "a volume is attached to it", facts: slices.Sorted(slices.Values(d.seen.VolumeIDs))}
	if n := len(v.facts); n > 1 {
		v.why = fmt.Sprintf("%d volumes are attached to it", n)
	}
	return v
}

// heldByReservedIP holds what would leave a reserved IP without a droplet. One that the file gives to another name moves there first, see
// outOfTurn. Addresses that could not be read hold nothing; a warning tells of them.
func heldByReservedIP(b *builder, d *draft) verdict {
	var v verdict
	for _, ip := range leavesAddress(b, d) {
		if goesTo(b, ip, d.subject) == "" {
			v.facts = append(v.facts, ip)
		}
	}
	switch slices.Sort(v.facts); len(v.facts) {
	case 0:
	case 1:
		v.why = fmt.Sprintf("it has the reserved IP %s, which would be left without a droplet", v.facts[0])
	default:
		v.why = fmt.Sprintf("it has the reserved IPs %s, which would be left without a droplet", fleet.Series(v.facts))
	}
	return v
}
