package fleet

import "strings"

// RecordedByTags is what can be said without a state database: every droplet that bears the fleet's tags counts as adopted, under the
// name that it has. What of it cannot be read is taken from the file, and so never differs. All tags count as the file's.
func RecordedByTags(f Fleet, droplets []Droplet) Recorded {
	wanted := make(map[string]Spec, len(f.Specs))
	for _, s := range f.Specs {
		wanted[Key(s.Name)] = s
		if s.Was != "" {
			wanted[Key(s.Was)] = s // it still has its old name
		}
	}
	r := Recorded{Fleet: f.Name}
	for _, d := range droplets {
		if !d.Managed() || !d.OfFleet(f.Name) {
			continue
		}
		record := Record{DropletID: d.ID, Name: d.Name, ImageID: d.ImageID, Protect: d.HasTag(ProtectTag), RecordedAt: d.SeenAt}
		record.Values, record.Assumed = Adopted(d, wanted[Key(d.Name)])
		record.Values["tags"] = strings.Join(d.UserTags(), ",")
		r.Records = append(r.Records, record)
	}
	return r
}
