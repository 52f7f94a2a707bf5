package fleet

import "slices"

// HeirsOf gives, by droplet id, the name that the fleet file gives to each droplet that is recorded under another one. It follows `was` from
// the recorded name, and from the name that an earlier version gave it and that it never got. A droplet that the file says nothing about
// keeps what an earlier version said: a later one may speak of it by that name.
func (f Fleet) HeirsOf(records []Record) map[int64]string {
	heirs, renamed, taken := map[int64]string{}, map[string]string{}, map[string]bool{}
	for i := range f.Specs {
		if was := f.Specs[i].Was; was != "" {
			renamed[Key(was)] = f.Specs[i].Name
		}
	}
	if len(renamed) == 0 && !slices.ContainsFunc(records, func(r Record) bool { return r.Heir != "" }) {
		return nil
	}
	for _, r := range records {
		taken[Key(r.Name)] = true
	}
	for _, r := range records {
		heir := r.Heir
		for _, name := range []string{r.Heir, r.Name} { // the recorded name counts most
			if next := renamed[Key(name)]; name != "" && next != "" && !taken[Key(next)] {
				heir = next
			}
		}
		if heir == "" {
			continue
		}
		if _, desired := f.Spec(r.Name); desired {
			heir = ""
		}
		heirs[r.DropletID] = heir
	}
	return heirs
}
