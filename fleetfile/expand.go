package fleetfile

import (
	"fmt"
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// maxFleet is how many droplets one fleet may have.
const maxFleet = 10_000

// expansion collects the droplets of all stanzas.
type expansion struct {
	specs   []fleet.Spec
	groups  map[string]fleet.Spec // the stanzas with a count, each with one of its droplets, by the Key of the group
	taken   map[string]int        // where in specs a name is, by fleet.Key
	renamed []renamed

	addresses map[string]fleet.Spec // the droplets that have a reserved IP, by it

	contradictions map[contradiction][]string // with the groups that each is found in
}

// droplets reads the stanzas and expands them, ordered by name.
func (d *decoder) droplets(n *yaml.Node, defaults stanza, p policies) []fleet.Spec {
	stanzas, _ := d.sequence(n, "droplets")
	x := expansion{groups: map[string]fleet.Spec{}, taken: map[string]int{}, addresses: map[string]fleet.Spec{}, contradictions: map[contradiction][]string{}}
	for _, item := range stanzas {
		s, ok := d.stanza(item, "a droplet", dropletKeys)
		if d.gaveUp {
			return nil
		}
		if !ok {
			continue
		}
		all := s.or(defaults)
		d.complete(item, s, all)
		d.expand(&x, item, all)
		x.goTogether(all, p)
		if len(x.specs) > maxFleet {
			d.fail(item, "", "the fleet has more than %d droplets from here on", maxFleet)
			return nil
		}
	}
	d.renames(x)
	d.contradictory(x)
	return fleet.SortByName(x.specs, func(s fleet.Spec) string { return s.Name })
}

// complete reports the required fields that neither the stanza nor the defaults have.
func (d *decoder) complete(item *yaml.Node, own, all stanza) {
	for _, f := range fleet.Fields {
		if _, said := all[f.Name]; said || !f.Required {
			continue
		}
		if f.Name == "name" {
			d.fail(item, "", "the droplet has no name")
			continue
		}
		what := "the droplet"
		if own["name"].ok {
			what = "droplet " + own["name"].text
		}
		d.fail(item, "set it here, or for all droplets under defaults", "%s has no %s", what, f.Name)
	}
}

// expand makes the droplets of one stanza: one with the stanza's name, or with a count one for each ordinal from 1, so that
// shrinking drops the highest. A stanza whose name or count was refused makes none.
func (d *decoder) expand(x *expansion, item *yaml.Node, s stanza) {
	name, count := s["name"], s[countKey]
	_, counted := s[countKey]
	if !name.ok || counted && !count.ok {
		return
	}
	spec := s.spec()
	spec.Group, spec.Line, spec.Single = name.text, item.Line, !counted
	texts, ok := d.templates(s)
	switch {
	case texts != nil:
		spec.Template = texts.source(s)
	case ok:
		d.checkCloudInit(s)
	}
	names := []string{name.text}
	switch {
	case templated(name.text):
		n, fine := d.numbering("name", name, s, counted)
		if !fine {
			return
		}
		spec.Numbering, spec.Group, names = n, n.Group(), numberedNames(n, count.int)
	case counted:
		if strings.Contains(name.text, ".") {
			d.fail(d.follow(name.at), "such as web-[[ .Ordinal ]].example.com", "%s has a count: a name with dots needs to say where the number goes", name.text)
			return
		}
		if len(name.text) > maxStem {
			d.fail(d.follow(name.at), "", "%s has a count: its name must have at most %d characters, so that the numbers fit", clip(name.text), maxStem)
			return
		}
		names = ordinals(name.text, count.int)
	}
	if counted && !d.oneGroupEach(x, item, spec) {
		return
	}
	old, addresses := d.oldNames(s, counted, &spec), d.addressesOf(s, names, counted)
	specs, twice, said := make([]fleet.Spec, 0, len(names)), []string{}, map[string]bool{}
	for i, name := range names {
		if spec.Name, spec.ReservedIP = name, addresses[i]; old != nil {
			spec.Was = old[i]
		}
		if ordinal := i + 1; texts != nil && ok {
			if !counted {
				ordinal = 0
			}
			ok = d.fill(&spec, texts, s, ordinal)
			if ok && (i == 0 || texts.forks()) {
				d.checkExpanded(s, spec, said)
			}
		}
		if _, collides := x.taken[fleet.Key(spec.Name)]; collides {
			twice = append(twice, spec.Name)
			continue
		}
		x.taken[fleet.Key(spec.Name)] = len(x.specs) + len(specs)
		d.oneNameEach(x, item, spec)
		specs = append(specs, spec)
	}
	x.specs = append(x.specs, specs...)
	if old != nil {
		x.renamed = append(x.renamed, renamed{item, specs})
	}
	if len(twice) > 0 {
		first := x.specs[x.taken[fleet.Key(twice[0])]]
		d.fail(item, "", "droplet %s defined twice: by this stanza and by %s on line %d", several(twice), first.Group, first.Line)
	}
}

// oneGroupEach refuses a group that numbers its names in a way of its own and is called as another one.
func (d *decoder) oneGroupEach(x *expansion, item *yaml.Node, s fleet.Spec) bool {
	first, taken := x.groups[fleet.Key(s.Group)]
	if taken && (s.Numbering != fleet.Numbering{} || first.Numbering != fleet.Numbering{}) {
		return d.fail(item, "give one of them another name", "group %s is defined twice: by this stanza and on line %d", s.Group, first.Line)
	}
	if !taken {
		x.groups[fleet.Key(s.Group)] = s
	}
	return true
}

// numbering reads a name that is a template.
func (d *decoder) numbering(what string, name value, s stanza, counted bool) (fleet.Numbering, bool) {
	at := d.follow(name.at)
	if !counted {
		return fleet.Numbering{}, d.fail(at, "add count: 1, or write the name out", "%s has no count: a name with %s numbers the droplets of a count", clip(name.text), opens)
	}
	t, e := readTemplate(name.text, nameKeys)
	if e == nil {
		var n fleet.Numbering
		count := s[countKey].int
		if n, e = numberingOf(t, map[string]any{ofFleet: d.fleet, ofRegion: s["region"].text}, count); e == nil {
			plain := formOf["name"]
			plain.template = false
			for _, i := range []int{1, max(1, count)} {
				if problem, hint := plain.check(n.Name(i)); problem != "" {
					return n, d.fail(at, hint, "%s: %s", what, problem)
				}
			}
			return n, true
		}
	}
	return fleet.Numbering{}, d.fail(at, e.Hint, "%s: %s", what, e.Message)
}

// numberedNames are the names of the droplets of a count that numbers them in a way of its own.
func numberedNames(n fleet.Numbering, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = n.Name(i + 1)
	}
	return names
}

// ordinals are the names of the droplets of a count, from 1.
func ordinals(stem string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = ordinal(stem, i+1)
	}
	return names
}

// several names the first of some droplets, and begins what is said of them all.
func several(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return fmt.Sprintf("%s and %d more are", names[0], len(names)-1)
}

// renamed is a stanza that says its old name, and its droplets.
type renamed struct {
	item  *yaml.Node
	specs []fleet.Spec
}

// oldNames gives the names that the droplets of a stanza had before it was renamed, in the order of their ordinals: the old name
// itself, or with a count the old stem with the same numbers. None: it says none, or one that cannot be.
func (d *decoder) oldNames(s stanza, counted bool, spec *fleet.Spec) []string {
	was := s[wasKey]
	switch {
	case !was.ok:
		return nil
	case templated(was.text):
		n, fine := d.numbering(wasKey, was, s, counted)
		if !fine {
			return nil
		}
		spec.WasNumbering = n
		return numberedNames(n, s[countKey].int)
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
