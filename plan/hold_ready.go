package plan

import (
	"fmt"

	"arcadiad/fleet"
)

// overReady holds what would make a droplet in a group of which no member passes its probe: the probe is probably wrong, and the new droplet
// would never pass either.
func overReady(b *builder) func(*draft) verdict {
	probed, passing := map[string]int{}, map[string]int{}
	if b.observed.Readiness != nil {
		for _, x := range b.subjects {
			if x.spec == nil || x.spec.Ready == nil {
				continue
			}
			for _, h := range x.holdings {
				if h.seen == nil || h.state != present && h.state != busy || h.seen.Status != fleet.StatusActive {
					continue
				}
				if passes, known := b.observed.Readiness.Passes[h.seen.ID]; known {
					probed[b.groupOf(x)]++
					if passes {
						passing[b.groupOf(x)]++
					}
				}
			}
		}
	}
	return func(d *draft) verdict {
		if !d.creates() || d.secondHalf() || d.Spec.Ready == nil {
			return verdict{}
		}
		group, probe := b.groupOf(d.subject), d.Spec.Ready.String()
		v := verdict{facts: []string{probe}} // in any case: a plan has the same id whoever passes at the moment
		if probed[group] == 0 || passing[group] > 0 {
			return v
		}
		v.why = fmt.Sprintf("no active member of %s answers %s: the probe is probably wrong (see ready in its stanza), or the group is down", d.Spec.Group, probe)
		if !b.observed.Readiness.Answered {
			v.why = fmt.Sprintf("no droplet of the fleet answers its probe, %s of %s neither: this host's network may be down, or the probe is wrong",
				probe, d.Spec.Group)
		}
		return v
	}
}
