package fleetfile

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"

	"gopkg.in/yaml.v3"
)

// Decode reads a fleet file from memory; name is only what errors call it. readFile reads the user_data files, by their path
// relative to the fleet file; it should not give much more than the 64 KiB that they may have. The error is [Errors].
func Decode(name string, data []byte, readFile func(name string) ([]byte, error)) (fleet.Fleet, error) {
	d := newDecoder(name, readFile)
	f := d.decode(data)
	if len(d.errs) > 0 {
		return fleet.Fleet{}, d.errs.sorted(name)
	}
	f.Hash = d.hash(data)
	return f, nil
}

// decoder decodes one fleet file.
type decoder struct {
	walker
	readFile func(name string) ([]byte, error)
	sources  map[string]*source // user_data files by clean path
	checked  map[checked]bool   // user data that was looked at
	warnings Errors             // what is only odd
	fleet    string             // its name
	expanded int                // bytes of user data that were expanded from templates
	looked   int                // bytes of it that were looked at
	zones    map[string]*time.Location
	belongs  func(key string) string // a field, since it looks through the tables, which use the decoder
}

func newDecoder(name string, readFile func(string) ([]byte, error)) *decoder {
	return &decoder{walker: walker{file: name, sizes: map[*yaml.Node]int{}}, readFile: readFile, sources: map[string]*source{}, checked: map[checked]bool{},
		zones: map[string]*time.Location{}, belongs: belongs}
}

// rootKeys are the keys of the file.
var rootKeys = []string{"version", "fleet", "account", "defaults", "droplets", "policy"}

// decode leaves its problems in d.errs; the fleet is good only without any.
func (d *decoder) decode(data []byte) fleet.Fleet {
	data = bytes.TrimPrefix(data, utf8BOM) // Windows editors write it; it means nothing
	if d.errs = checkText(d.file, data); d.errs != nil {
		return fleet.Fleet{}
	}
	root, errs := parse(d.file, data)
	if errs != nil {
		d.errs = errs
		return fleet.Fleet{}
	}
	return d.root(root)
}

func (d *decoder) root(n *yaml.Node) fleet.Fleet {
	policy := noPolicy()
	f := fleet.Fleet{Policy: policy.policy}
	if isNull(n) {
		d.fail(n, "for a fleet without droplets, write droplets: []", "the file is empty")
		return f
	}
	if !d.version(n) {
		return f
	}
	entries, ok := d.mapping(n, "the fleet file", rootKeys, d.belongs)
	if !ok {
		return f
	}
	defaults, found := stanza{}, map[string]bool{}
	var droplets *yaml.Node
	for _, e := range entries {
		found[e.key] = true
		switch e.key {
		case "fleet":
			f.Name, _ = d.text(e.value, "fleet", fleetNameForm)
			d.fleet = f.Name
		case "account":
			uuid, _ := d.text(e.value, "account", uuidForm)
			f.Account = strings.ToLower(uuid)
		case "defaults":
			defaults, _ = d.stanza(e.value, "defaults", defaultKeys)
		case "droplets":
			droplets = e.value
		case "policy":
			policy = d.policy(e.value)
			f.Policy, f.Windows = policy.policy, policy.windows
		}
	}
	for key, hint := range map[string]string{"fleet": "name the fleet, such as fleet: demo", "droplets": "for a fleet without droplets, write droplets: []"} {
		if !found[key] {
			d.fail(n, hint, "%s is missing", key)
		}
	}
	if droplets != nil {
		f.Specs = d.droplets(droplets, defaults, policy)
	}
	f.Warnings = d.warnings.sorted(d.file).texts()
	for i := range f.Specs { // a change of the policy is a change of its rules, and to say what holds anyway is none
		f.Specs[i].Rules = f.Policy.RulesOf(f.Specs[i].Rules)
	}
	return f
}

// version looks at the version alone: the keys of another version's file would all seem unknown.
func (d *decoder) version(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return true // said by whoever reads the mapping
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if d.follow(n.Content[i]).Value != "version" {
			continue
		}
		v, ok := d.integer(n.Content[i+1], "version")
		if ok && v != 1 {
			d.fail(n.Content[i+1], "this arcadiad reads version 1", "version %d is not known", v)
			return false
		}
		return true
	}
	d.fail(n, "begin the file with version: 1", "version is missing")
	return true
}

// belongs gives the hint for a known key in the wrong place; empty: the key is known nowhere, or is one of the top.
func belongs(key string) string {
	var places []string
	for _, at := range []struct {
		place string
		keys  []string
	}{
		{"under policy", names(policyTable)},
		{"under defaults", defaultKeys},
		{"to a droplet", dropletKeys},
		{"under rollout", names(rolloutTable)},
		{"under destroy", names(endingTable)},
		{"under ready", names(readyTable)},
		{"under ready.http", names(httpTable)},
		{"under policy.windows", names(windowTable)},
	} {
		if slices.Contains(at.keys, key) {
			places = append(places, at.place)
		}
	}
	if len(places) == 0 {
		return ""
	}
	return key + " belongs " + strings.Join(places, " or ")
}
