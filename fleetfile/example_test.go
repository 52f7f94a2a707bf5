package fleetfile_test

import (
	"bytes"
	"os"
	"testing"

	"arcadiad/fleetfile"
	"arcadiad/scripts/goldentest"
)

// The example is what newcomers copy, and its schema is what their editors read.
func TestExample(t *testing.T) {
	goldentest.File(t, "../examples/fleet.schema.json", fleetfile.Schema())

	f, err := fleetfile.Load("../examples/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range f.Specs {
		names = append(names, s.Name)
	}
	if got, want := len(names), 5; got != want {
		t.Errorf("the example has %d droplets, want %d: %v", got, want, names)
	}
	if db, ok := f.Spec("db"); !ok || !db.Protected() {
		t.Error("the example's database is not protected")
	}
	if web, ok := f.Spec("web-3"); !ok || web.UserData == "" {
		t.Error("the example's web servers have no user data")
	}
	text, err := os.ReadFile("../examples/fleet.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema=./fleet.schema.json\n")) {
		t.Error("the example's first line does not name its schema")
	}
}
