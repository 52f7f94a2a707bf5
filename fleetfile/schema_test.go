package fleetfile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// compile gives a validator for the schema as it is printed.
func compile(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(fleetfile.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("fleet.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("fleet.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate looks at a file as an editor does: YAML read as JSON, and then the schema.
func validate(schema *jsonschema.Schema, text string) error {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return fmt.Errorf("yaml: %w", err)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("yaml: %w", err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}

func TestSchemaAgreesWithDecoder(t *testing.T) {
	schema := compile(t)
	for _, c := range good {
		if err := validate(schema, c.yaml); err != nil {
			t.Errorf("%s: the decoder takes it, the schema does not: %v", c.name, err)
		}
	}
	for _, c := range bad {
		err := validate(schema, c.yaml)
		if err == nil && !c.deep {
			t.Errorf("%s: the schema takes it, the decoder does not", c.name)
		}
		if _, refused := err.(*jsonschema.ValidationError); refused && c.deep {
			// An empty text is null to the validator; everything else that is deep must be beyond a schema.
			var v any
			if yaml.Unmarshal([]byte(c.yaml), &v); v != nil {
				t.Errorf("%s: marked as beyond the schema, but the schema finds it: %v", c.name, err)
			}
		}
	}
}

// The keys that the schema names, the decoder's own and the fields of the vocabulary are the same.
func TestSchemaHasEveryField(t *testing.T) {
	var schema struct {
		Properties struct {
			Defaults struct{ Properties map[string]any }
			Droplets struct {
				Items struct {
					Properties map[string]struct{ Description string }
				}
			}
		}
	}
	if err := json.Unmarshal(fleetfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	droplet, defaults := schema.Properties.Droplets.Items.Properties, schema.Properties.Defaults.Properties
	want := []string{"count", "was", "user_data_file", "user_data_template", "resize", "on_change", "replace", "drift", "ready", "rollout",
		"reserved_ip", "reserved_ips", "project", "destroy"}
	for _, f := range fleet.Fields {
		want = append(want, f.Name)
		if droplet[f.Name].Description != f.Doc {
			t.Errorf("%s is described as %q, want %q", f.Name, droplet[f.Name].Description, f.Doc)
		}
	}
	for name := range droplet {
		if !slices.Contains(want, name) {
			t.Errorf("the schema has %s, which is no field", name)
		}
	}
	for _, name := range want {
		_, inDroplet := droplet[name]
		_, inDefaults := defaults[name]
		if !inDroplet || inDefaults == slices.Contains([]string{"name", "count", "was"}, name) {
			t.Errorf("%s: in droplets %v, in defaults %v", name, inDroplet, inDefaults)
		}
		// A list with a mapping in it is the value of no field: it is refused for its type, and so known.
		_, err := decode(head + web + "    " + name + ": [{}]\n")
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("unknown key")) {
			t.Errorf("%s: the decoder says %v", name, err)
		}
	}
}
