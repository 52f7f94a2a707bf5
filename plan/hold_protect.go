package plan

import (
	"cmp"
	"slices"
	"time"

	"arcadiad/fleet"
)

// Protected gives the records of the droplets that the fleet file protects and that are not recorded as protected, with the protection
// (law 9). It is recorded as soon as the file is in force, also while writes are paused and while a saga works on the droplet: from then
// on only `protect: false` lifts it. A droplet is protected under the name of its record, under the new names of a renamed group, and
// under the name that somebody gave it in the console where the file has followed.
func Protected(desired fleet.Fleet, recorded fleet.Recorded, now time.Time) []fleet.Record {
	return protectedBy(desired, recorded, nil, now)
}

// protectedBy is Protected with a look at the account: by it a droplet may bear another name by now than when it was seen before.
func protectedBy(desired fleet.Fleet, recorded fleet.Recorded, seen []fleet.Droplet, now time.Time) []fleet.Record {
	protected := map[string]bool{}
	for _, s := range desired.Specs {
		if !s.Protected() {
			continue
		}
		protected[fleet.Key(s.Name)] = true
		if s.Was != "" {
			protected[fleet.Key(s.Was)] = true
		}
	}
	if len(protected) == 0 {
		return nil
	}
	var shown map[int64][]string // the names that droplets bore when they were seen
	var records []fleet.Record
	for _, r := range recorded.Records {
		if r.Protect {
			continue
		}
		protects := protected[fleet.Key(r.Name)] || r.Heir != "" && protected[fleet.Key(r.Heir)]
		if _, asks := desired.Spec(r.Name); !protects && !asks {
			if shown == nil {
				shown = make(map[int64][]string, len(recorded.Known))
				for _, k := range recorded.Known {
					shown[k.DropletID] = append(shown[k.DropletID], k.Name)
				}
				for i := range seen {
					shown[seen[i].ID] = append(shown[seen[i].ID], seen[i].Name)
				}
			}
			protects = slices.ContainsFunc(shown[r.DropletID], func(name string) bool { return protected[fleet.Key(name)] })
		}
		if protects {
			r.Protect, r.RecordedAt = true, now
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b fleet.Record) int { return cmp.Compare(a.DropletID, b.DropletID) })
	return records
}

// recordProtection has the protection of the file recorded, beside what else the plan records again.
func recordProtection(b *builder) {
	for _, r := range protectedBy(b.desired, b.recorded, b.observed.Droplets, b.now) {
		i := slices.IndexFunc(b.plan.Records, func(again fleet.Record) bool { return again.DropletID == r.DropletID })
		if i < 0 {
			b.plan.Records = append(b.plan.Records, r)
		} else {
			b.plan.Records[i].Protect = true
		}
	}
}

// heldByProtect: what is registered under a name is protected by the file in force, by its record and by its tag, and only `protect:
// false` under the name lifts that. What is not registered is protected by its tag, whoever made it.
func heldByProtect(b *builder, d *draft) verdict {
	if !d.destroys() {
		return verdict{}
	}
	tagged := d.seen.HasTag(fleet.ProtectTag)
	if d.record == nil {
		if tagged {
			return verdict{why: "it shows the tag " + fleet.ProtectTag + ": remove the tag from the droplet if it may go"}
		}
		return verdict{}
	}
	protected := d.record.Protect || tagged
	if s := d.subject.spec; s != nil && s.Protect != nil {
		protected = *s.Protect
	}
	if !protected {
		return verdict{}
	}
	return verdict{why: "it is protected; only `protect: false` under its name in the fleet file lifts that"}
}
