package fleetfile

import (
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// renamed is a stanza that says its old name, and its droplets.
type renamed struct {
	item  *yaml.Node
	specs []fleet.Spec
}

// oldNames gives the names that the droplets of a stanza had before it was renamed, in the order of their ordinals: the old name
// itself, or with a count the old stem with the same numbers. None: it says none, or one that cannot be.
func (d *decoder) oldNames(s stanza, counted bool) []string {
	was := s[wasKey]
	switch {
	case !was.ok:
		return nil
	case fleet.Key(was.text) == fleet.Key(s["name"].text):
		d.fail(d.follow(was.at), "remove it", "was: %s is its present name, not an old one", was.text)
		return nil
	case !counted:
		return []string{was.text}
	case strings.Contains(was.text, ".") || len(was.text) > maxStem:
		d.fail(d.follow(was.at), "with a count it is the old name without the number", "was: %s never had a count", clip(was.text))
		return nil
	}
	return ordinals(was.text, s[countKey].int)
}

// renames refuses an old name that the file still wants, and one that two stanzas say: which droplet gets which name would be a
// guess.
func (d *decoder) renames(x expansion) {
	heirs := map[string]fleet.Spec{} // by fleet.Key of the old name
	for _, r := range x.renamed {
		var desired, twice []string
		for _, s := range r.specs {
			key := fleet.Key(s.Was)
			if _, there := x.taken[key]; there {
				desired = append(desired, s.Was)
			} else if _, there := heirs[key]; there {
				twice = append(twice, s.Was)
			} else {
				heirs[key] = s
			}
		}
		if len(desired) > 0 {
			by := x.specs[x.taken[fleet.Key(desired[0])]]
			d.fail(r.item, "remove was, or rename in two steps", "was: droplet %s still defined under its old name: by %s on line %d",
				several(desired), by.Group, by.Line)
		}
		if len(twice) > 0 {
			first := heirs[fleet.Key(twice[0])]
			d.fail(r.item, "remove one of them", "was: droplet %s renamed twice: by this stanza and by %s on line %d",
				several(twice), first.Group, first.Line)
		}
	}
}
