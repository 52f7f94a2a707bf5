package fleet

import "strings"

// RecordedByTags is what can be said without a state database: every droplet that bears the fleet's tags counts as adopted, under the
// name that it has. One under a name that the file does not want, made by a saga, counts under a desired name that nobody bears and whose
// spec it fits: somebody renamed it, as far as can be told, and neither is it to be destroyed nor another to be made. What of it cannot
// be read is taken from the file, and so never differs. All tags count as the file's.
func RecordedByTags(f Fleet, droplets []Droplet) Recorded {
	desired := make(map[string]Spec, len(f.Specs))
	for _, s := range f.Specs {
		desired[Key(s.Name)] = s
		if s.Was != "" {
			desired[Key(s.Was)] = s // it still has its old name
		}
	}
	r := Recorded{Fleet: f.Name}
	owners := Owners{Fleet: f.Name}
	renamed := renamedSince(f, desired, droplets)
	for _, d := range droplets {
		if _, kept := d.Until(); kept || !owners.Of(d.Tags).Ours() {
			continue
		}
		name := d.Name
		if spec, ok := renamed[d.ID]; ok {
			name = spec.Name
		}
		record := Record{DropletID: d.ID, Name: name, ImageID: d.ImageID, Protect: d.HasTag(ProtectTag), RecordedAt: d.SeenAt}
		record.Values, record.Assumed = Adopted(d, desired[Key(name)])
		record.Values["tags"] = strings.Join(d.UserTags(), ",")
		r.Records = append(r.Records, record)
	}
	return r
}

// renamedSince finds, for droplets of the fleet under names that are not desired, the desired names that nobody bears and that they fit, in
// the order of both. Without records that is a guess, and the careful one.
func renamedSince(f Fleet, desired map[string]Spec, droplets []Droplet) map[int64]Spec {
	owners, borne := Owners{Fleet: f.Name}, map[string]bool{}
	for _, d := range droplets {
		if _, kept := d.Until(); !kept && owners.Of(d.Tags).Ours() {
			borne[Key(d.Name)] = true
		}
	}
	renamed := map[int64]Spec{}
	taken := map[string]bool{}
	for i := range droplets {
		d := &droplets[i]
		_, kept := d.Until()
		if _, isDesired := desired[Key(d.Name)]; isDesired || kept || !owners.Of(d.Tags).Ours() || len(d.Saga8s()) == 0 {
			continue
		}
		for _, s := range f.Specs {
			key := Key(s.Name)
			if !taken[key] && !borne[key] && (s.Was == "" || !borne[Key(s.Was)]) && fits(s, d) {
				renamed[d.ID], taken[key] = s, true
				break
			}
		}
	}
	return renamed
}

// fits tells whether a droplet is what the spec asks for, by its region, size and image.
func fits(s Spec, d *Droplet) bool {
	for i := range Fields {
		f := &Fields[i]
		if !f.Required || f.Seen == nil || f.Name == "name" {
			continue
		}
		want, asked := f.Desired(s)
		if seen, ok := f.Seen(d, want); asked && ok && seen != want { // what cannot be read may be the same
			return false
		}
	}
	return true
}
