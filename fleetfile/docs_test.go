package fleetfile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/scripts/goldentest"
)

// described is a part of the JSON Schema, as far as the tables show it.
type described struct {
	Description string
	Type        any
	Pattern     string
	Default     any
	Enum        []any
	AnyOf       []described
	Required    []string
	Properties  map[string]described
	Items       *described
}

// kind says the type in words.
func (d described) kind() string {
	if len(d.Enum) > 0 {
		var words []string
		for _, e := range d.Enum {
			words = append(words, fmt.Sprintf("`%v`", e))
		}
		return strings.Join(words, " or ")
	}
	if len(d.AnyOf) > 0 && d.Type == nil {
		var words []string
		for _, e := range d.AnyOf {
			words = append(words, e.kind())
		}
		return strings.Join(words, " or ")
	}
	switch t := d.Type.(type) {
	case []any:
		return fmt.Sprintf("%v or number", t[0])
	default:
		if strings.Contains(d.Pattern, "(h|m|s|ms)") {
			return "duration"
		}
		if t == "array" && d.Items.Type != "object" {
			return "list of " + strings.ReplaceAll(d.Items.kind(), " or ", "s or ") + "s"
		}
		return map[any]string{"array": "list", "object": "mapping", "boolean": "true or false"}[t] +
			map[any]string{"string": "string", "integer": "number", "number": "number"}[t]
	}
}

// inner counts the keys in a value, and in their values.
func (d described) inner() int {
	n := len(d.Properties)
	for _, p := range d.Properties {
		n += p.inner()
	}
	return n
}

// at finds a key by its path, such as http.port, and whether it is required there.
func (d described) at(path string) (found described, must bool) {
	for key := range strings.SplitSeq(path, ".") {
		d, must = d.Properties[key], slices.Contains(d.Required, key)
	}
	return d, must
}

// docs/fleet-file.md has every key of the fleet file, and none else.
func TestDocumentation(t *testing.T) {
	var schema described
	if err := json.Unmarshal(fleetfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	goldentest.Part(t, "../docs/fleet-file.md", "keys", tables(t, schema))
}

func tables(t *testing.T, schema described) string {
	droplet := schema.Properties["droplets"].Items
	shown := 0
	var out strings.Builder
	row := func(name string, d described, must bool, columns ...string) {
		text := strings.TrimSuffix(d.Description, fmt.Sprintf(" Default: %v.", d.Default)) // which is for editors
		if must {
			text += " Required."
		}
		if d.Default != nil {
			text += fmt.Sprintf(" Default: `%v`.", d.Default)
		}
		cells := append([]string{"`" + name + "`", d.kind()}, append(columns, text)...)
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
		shown++
	}

	out.WriteString("## At the top\n\n| key | is | |\n|---|---|---|\n")
	for _, name := range []string{"version", "fleet", "account", "defaults", "droplets", "policy"} {
		row(name, schema.Properties[name], slices.Contains(schema.Required, name))
	}

	out.WriteString("\n## A droplet\n\nRequired here or in `defaults`, which take all of these but `name`, `count` and `was`: " + required() +
		".\n\n| key | is | a change | |\n|---|---|---|---|\n")
	for _, f := range fleet.Fields {
		row(f.Name, droplet.Properties[f.Name], false, change(f))
		switch f.Name {
		case "name":
			row("count", droplet.Properties["count"], false, "more, or fewer")
			row("was", droplet.Properties["was"], false, "a rename")
		case "user_data":
			row("user_data_file", droplet.Properties["user_data_file"], false, change(f))
			row("user_data_template", droplet.Properties["user_data_template"], false, change(f))
		}
	}

	out.WriteString("\n## How it may be changed\n\nThese keys are allowed in a droplet and in `defaults`. They say how to make a change, and are not part of the droplet.\n\n" +
		"| key | is | |\n|---|---|---|\n")
	for _, name := range []string{"resize", "on_change", "replace", "drift"} {
		row(name, droplet.Properties[name], false)
	}

	for _, name := range []string{"ready", "rollout"} {
		row(name, droplet.Properties[name], false)
	}

	out.WriteString("\n## What hangs on it, and how it ends\n\nThese keys are allowed in a droplet and in `defaults`. A change of them never replaces a droplet.\n\n" +
		"| key | is | |\n|---|---|---|\n")
	for _, name := range []string{"reserved_ip", "reserved_ips", "project", "destroy"} {
		row(name, droplet.Properties[name], false)
	}

	out.WriteString("\n## Policy\n\n| key | is | |\n|---|---|---|\n")
	policy := schema.Properties["policy"].Properties
	for _, name := range slices.Sorted(maps.Keys(policy)) {
		row(name, policy[name], false)
	}

	window := policy["windows"].Items
	out.WriteString("\n## Mappings in these\n")
	inner := 0
	for _, in := range []struct {
		key   string
		d     described
		paths []string
	}{
		{"ready", droplet.Properties["ready"], []string{"tcp", "http", "http.port", "http.path", "http.status", "http.tls", "address", "within", "for"}},
		{"rollout", droplet.Properties["rollout"], []string{"max_unavailable", "max_surge", "canary", "pause", "drain", "on_failure", "unattended"}},
		{"destroy", droplet.Properties["destroy"], []string{"shutdown", "snapshot", "keep"}},
		{"policy.windows", *window, []string{"days", "from", "to", "zone"}},
	} {
		fmt.Fprintf(&out, "\n### `%s`\n\n| key | is | |\n|---|---|---|\n", in.key)
		for _, path := range in.paths {
			d, must := in.d.at(path)
			row(path, d, must)
		}
		inner += in.d.inner()
	}
	if want := len(schema.Properties) + len(droplet.Properties) + len(policy) + inner; shown != want {
		t.Errorf("the tables show %d keys, and the schema has %d", shown, want)
	}
	return out.String()
}

func required() string {
	var names []string
	for _, f := range fleet.Fields {
		if f.Required && f.Name != "name" {
			names = append(names, "`"+f.Name+"`")
		}
	}
	return strings.Join(names, ", ")
}

func change(f fleet.Field) string {
	switch f.Name {
	case "name":
		return "another droplet, but for `was`"
	case "size":
		return "as `resize` says"
	case "image", "ssh_keys", "user_data":
		return "as `on_change` says"
	}
	return map[fleet.Change]string{fleet.ChangeReplace: "replace", fleet.ChangeInPlace: "in place", fleet.ChangeRecord: "recorded"}[f.Change]
}
