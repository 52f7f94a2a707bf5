package fleetfile

import (
	"slices"
	"strings"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// rule is a key that says how the droplets of a stanza may be changed, and nothing about what they are.
type rule struct {
	name     string
	words    []string
	standard string // what holds where nothing is said; empty: another key says
	doc      string // one sentence for the JSON Schema
	set      func(r *fleet.Rules, word string)
}

// rules is the one table of these keys. The decoder, the JSON Schema and the documentation follow it.
var rules = []rule{
	{
		name: "resize", words: []string{string(fleet.ResizeReplace), string(fleet.ResizeInPlace), string(fleet.ResizeWithDisk)},
		standard: string(fleet.ResizeReplace),
		doc: "How to change the size: with a new droplet, or in place, with the droplet off meanwhile. " +
			"in_place_with_disk also grows a disk that stayed behind before. A disk that grew never shrinks again.",
		set: func(r *fleet.Rules, word string) { r.Resize = fleet.Resize(word) },
	},
	{
		name: "on_change", words: []string{string(fleet.OnChangeReplace), string(fleet.OnChangeIgnore)},
		standard: string(fleet.OnChangeReplace),
		doc:      "How to change image, ssh_keys or user_data: with a new droplet, or not at all: only later droplets get the new value.",
		set:      func(r *fleet.Rules, word string) { r.OnChange = fleet.OnChange(word) },
	},
	{
		name: "replace", words: []string{string(fleet.CreateFirst), string(fleet.DestroyFirst)},
		standard: string(fleet.CreateFirst),
		doc:      "Whether a replace creates the new droplet first or destroys the old one first, for an account at its droplet limit.",
		set:      func(r *fleet.Rules, word string) { r.Order = fleet.Order(word) },
	},
	{
		name: driftKey, words: drifts,
		doc: "What to do if these droplets were changed outside arcadiad; overrides policy.drift.",
		set: func(r *fleet.Rules, word string) { r.Drift = fleet.DriftPolicy(word) },
	},
}

// driftKey is the key of the rule, and of the policy that holds where no rule is said; drifts are the words of both.
const driftKey = "drift"

var drifts = []string{string(fleet.DriftReport), string(fleet.DriftCorrect), string(fleet.DriftReplace)}

// ruleNamed finds a rule by its key.
func ruleNamed(key string) (rule, bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == key })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

// choice reads one of a few words.
func (w *walker) choice(n *yaml.Node, what string, words []string) (string, bool) {
	v := w.follow(n)
	if v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str" && slices.Contains(words, v.Value) {
		return v.Value, true
	}
	hint := ""
	if near, ok := nearest(v.Value, words); ok {
		hint = "did you mean " + near + "?"
	}
	last := len(words) - 1
	choices := words[last]
	if last > 0 {
		choices = strings.Join(words[:last], ", ") + " or " + choices
	}
	return "", w.fail(v, hint, "%s must be %s, not %s", what, choices, describe(v))
}
