package plan

import (
	"maps"
	"time"

	"arcadiad/fleet"
)

// endings notes how the droplets end: as the file says under their names, or in the groups that they are numbered in, or as it said before.
// One that is not registered is nobody's to bring back: it is not kept.
func endings(b *builder) {
	var numbered map[string]*fleet.Spec // one of each group that numbers its droplets, by the Key of the group
	for _, d := range b.drafts {
		if !d.destroys() || d.Kind == Purge {
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

// AtOnce gives the records that say something else than the file about protection or about how their droplets end, with what the file says. They
// are recorded as soon as it is in force, also while writes are paused and while a saga works on the droplet.
func AtOnce(desired fleet.Fleet, recorded fleet.Recorded, now time.Time) []fleet.Record {
	records := Protected(desired, recorded, now)
	at := make(map[int64]int, len(records))
	for i, r := range records {
		at[r.DropletID] = i
	}
	for _, r := range recorded.Records {
		s, says := desired.Spec(r.Name)
		if !says {
			s, says = desired.Heir(r.Name)
		}
		if !says || r.Values[fleet.FieldDestroy] == s.Ending.String() {
			continue
		}
		i, also := at[r.DropletID]
		if !also {
			i, records = len(records), append(records, r)
		}
		again := &records[i]
		again.RecordedAt = now
		if again.Values = maps.Clone(again.Values); again.Values == nil {
			again.Values = fleet.Values{}
		}
		again.Values.KeepEnding(s)
	}
	return records
}
