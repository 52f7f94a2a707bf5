package plan

import "arcadiad/fleet"

// endings notes how the droplets end: as the file says under their names, or in the groups that they are numbered in, or as it said before.
// One that is not registered is nobody's to bring back: it is not kept.
func endings(b *builder) {
	var numbered map[string]*fleet.Spec // one of each group that numbers its droplets, by the Key of the group
	for _, d := range b.drafts {
		if !d.destroys() {
			continue
		}
		s := d.subject.spec
		if s == nil {
			if numbered == nil {
				numbered = map[string]*fleet.Spec{}
				for i := range b.desired.Specs {
					if s := &b.desired.Specs[i]; !s.Single {
						numbered[fleet.Key(s.Group)] = s
					}
				}
			}
			s = numbered[b.groupOf(d.subject)]
		}
		switch {
		case s != nil:
			d.Ending = s.Ending
		case d.record != nil:
			d.Ending = d.record.Ending()
		}
		if d.record == nil {
			d.Ending.Keep = 0
		}
	}
}
