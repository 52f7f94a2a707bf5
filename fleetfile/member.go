package fleetfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// member is one key of a mapping that is read into a T. The members of a mapping are one table, which the decoder and the JSON Schema follow.
type member[T any] struct {
	name   string
	schema object
	read   func(d *decoder, n *yaml.Node, into *T)
}

// kind is a sort of value: how the JSON Schema describes it, and how it is read. What is how messages call it.
type kind[V any] struct {
	schema object
	read   func(d *decoder, n *yaml.Node, what string) (V, bool)
}

// keyOf makes a member of a kind. The doc is one sentence for the JSON Schema; set gets only what is right.
func keyOf[T, V any](name string, k kind[V], doc string, set func(into *T, v V)) member[T] {
	return member[T]{name: name, schema: described(maps.Clone(k.schema), doc), read: func(d *decoder, n *yaml.Node, into *T) {
		if v, ok := k.read(d, n, name); ok {
			set(into, v)
		}
	}}
}

// readMembers reads a mapping into a T. Said has the value's node of each key that is there; false: something was refused.
func readMembers[T any](d *decoder, n *yaml.Node, what string, table []member[T], into *T) (said map[string]*yaml.Node, ok bool) {
	before := len(d.errs)
	said = map[string]*yaml.Node{}
	entries, _ := d.mapping(n, what, names(table), d.belongs)
	for _, e := range entries {
		i := slices.IndexFunc(table, func(m member[T]) bool { return m.name == e.key })
		said[e.key] = e.value
		table[i].read(d, e.value, into)
	}
	return said, len(d.errs) == before && !d.gaveUp
}

// membersSchema describes the mapping of a table.
func membersSchema[T any](table []member[T], doc string) object {
	properties := object{}
	for _, m := range table {
		properties[m.name] = m.schema
	}
	return object{"description": doc, "type": "object", "additionalProperties": false, "properties": properties}
}

// names are the keys of a table.
func names[T any](table []member[T]) []string {
	return fleet.Words(table, func(m member[T]) string { return m.name })
}

// limits are numbers of droplets or percentages of them, at least so much. Why says why they may not be below that.
func limits(least int, standard fleet.Limit, why string) kind[fleet.Limit] {
	return kind[fleet.Limit]{
		schema: limitSchema(least, standard),
		read: func(d *decoder, n *yaml.Node, what string) (fleet.Limit, bool) {
			v := d.follow(n)
			digits, percent := strings.CutSuffix(v.Value, "%")
			if percent && v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str" {
				i, err := strconv.Atoi(digits)
				if err != nil || !decimal.MatchString(digits) || i < least || i > 100 {
					return fleet.Limit{}, d.fail(v, fmt.Sprintf("from %d%% to 100%%, without decimals", least), "%s: %s is not a percentage", what, clip(v.Value))
				}
				return fleet.Limit{Value: i, Percent: true}, true
			}
			if v.Kind != yaml.ScalarNode || v.ShortTag() != "!!int" {
				return fleet.Limit{}, d.fail(v, "such as 5 or 25%", "%s must be a number of droplets or a percentage, not %s", what, describe(v))
			}
			i, ok := d.integer(n, what)
			if ok && i < least {
				ok = d.fail(v, why, "%s must not be below %d", what, least)
			}
			return fleet.Limit{Value: i}, ok
		},
	}
}

// limitSchema describes a number of droplets or a percentage of them.
func limitSchema(least int, standard fleet.Limit) object {
	percentage := "^(100|[1-9]?[0-9])%$"
	if least > 0 {
		percentage = "^(100|[1-9][0-9]?)%$"
	}
	return object{
		"default": fmt.Sprintf("%d%%", standard.Value),
		"anyOf": []object{
			{"type": "integer", "minimum": least},
			{"type": "string", "pattern": percentage},
		},
	}
}

// wholes are whole numbers within bounds; most 0: no upper one. Why is the hint at a number that is out of them.
func wholes(least, most int, why string) kind[int] {
	schema := object{"type": "integer", "minimum": least}
	bounds := fmt.Sprintf("at least %d", least)
	if most > 0 {
		schema["maximum"] = most
		bounds = fmt.Sprintf("from %d to %d", least, most)
	}
	return kind[int]{schema: schema, read: func(d *decoder, n *yaml.Node, what string) (int, bool) {
		i, ok := d.integer(n, what)
		if ok && (i < least || most > 0 && i > most) {
			return 0, d.fail(d.follow(n), why, "%s must be %s, not %d", what, bounds, i)
		}
		return i, ok
	}}
}

// flags are true or false, and false where nothing is said.
func flags() kind[bool] { return flagsFrom(false) }

// flagsFrom are true or false, and standard where nothing is said.
func flagsFrom(standard bool) kind[bool] {
	return kind[bool]{schema: object{"type": "boolean", "default": standard}, read: func(d *decoder, n *yaml.Node, what string) (bool, bool) {
		return d.boolean(n, what)
	}}
}

// wordsOf are a few words.
func wordsOf(words []string, standard string) kind[string] {
	return kind[string]{schema: choiceSchema(words, standard, ""), read: func(d *decoder, n *yaml.Node, what string) (string, bool) {
		return d.choice(n, what, words)
	}}
}

// textsOf are texts of a form.
func textsOf(f form, standard string) kind[string] {
	schema := f.schema()
	if standard != "" {
		schema["default"] = standard
	}
	return kind[string]{schema: schema, read: func(d *decoder, n *yaml.Node, what string) (string, bool) { return d.text(n, what, f) }}
}

// spelled is how a duration is written. Go's own reader takes more, such as nanoseconds, which nobody means here.
var spelled = regexp.MustCompile(`^([0-9]{1,6}(\.[0-9]{1,3})?(h|m|s|ms))+$`)

// durations are lengths of time within bounds.
func durations(least, most, standard time.Duration) kind[time.Duration] {
	return kind[time.Duration]{
		schema: object{"type": "string", "pattern": spelled.String(), "default": fleet.ShortDuration(standard)},
		read: func(d *decoder, n *yaml.Node, what string) (time.Duration, bool) {
			v := d.follow(n)
			text := v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str"
			length, err := time.ParseDuration(v.Value)
			switch {
			case text && err == nil && spelled.MatchString(v.Value) && length >= least && length <= most:
				return length, true
			case text && err == nil && (spelled.MatchString(v.Value) || length < 0):
				return 0, d.fail(v, "", "%s must be from %s to %s, not %s", what, fleet.ShortDuration(least), fleet.ShortDuration(most), clip(v.Value))
			case text:
				return 0, d.fail(v, spelling(v.Value), "%s: %q is not a duration", what, clip(v.Value))
			}
			return 0, d.fail(v, spelling(v.Value), "%s must be a duration, not %s", what, describe(v))
		},
	}
}

var (
	days     = regexp.MustCompile(`^([0-9]{1,4})d$`)
	unitless = regexp.MustCompile(`^[0-9]{1,6}$`)
)

// spelling says how to write what somebody may have meant by a text.
func spelling(text string) string {
	if m := days.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		return fmt.Sprintf("write %dh", n*24)
	}
	if unitless.MatchString(text) {
		return fmt.Sprintf("give the unit: %ss or %sm", text, text)
	}
	return "such as 30s, 10m or 1h30m"
}
