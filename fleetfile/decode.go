package fleetfile

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
}

func newDecoder(name string, readFile func(string) ([]byte, error)) *decoder {
	return &decoder{walker: walker{file: name, sizes: map[*yaml.Node]int{}}, readFile: readFile, sources: map[string]*source{}}
}

// The keys of the file.
var (
	rootKeys   = []string{"version", "fleet", "account", "defaults", "droplets", "policy"}
	policyKeys = []string{"max_destroy", "max_lost", "max_droplets", "max_monthly_cost", "max_unavailable", driftKey}
)

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
	f := fleet.Fleet{Policy: fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, MaxLost: fleet.DefaultMaxLost,
		MaxUnavailable: fleet.DefaultMaxUnavailable, Drift: fleet.DriftReport}}
	if isNull(n) {
		d.fail(n, "for a fleet without droplets, write droplets: []", "the file is empty")
		return f
	}
	if !d.version(n) {
		return f
	}
	entries, ok := d.mapping(n, "the fleet file", rootKeys, belongs)
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
		case "account":
			uuid, _ := d.text(e.value, "account", uuidForm)
			f.Account = strings.ToLower(uuid)
		case "defaults":
			defaults, _ = d.stanza(e.value, "defaults", defaultKeys)
		case "droplets":
			droplets = e.value
		case "policy":
			d.policy(e.value, &f.Policy)
		}
	}
	for key, hint := range map[string]string{"fleet": "name the fleet, such as fleet: demo", "droplets": "for a fleet without droplets, write droplets: []"} {
		if !found[key] {
			d.fail(n, hint, "%s is missing", key)
		}
	}
	if droplets != nil {
		f.Specs = d.droplets(droplets, defaults)
	}
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
	if slices.Contains(policyKeys, key) {
		places = append(places, "under policy")
	}
	if slices.Contains(defaultKeys, key) {
		places = append(places, "under defaults")
	}
	if slices.Contains(dropletKeys, key) {
		places = append(places, "to a droplet")
	}
	if len(places) == 0 {
		return ""
	}
	return key + " belongs " + strings.Join(places, " or ")
}

func (d *decoder) policy(n *yaml.Node, p *fleet.Policy) {
	entries, _ := d.mapping(n, "policy", policyKeys, belongs)
	for _, e := range entries {
		switch e.key {
		case "max_destroy":
			d.limit(&p.MaxDestroy, e.value, "max_destroy", 0, "0 means none")
		case "max_lost":
			d.limit(&p.MaxLost, e.value, "max_lost", 1, "one missing droplet is always created again")
		case "max_unavailable":
			d.limit(&p.MaxUnavailable, e.value, "max_unavailable", 1, "a replace or a resize takes a droplet out of service")
		case "max_droplets":
			if i, ok := d.integer(e.value, "max_droplets"); ok && i < 1 {
				d.fail(d.follow(e.value), "leave it out for no cap", "max_droplets must be at least 1, not %d", i)
			} else {
				p.MaxDroplets = i
			}
		case "max_monthly_cost":
			p.MaxMonthly = d.money(e.value, "max_monthly_cost")
		case driftKey:
			word, _ := d.choice(e.value, driftKey, drifts)
			p.Drift = fleet.DriftPolicy(word)
		}
	}
}

// limit reads a number of droplets or a percentage of them. Why says why it may not be below the least.
func (d *decoder) limit(into *fleet.Limit, n *yaml.Node, what string, least int, why string) {
	v := d.follow(n)
	digits, percent := strings.CutSuffix(v.Value, "%")
	if percent && v.Kind == yaml.ScalarNode && v.ShortTag() == "!!str" {
		i, err := strconv.Atoi(digits)
		if err != nil || !decimal.MatchString(digits) || i < least || i > 100 {
			d.fail(v, fmt.Sprintf("from %d%% to 100%%, without decimals", least), "%s: %s is not a percentage", what, clip(v.Value))
			return
		}
		*into = fleet.Limit{Value: i, Percent: true}
		return
	}
	if v.Kind != yaml.ScalarNode || v.ShortTag() != "!!int" {
		d.fail(v, "such as 5 or 25%", "%s must be a number of droplets or a percentage, not %s", what, describe(v))
		return
	}
	switch i, ok := d.integer(n, what); {
	case ok && i < least:
		d.fail(v, why, "%s must not be below %d", what, least)
	case ok:
		*into = fleet.Limit{Value: i}
	}
}

// amount is a number of dollars as people write it.
var amount = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`)

// money reads an amount of US dollars above nothing.
func (d *decoder) money(n *yaml.Node, what string) fleet.Money {
	v := d.follow(n)
	dollars, err := strconv.ParseFloat(v.Value, 64)
	if v.Kind != yaml.ScalarNode || v.ShortTag() != "!!int" && v.ShortTag() != "!!float" || err != nil || !amount.MatchString(v.Value) {
		d.fail(v, "US dollars a month, such as 120 or 99.50", "%s must be an amount, not %s", what, describe(v))
		return 0
	}
	if dollars == 0 {
		d.fail(v, "leave it out for no cap", "%s must be above 0", what)
	}
	return fleet.Dollars(dollars)
}
