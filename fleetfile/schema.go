package fleetfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"arcadiad/fleet"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// SchemaFile is the name under which the schema lies beside a fleet file, and SchemaLine is the first line of a file that has it there:
// yaml-language-server reads it.
const (
	SchemaFile = "fleet.schema.json"
	SchemaLine = "# yaml-language-server: $schema=./" + SchemaFile + "\n"
)

// Schema gives the JSON Schema (draft 7, which yaml-language-server knows) of the fleet file. It is made from [fleet.Fields] and
// the forms that [Decode] checks, and accepts every file that Decode accepts; what a schema cannot say, such as names that
// collide, only Decode finds.
func Schema() []byte {
	droplet := mappingSchema(dropletKeys)
	droplet["description"] = "One droplet, or with count several of the same kind."
	droplet["required"] = []string{"name"}
	stem := object{"anyOf": []object{{"pattern": "^[^.]*$", "maxLength": maxStem}, {"pattern": templatePattern}}}
	droplet["dependencies"] = object{countKey: object{"properties": object{"name": stem, wasKey: stem}}}
	defaults := mappingSchema(defaultKeys)
	defaults["description"] = "Values for every droplet that does not set its own."

	var anywhere []object // a required field is in the defaults or in each droplet
	for _, f := range fleet.Fields {
		if f.Required && f.Name != "name" {
			need := object{"required": []string{f.Name}}
			anywhere = append(anywhere, object{"anyOf": []object{
				{"properties": object{"droplets": object{"items": need}}},
				{"required": []string{"defaults"}, "properties": object{"defaults": need}},
			}})
		}
	}
	schema := object{
		"$schema":              "http://json-schema.org/draft-07/schema#",
		"title":                "arcadiad fleet file",
		"description":          "The droplets that a DigitalOcean account should have.",
		"type":                 "object",
		"additionalProperties": false,
		"required":             []string{"version", "fleet", "droplets"},
		"allOf":                anywhere,
		"properties": object{
			"version":  object{"description": "Version of the file format.", "type": "integer", "enum": []int{1}},
			"fleet":    described(fleetNameForm.schema(), "The fleet's name, in the tags of its droplets."),
			"account":  described(uuidForm.schema(), "UUID of the team, or of the account without one. Checked before anything is written."),
			"defaults": defaults,
			"droplets": object{"description": "The droplets; [] for none.", "type": "array", "items": droplet},
			"policy":   policySchema(),
		},
	}
	// The parts of it are shared, so what editors need is added to a copy.
	plain, err := json.Marshal(schema)
	if err != nil {
		panic(err) // strings, numbers, maps and slices always marshal
	}
	var all any
	numbers := json.NewDecoder(bytes.NewReader(plain))
	numbers.UseNumber()
	err = numbers.Decode(&all)
	forEditors(all)
	out, marshalled := json.MarshalIndent(all, "", "  ")
	if err = errors.Join(err, marshalled); err != nil {
		panic(err)
	}
	return append(out, '\n')
}

// mappingSchema describes a stanza with these keys.
func mappingSchema(keys []string) object {
	properties := object{}
	for _, key := range keys {
		switch key {
		case countKey:
			properties[key] = object{
				"description": "How many droplets: web-1, web-2, …. Shrinking drops the highest; 0 means none.",
				"type":        "integer", "minimum": 0, "maximum": maxCount,
			}
		case wasKey:
			properties[key] = described(formOf["name"].schema(), "The old name of a renamed droplet. With count: the old stem, and each droplet keeps its number.")
		case fileKey:
			properties[key] = described(fileForm.schema(), "File with the user data, relative to the fleet file and below its directory: a regular file, not in .git and not a secret of arcadiad.")
		case templateKey:
			properties[key] = object{"type": "boolean", "default": false,
				"description": "Whether the user data is a template, expanded for each droplet: [[ .Name ]], [[ .Ordinal ]], [[ .Group ]], [[ .Fleet ]], [[ .Region ]], [[ .Size ]]."}
		case readyKey:
			properties[key] = readySchema()
		case rolloutKey:
			properties[key] = rolloutSchema("How a change goes through the group. What it leaves out is as policy.rollout says.")
		case addressKey:
			properties[key] = described(addressForm.schema(), "The reserved IP of the account that follows the droplet's name; none: it is to have none.")
		case addressesKey:
			properties[key] = object{"description": "With count: the reserved IPs that follow the names, by number.", "type": "array", "items": addressForm.schema()}
		case projectKey:
			properties[key] = described(projectForm.schema(), "Name of the project that new droplets are put into. Nothing moves a droplet that exists.")
		case destroyKey:
			properties[key] = endingSchema()
		default:
			if r, ok := ruleNamed(key); ok {
				properties[key] = choiceSchema(r.words, r.standard, r.doc)
				continue
			}
			f, _ := fleet.FieldNamed(key)
			properties[key] = fieldSchema(f)
		}
	}
	return object{
		"type": "object", "additionalProperties": false, "properties": properties,
		"not": object{"required": []string{userDataKey, fileKey}},
	}
}

// choiceSchema describes a key that has one of a few words.
func choiceSchema(words []string, standard, doc string) object {
	s := object{"description": doc, "enum": words}
	if standard != "" {
		s["default"] = standard
	}
	return s
}

func fieldSchema(f fleet.Field) object {
	switch f.Kind {
	case fleet.KindBool:
		return described(object{"type": "boolean"}, f.Doc)
	case fleet.KindList:
		return described(object{"type": "array", "uniqueItems": true, "items": formOf[f.Name].schema()}, f.Doc)
	default:
		return described(formOf[f.Name].schema(), f.Doc)
	}
}

// forEditors adds what editors show: the default in the text beside a key, and words for a pattern that does not match.
func forEditors(node any) {
	switch node := node.(type) {
	case map[string]any:
		if standard, has := node["default"]; has && node["description"] != nil {
			node["description"] = fmt.Sprintf("%s Default: %v.", node["description"], standard)
		}
		for _, inner := range node {
			forEditors(inner)
		}
	case []any:
		for _, inner := range node {
			forEditors(inner)
		}
	}
}

// templatePattern matches a text that is a template.
const templatePattern = `\[\[`

// schema says the form in JSON Schema. String keywords do not bind numbers, nor the other way round.
func (f form) schema() object {
	s := object{"type": "string"}
	if f.number {
		s["type"] = []string{"string", "integer"}
		s["minimum"] = 1
	}
	if !f.blank {
		s["minLength"] = 1
	}
	if f.maxBytes > 0 {
		s["maxLength"] = f.maxBytes
	}
	if len(f.patterns) == 1 {
		s["pattern"] = f.patterns[0].String()
	} else if len(f.patterns) > 1 {
		all := make([]object, len(f.patterns))
		for i, p := range f.patterns {
			all[i] = object{"pattern": p.String()}
		}
		s["allOf"] = all
	}
	if f.hint != "" && len(f.patterns) > 0 {
		s["patternErrorMessage"] = f.noun + ": " + f.hint
	}
	if f.never != nil {
		s["not"] = object{"type": "string", "pattern": f.never.String()} // without the type every number would be one, too
	}
	if f.template { // its expansions have the form
		plain := object{}
		for _, key := range []string{"pattern", "allOf", "maxLength", "not"} {
			if v, has := s[key]; has {
				plain[key] = v
				delete(s, key)
			}
		}
		s["anyOf"] = []object{plain, {"pattern": templatePattern}}
	}
	return s
}

func described(s object, doc string) object {
	s["description"] = doc
	return s
}
