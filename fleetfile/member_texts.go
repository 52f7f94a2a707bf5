package fleetfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// templateKey says that user data is a template.
const templateKey = "user_data_template"

// maxExpanded bounds the user data of all droplets of a fleet together, as far as it is expanded for each of them.
const maxExpanded = 64 << 20

// memberTexts are the templates of a stanza: what is expanded for each of its droplets.
type memberTexts struct {
	userData *text
	tags     []*text // nil: the tag at this place is none
}

// templates reads the templates of a stanza. Nil: it has none; false: a fault was told.
func (d *decoder) templates(s stanza) (*memberTexts, bool) {
	var m memberTexts
	found := false
	if data := s[userDataKey]; s[templateKey].flag && data.ok && templated(data.text) {
		t, e := readTemplate(data.text, templateKeys)
		if e != nil {
			return nil, d.failIn(data, *e)
		}
		m.userData, found = t, true
		d.resizes(s, data, t)
	} else if at := bracketed.FindStringIndex(data.text); data.ok && at != nil && !s[templateKey].flag {
		e := placeOf(data.text, at[0])
		d.found(data, finding{e.saying("what looks like a template stays as it is", "to have it expanded: "+templateKey+": true"), odd}, false)
	}
	tags := s["tags"]
	for i, tag := range tags.list {
		m.tags = append(m.tags, nil)
		if !templated(tag) {
			continue
		}
		t, e := readTemplate(tag, templateKeys)
		if e != nil {
			return nil, d.fail(d.tagNode(tags, i), e.Hint, "tag %s: %s", clip(tag), e.Message)
		}
		m.tags[i], found = t, true
	}
	if !found {
		return nil, true
	}
	return &m, true
}

var bracketed = regexp.MustCompile(`\[\[-?\s*(printf\s+"[^"]*"\s*)?\.(Name|Ordinal|Group|Fleet|Region|Size)\b`)

// resizes warns where a resize in place changes the text too, which takes another droplet.
func (d *decoder) resizes(s stanza, data value, t *text) {
	inPlace := fleet.Resize(s["resize"].text) == fleet.ResizeInPlace || fleet.Resize(s["resize"].text) == fleet.ResizeWithDisk
	if inPlace && t.uses[ofSize] && fleet.OnChange(s["on_change"].text) != fleet.OnChangeIgnore {
		at := placeOf(data.text, max(0, strings.Index(data.text, "."+ofSize)))
		d.found(data, finding{at.saying(".Size changes the text with the size, so another size takes another droplet", "resize in place needs on_change: ignore then"), odd}, false)
	}
}

// tagNode is where a tag stands.
func (d *decoder) tagNode(tags value, i int) *yaml.Node {
	list := d.follow(tags.at)
	if i < len(list.Content) {
		return d.follow(list.Content[i])
	}
	return list
}

// failIn notes a fault of a text where it stands.
func (d *decoder) failIn(v value, e Error) bool {
	d.found(v, finding{e, ignored}, false)
	return false
}

// forks tells whether the user data of one droplet may be quite another than that of the next.
func (m *memberTexts) forks() bool { return m.userData != nil && m.userData.forks }

// source names the texts that a stanza's droplets have in common.
func (m *memberTexts) source(s stanza) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", s[userDataKey].text, s["tags"].list)
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// fill expands the texts for one droplet; false: a fault was told.
func (d *decoder) fill(spec *fleet.Spec, m *memberTexts, s stanza, ordinal int) bool {
	data := map[string]any{ofName: spec.Name, ofOrdinal: ordinal, ofGroup: spec.Group, ofFleet: d.fleet, ofRegion: spec.Region, ofSize: spec.Size}
	if m.userData != nil {
		expanded, e := m.userData.expand(data)
		if d.expanded += max(len(expanded), len(m.userData.source)); e == nil && d.expanded > maxExpanded {
			e = &Error{Line: 1, Col: 1, Message: fmt.Sprintf("the user data of the fleet is larger than %d MiB", maxExpanded>>20)}
		}
		if e == nil {
			e = expandedFault(expanded, spec.Name, m.userData.source)
		}
		if e != nil {
			return d.failIn(s[userDataKey], *e)
		}
		if spec.UserData = expanded; strings.TrimSpace(expanded) == "" {
			spec.UserData = ""
		}
	}
	if len(m.tags) > 0 {
		return d.fillTags(spec, m, s["tags"], data)
	}
	return true
}

func (d *decoder) fillTags(spec *fleet.Spec, m *memberTexts, tags value, data map[string]any) bool {
	spec.Tags = make([]string, len(tags.list))
	plain, seen := tagForm, map[string]bool{}
	plain.template = false
	for i, tag := range tags.list {
		problem, hint := "", ""
		if t := m.tags[i]; t != nil {
			expanded, e := t.expand(data)
			if tag = expanded; e != nil {
				problem, hint = e.Message, e.Hint
			} else {
				problem, hint = plain.check(tag)
			}
		}
		if problem == "" && seen[strings.ToLower(tag)] {
			problem, hint = "the list has "+clip(tag)+" twice", "remove one of them"
		}
		if problem != "" {
			return d.fail(d.tagNode(tags, i), hint, "tags of %s: %s", spec.Name, problem)
		}
		seen[strings.ToLower(tag)] = true
		spec.Tags[i] = tag
	}
	return true
}

// expandedFault looks at a text that was expanded as at one that stands in a file.
func expandedFault(expanded, name, source string) *Error {
	e, bad := userDataFault([]byte(expanded))
	if !bad {
		return nil
	}
	e = inSource(e, expanded, name, source)
	return &e
}

// inSource gives the place in the template of what was found in the text. Lines are the same unless the template makes some, or joins them.
func inSource(e Error, expanded, name, source string) Error {
	if strings.Count(expanded, "\n") != strings.Count(source, "\n") {
		e.Message += fmt.Sprintf(" (line %d of the text of %s)", e.Line, name)
		e.Line, e.Col = 1, 1
	}
	return e
}
