package fleetfile_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// rulesOf are the words of each rule and what they mean, written out by hand.
var rulesOf = map[string]map[string]fleet.Rules{
	"resize": {
		"replace":            {Resize: fleet.ResizeReplace},
		"in_place":           {Resize: fleet.ResizeInPlace},
		"in_place_with_disk": {Resize: fleet.ResizeWithDisk},
	},
	"on_change": {"replace": {OnChange: fleet.OnChangeReplace}, "ignore": {OnChange: fleet.OnChangeIgnore}},
	"replace":   {"create_first": {Order: fleet.CreateFirst}, "destroy_first": {Order: fleet.DestroyFirst}},
	"drift":     {"report": {Drift: fleet.DriftReport}, "correct": {Drift: fleet.DriftCorrect}, "replace": {Drift: fleet.DriftReplace}},
}

// Each word of each rule arrives from a droplet and from the defaults, a droplet's own word wins, and no other rule is touched.
func TestEveryRuleArrives(t *testing.T) {
	for key, words := range rulesOf {
		for word, want := range words {
			rule := key + ": " + word
			for where, text := range map[string]string{
				"droplet":  head + web + "    " + rule + "\n",
				"defaults": strings.Replace(head, "{", "{"+rule+", ", 1) + web,
			} {
				f, err := decode(text)
				if err != nil || f.Specs[0].Rules != f.Policy.RulesOf(want) {
					t.Errorf("%s in %s: %+v, %v", rule, where, f.Specs, err)
				}
			}
			for other := range words {
				f, err := decode(strings.Replace(head, "{", "{"+key+": "+other+", ", 1) + web + "    " + rule + "\n")
				if err != nil || f.Specs[0].Rules != f.Policy.RulesOf(want) {
					t.Errorf("%s over the default %s: %+v, %v", rule, other, f.Specs, err)
				}
			}
		}
	}
	plain := fleet.Rules{Resize: fleet.ResizeReplace, OnChange: fleet.OnChangeReplace, Order: fleet.CreateFirst, Drift: fleet.DriftReport}
	f, err := decode(head + web)
	if err != nil || f.Specs[0].Rules != plain || f.Specs[0].Was != "" {
		t.Errorf("a plain droplet: %+v, %v", f.Specs, err)
	}
}

// What the policy says about drift is a rule of each group that says nothing itself: sagas under way ask for the rules (law 17).
func TestThePolicyIsARuleOfItsGroups(t *testing.T) {
	f, err := decode(head + web + "  - {name: db, drift: report}\npolicy: {drift: correct}\n")
	if err != nil || len(f.Specs) != 2 || f.Specs[0].Rules.Drift != fleet.DriftReport || f.Specs[1].Rules.Drift != fleet.DriftCorrect {
		t.Errorf("%+v, %v", f.Specs, err)
	}
}

// What the schema offers is what the decoder takes: an editor completes these words.
func TestRulesInTheSchema(t *testing.T) {
	type choices map[string]struct{ Enum []string }
	var schema struct {
		Properties struct {
			Defaults struct{ Properties choices }
			Policy   struct{ Properties choices }
			Droplets struct {
				Items struct{ Properties choices }
			}
		}
	}
	if err := json.Unmarshal(fleetfile.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	p := schema.Properties
	found := 0
	for key, rule := range p.Droplets.Items.Properties {
		if len(rule.Enum) == 0 {
			continue
		}
		found++
		for _, word := range rule.Enum {
			if _, known := rulesOf[key][word]; !known {
				t.Errorf("the schema offers %s: %s", key, word)
			}
		}
		if len(rule.Enum) != len(rulesOf[key]) || !slices.Equal(rule.Enum, p.Defaults.Properties[key].Enum) {
			t.Errorf("%s: %v for droplets, %v by default", key, rule.Enum, p.Defaults.Properties[key].Enum)
		}
	}
	if found != len(rulesOf) {
		t.Errorf("the schema has %d rules, want %d", found, len(rulesOf))
	}
	if drift := p.Policy.Properties["drift"].Enum; !slices.Equal(drift, p.Droplets.Items.Properties["drift"].Enum) {
		t.Errorf("policy.drift: %v", drift)
	}
}

func TestPolicyOfDriftAndResizes(t *testing.T) {
	unavailable := func(l fleet.Limit) func(*fleet.Policy) {
		return func(p *fleet.Policy) { p.MaxUnavailable, p.Rollout.MaxUnavailable = l, &l }
	}
	standard := fleet.Policy{MaxDestroy: fleet.DefaultMaxDestroy, MaxLost: fleet.DefaultMaxLost, MaxUnavailable: fleet.DefaultMaxUnavailable, Drift: fleet.DriftReport}
	for text, change := range map[string]func(*fleet.Policy){
		"policy: {}":                       func(*fleet.Policy) {},
		"policy: {drift: correct}":         func(p *fleet.Policy) { p.Drift = fleet.DriftCorrect },
		"policy: {drift: replace}":         func(p *fleet.Policy) { p.Drift = fleet.DriftReplace },
		"policy: {max_unavailable: 3}":     unavailable(fleet.Limit{Value: 3}),
		"policy: {max_unavailable: '50%'}": unavailable(fleet.Limit{Value: 50, Percent: true}),
		"policy: {max_unavailable: 0}":     unavailable(fleet.Limit{}),
	} {
		want := standard
		change(&want)
		if f, err := decode(head + web + text + "\n"); err != nil || !reflect.DeepEqual(f.Policy, want) {
			t.Errorf("%s: %+v, %v", text, f.Policy, err)
		}
	}
	if standard.MaxUnavailable != (fleet.Limit{Value: 25, Percent: true}) {
		t.Errorf("max_unavailable is %+v where nothing is said", standard.MaxUnavailable)
	}
}

// A single droplet was called what was says, whatever number that ends in; the droplets of a count keep their numbers.
func TestOldNames(t *testing.T) {
	f, err := decode(head + `  - {name: api, count: 11, was: web}
  - {name: last, was: web-12}
  - {name: web, was: db.example.com}
  - {name: off, count: 0, was: web}
  - {name: plain, count: 1}
`)
	if err != nil {
		t.Fatal(err)
	}
	was := map[string]string{}
	for _, s := range f.Specs {
		was[s.Name] = s.Was
	}
	for name, want := range map[string]string{"api-1": "web-1", "api-10": "web-10", "api-11": "web-11", "last": "web-12", "web": "db.example.com", "plain-1": ""} {
		if was[name] != want {
			t.Errorf("%s was %q, want %q", name, was[name], want)
		}
	}
}

// Rules and old names change the file and not the droplets: nothing is replaced, retried or forgotten for them.
func TestRulesAreNoPartOfADroplet(t *testing.T) {
	plain, err := decode(head + web)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"was: api", "resize: in_place", "on_change: ignore", "replace: destroy_first", "drift: correct",
		"ready: {tcp: 22}", "rollout: {max_unavailable: 1, canary: 1}"} {
		f, err := decode(head + web + "    " + key + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if f.Specs[0].Hash() != plain.Specs[0].Hash() {
			t.Errorf("%s makes another droplet", key)
		}
		if f.Hash == plain.Hash {
			t.Errorf("%s does not make another version of the file", key)
		}
	}
}
