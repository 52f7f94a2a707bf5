package fleetfile

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"arcadiad/fleet"
)

// maxAliased bounds how many nodes are reached through aliases, in case a few lines of them stand for billions.
const maxAliased = 100_000

// walker reads nodes and collects what is wrong with them.
type walker struct {
	file    string
	errs    Errors
	aliased int // nodes reached through aliases so far
	sizes   map[*yaml.Node]int
	gaveUp  bool // the aliases went beyond all bounds; what is said afterwards is not heard
}

// fail notes a problem at a node, and gives what its reader answers then: it is not ok.
func (w *walker) fail(n *yaml.Node, hint, format string, args ...any) (ok bool) {
	if !w.gaveUp {
		w.errs = append(w.errs, Error{File: w.file, Line: n.Line, Col: n.Column, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	return false
}

// follow gives the node that an alias stands for, and any other node itself.
func (w *walker) follow(n *yaml.Node) *yaml.Node {
	if n.Kind != yaml.AliasNode {
		return n
	}
	if w.aliased += w.size(n.Alias); w.aliased > maxAliased {
		w.fail(n, "write the stanzas out", "aliases stand for more than %d values", maxAliased)
		w.gaveUp = true
	}
	if w.gaveUp {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line, Column: n.Column}
	}
	return n.Alias
}

// size counts the nodes of a subtree, an alias in it as one.
func (w *walker) size(n *yaml.Node) int {
	if known, ok := w.sizes[n]; ok {
		return known
	}
	size := 1
	for _, c := range n.Content {
		size += w.size(c)
	}
	w.sizes[n] = size
	return size
}

// entry is a key of a mapping and its value.
type entry struct {
	key   string
	at    *yaml.Node // the key itself, for positions
	value *yaml.Node
}

// mapping reads a mapping whose keys must be among the known ones; misplaced says what to do about a key that belongs elsewhere
// (nil: no key does). Merge keys (<<) are carried out: own keys win, and then whatever is merged first.
func (w *walker) mapping(n *yaml.Node, what string, known []string, misplaced func(string) string) ([]entry, bool) {
	m := w.follow(n)
	if m.Kind != yaml.MappingNode {
		return nil, w.fail(m, "", "%s must be a mapping of keys and values, not %s", what, describe(m))
	}
	var entries []entry
	w.collect(m, &entries, map[string]*yaml.Node{}, map[*yaml.Node]bool{})
	kept := entries[:0]
	for _, e := range entries {
		if slices.Contains(known, e.key) {
			kept = append(kept, e)
			continue
		}
		hint := ""
		if misplaced != nil {
			hint = misplaced(e.key)
		}
		if near, ok := nearest(e.key, known); ok && hint == "" {
			hint = "did you mean " + near + "?"
		}
		if hint == "" {
			hint = "known here: " + strings.Join(known, ", ")
		}
		w.fail(e.at, hint, "unknown key %s in %s", clip(e.key), what)
	}
	return kept, true
}

// collect gathers a mapping's own keys, and then those that it merges and does not have. Mappings under way are marked: an anchor
// may merge itself.
func (w *walker) collect(m *yaml.Node, entries *[]entry, seen map[string]*yaml.Node, underWay map[*yaml.Node]bool) {
	if underWay[m] {
		w.fail(m, "", "this mapping merges itself")
		return
	}
	underWay[m] = true
	defer delete(underWay, m)

	var merges []*yaml.Node
	own := map[string]*yaml.Node{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := w.follow(m.Content[i]), m.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			w.fail(key, "", "a key must be a plain word, not %s", describe(key))
			continue
		}
		if first, dup := own[key.Value]; dup {
			w.fail(m.Content[i], "remove one of them", "duplicate key %s: it is set on line %d already", clip(key.Value), first.Line)
			continue
		}
		own[key.Value] = key
		if key.ShortTag() == "!!merge" {
			merges = append(merges, value)
			continue
		}
		if seen[key.Value] == nil {
			seen[key.Value] = key
			*entries = append(*entries, entry{key: key.Value, at: m.Content[i], value: value})
		}
	}
	for _, merge := range merges {
		sources := []*yaml.Node{merge}
		if list := w.follow(merge); list.Kind == yaml.SequenceNode {
			sources = list.Content
		}
		for _, source := range sources {
			target := w.follow(source)
			if target.Kind != yaml.MappingNode {
				w.fail(source, "", "only a mapping can be merged with <<, not %s", describe(target))
				continue
			}
			w.collect(target, entries, seen, underWay)
		}
	}
}

// sequence reads a list.
func (w *walker) sequence(n *yaml.Node, what string) ([]*yaml.Node, bool) {
	s := w.follow(n)
	if s.Kind != yaml.SequenceNode {
		hint := ""
		if s.Kind == yaml.ScalarNode {
			if hint = fmt.Sprintf("write [%s]", clip(s.Value)); isNull(s) {
				hint = "write [] for none"
			}
		}
		return nil, w.fail(s, hint, "%s must be a list, not %s", what, describe(s))
	}
	return s.Content, true
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe says what a node is, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + clip(n.Value)
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!timestamp":
		return "the date " + clip(n.Value)
	case "!!str":
		return fmt.Sprintf("the text %q", clip(n.Value))
	}
	return "a value of type " + clip(n.ShortTag())
}

func clip(s string) string { return fleet.Cut(s, 60) }
