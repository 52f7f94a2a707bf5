package fleetfile

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"arcadiad/fleet"
)

// written is a stanza as Import writes it: one droplet, or count of them.
type written struct {
	name   string
	count  int // 0: one droplet of that name
	fields []field

	numbering fleet.Numbering // of a count
}

// onlyTold is the name of a field that a stanza has as a comment.
const onlyTold = "#"

// firstOfMany is a name with the number 1: at its end, or at the end of its first label. Others than web-1 need a format.
var firstOfMany = regexp.MustCompile(`^([^.]*[^.0-9])(0*1)((?:\..*)?)$`)

// numberingFrom is the way in which a group would number its names whose first one this is; false: it is the first of none.
func numberingFrom(name string) (n fleet.Numbering, group string, ok bool) {
	m := firstOfMany.FindStringSubmatch(name)
	if m == nil {
		return n, "", false
	}
	n = fleet.Numbering{Prefix: m[1], Suffix: m[3], Width: len(m[2])}
	stem, plain := strings.CutSuffix(m[1], "-")
	if plain = plain && n.Width == 1 && n.Suffix == ""; plain {
		return n, stem, countable(stem)
	}
	return n, "", true
}

// stanzasOf groups droplets, which are ordered by name. Those that are alike and numbered from 1 on without a gap make a counted
// stanza; every other droplet has one of its own. Where two groups would be called alike, the second one is not counted.
func (s origin) stanzasOf(droplets []fleet.Droplet) []written {
	named := map[string]fleet.Droplet{}
	for _, d := range droplets {
		named[d.Name] = d
	}
	var stanzas []written
	groups := map[string]bool{}
	done := map[string]bool{}
	for _, d := range droplets {
		if done[d.Name] {
			continue
		}
		w := written{name: d.Name, fields: s.fields(d)}
		if numbering, group, ok := numberingFrom(d.Name); ok && !groups[fleet.Key(cmp.Or(group, numbering.Group()))] {
			n := 1
			for n < maxCount && s.alikeFields(w.fields, named, numbering.Name(n+1)) {
				n++
			}
			if n > 1 {
				w.name, w.count, w.numbering = cmp.Or(group, numbering.Template()), n, numbering
				groups[fleet.Key(cmp.Or(group, numbering.Group()))] = true
				for i := range n {
					done[numbering.Name(i+1)] = true
				}
			}
		}
		stanzas = append(stanzas, w)
	}
	return stanzas
}

func ordinal(stem string, n int) string { return stem + "-" + strconv.Itoa(n) }

// countable tells whether a stanza of that name may have a count.
func countable(stem string) bool {
	problem, _ := formOf["name"].check(stem)
	return problem == "" && len(stem) <= maxStem && !strings.Contains(stem, ".")
}

func (s origin) alikeFields(a []field, named map[string]fleet.Droplet, name string) bool {
	d, there := named[name]
	return there && slices.EqualFunc(a, s.fields(d), func(x, y field) bool { return x.name == y.name && x.text == y.text })
}

// apiSays is what a file says that was written by what the API shows.
const apiSays = `# DigitalOcean gives back neither user_data nor ssh_keys. A droplet that is made anew has only what stands here, so add
# them before you adopt: the adoption takes your word for them. Added or changed later, they replace droplets.
`

// render writes the file.
func (s origin) render(b *strings.Builder, name string, stanzas []written, leftOut []LeftOut) {
	fmt.Fprintf(b, SchemaLine+`#
# Written by arcadiad import. It describes droplets as they are, and is not in force for any of them yet.
#
# Next: arcadiad validate, then arcadiad adopt --all. Only then run or apply it: as long as they are not adopted these
# droplets are strangers to arcadiad, which would make others of the same names beside them.
#
%sversion: 1
fleet: %s  # its droplets have the tag %s
`, s.says, scalar(name), fleet.FleetTag(name))
	if problem, _ := uuidForm.check(s.account.UUID); problem == "" {
		fmt.Fprintf(b, "account: %s\n", scalar(s.account.UUID))
	}
	defaults := shared(stanzas)
	if len(defaults) > 0 {
		b.WriteString("defaults:\n")
		for _, f := range defaults {
			fmt.Fprintf(b, "  %s: %s%s\n", f.name, f.text, remark(f))
		}
	}
	b.WriteString("policy:\n  max_destroy: 0  # nothing is destroyed or replaced without your approval; raise it once you trust this file\ndroplets:")
	if len(stanzas) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, w := range stanzas {
		fmt.Fprintf(b, "  - name: %s", scalar(w.name))
		if w.count > 0 {
			fmt.Fprintf(b, "  # %s to %s\n    count: %d", w.numbering.Name(1), w.numbering.Name(w.count), w.count)
		}
		b.WriteString("\n")
		for _, f := range w.fields {
			if f.name == onlyTold {
				fmt.Fprintf(b, "    # %s\n", f.text)
				continue
			}
			if !slices.ContainsFunc(defaults, func(d field) bool { return d.name == f.name && d.text == f.text }) {
				fmt.Fprintf(b, "    %s: %s%s\n", f.name, f.text, remark(f))
			}
		}
	}
	if len(leftOut) > 0 {
		b.WriteString("\n# Left out, and left alone:\n")
		for _, l := range leftOut {
			fmt.Fprintf(b, "#   %s (droplet %d): %s\n", readable(l.Droplet.Name), l.Droplet.ID, readable(l.Why))
		}
	}
}

// remark says what a person should know about a value.
func remark(f field) string {
	if f.name == "image" && digits.MatchString(f.text) {
		return "  # a snapshot, a custom image, or a public image whose slug means a newer build by now"
	}
	return ""
}

// readable keeps a comment a comment.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// shared are the fields that are worth a default: the region and the image that most stanzas have, and of the rest what all of them
// have. A default that a stanza could not undo would change what the stanza says.
func shared(stanzas []written) []field {
	if len(stanzas) < 2 {
		return nil
	}
	counts := map[string]int{}
	example := map[string]field{}
	for _, w := range stanzas {
		for _, f := range w.fields {
			key := f.name + ": " + f.text
			counts[key]++
			example[key] = f
		}
	}
	best := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		f := example[key]
		always := f.name == "region" || f.name == "image" // every stanza has one of its own to say
		if n := counts[key]; n == len(stanzas) || always && n > 1 {
			if have, ok := best[f.name]; !ok || counts[have] < n {
				best[f.name] = key
			}
		}
	}
	var defaults []field
	for _, f := range fleet.Fields {
		if key, ok := best[f.Name]; ok {
			defaults = append(defaults, example[key])
		}
	}
	return defaults
}
