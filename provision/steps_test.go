package provision

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// kinds gives every kind that is defined. The engine keeps them to itself.
func kinds() (names []string) {
	engine := saga.New(nil, saga.Options{})
	New(Options{}).Define(engine)
	for _, name := range reflect.ValueOf(engine).Elem().FieldByName("kinds").MapKeys() {
		names = append(names, name.String())
	}
	return names
}

// defined gives the steps of a kind, in order.
func defined(t *testing.T, kind string) []string {
	t.Helper()
	engine := saga.New(nil, saga.Options{})
	New(Options{}).Define(engine)
	s, err := engine.Draft(kind, "web", nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.Steps
}

// Metrics count every kind that is defined.
func TestEverySagaKindIsListed(t *testing.T) {
	listed, have := fleet.SagaKinds(), kinds()
	slices.Sort(listed)
	slices.Sort(have)
	if !slices.Equal(listed, have) {
		t.Errorf("fleet.SagaKinds are %q, and %q are defined", listed, have)
	}
}

// An update has each of its kind's steps in the kind's order, if it changes all that can be changed.
func TestAnUpdateOfEverythingHasEveryStep(t *testing.T) {
	on := true
	all := fleet.Alteration{Protection: true, Tag: []string{"a"}, Name: "b", Backups: &on, IPv6: true, Assign: "203.0.113.7", Size: "c", PowerOn: true}
	if have, want := updateSteps(all, fleet.Drain{Tags: []string{"lb"}}), defined(t, fleet.SagaUpdate); !slices.Equal(have, want) {
		t.Errorf("an update of everything has the steps %q, and the kind has %q", have, want)
	}
}

// The table of sagas names each kind, and its steps in order.
func TestTheArchitecturePageHasEverySaga(t *testing.T) {
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	step := regexp.MustCompile("`([A-Z][A-Za-z0-9]+)`")
	for _, kind := range kinds() {
		_, row, found := strings.Cut(string(page), "\n| `"+kind+"` | ")
		if !found {
			t.Errorf("there is no row of %s", kind)
			continue
		}
		cell, _, _ := strings.Cut(row, " | ")
		var names []string
		if strings.HasPrefix(cell, "the same, then ") {
			names = defined(t, fleet.SagaProvision)
		}
		for _, m := range step.FindAllStringSubmatch(cell, -1) {
			names = append(names, m[1])
		}
		if want := defined(t, kind); !slices.Equal(names, want) {
			t.Errorf("the row of %s has the steps %q, and the kind has %q", kind, names, want)
		}
	}
}
