package plan

import "arcadiad/fleet"

// mostBeside is how many droplets of other groups are worth a probe.
const mostBeside = 10

// probesOf are the active droplets of the groups in which something is to be made or taken out of service, or a rollout is under way, and
// some of other groups.
func probesOf(b *builder) (list []Probe) {
	concerned := map[string]bool{}
	for _, d := range b.drafts {
		if d.endsService() || d.creates() {
			concerned[b.groupOf(d.subject)] = true
		}
	}
	for key, g := range b.groups {
		if g.row != nil {
			concerned[key] = true
		}
	}
	if len(concerned) == 0 {
		return nil
	}
	readies := map[string]*fleet.Ready{}
	for _, x := range b.subjects {
		if x.spec != nil {
			readies[b.groupOf(x)] = x.spec.Ready
		}
	}
	beside := 0
	for _, x := range b.subjects {
		ready := readies[b.groupOf(x)]
		if ready == nil || !concerned[b.groupOf(x)] && (x.spec == nil || beside == mostBeside) {
			continue
		}
		for _, h := range x.holdings {
			if h.seen == nil || h.state != present && h.state != busy || h.seen.Status != fleet.StatusActive {
				continue
			}
			p := Probe{DropletID: h.seen.ID, Address: ready.Address(h.seen), Ready: *ready, Beside: !concerned[b.groupOf(x)]}
			if p.Beside {
				beside++
			}
			list = append(list, p)
		}
	}
	return list
}
