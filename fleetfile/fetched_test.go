package fleetfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"arcadiad/fleetfile"
)

// What a pull wrote down is found beside its link, wherever the path goes on from there. A repository cannot pose as one.
func TestFetchedBeside(t *testing.T) {
	d := newTree(t)
	d.write("host/pull.json", `{"ref": "main"}`)
	d.write("host/trees/c/fleets/trees/x/fleet.yaml", fleetOf("one"))
	d.write("host/trees/c/fleets/pull.json", `{"ref": "evil"}`)
	d.write("host/trees/c/pull.json", `{"ref": "evil"}`)
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, d.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	link("trees/c", "host/current")
	link("trees/x", "host/trees/c/fleets/current")
	link("fleets/current/fleet.yaml", "host/trees/c/fleet.yaml")
	link("host/current/fleet.yaml", "fleet.yaml")
	for _, path := range []string{"host/current/fleet.yaml", "host/current/fleets/current/fleet.yaml", "fleet.yaml"} {
		if f, err := fleetfile.FetchedBeside(d.path(path)); err != nil || f == nil || f.Ref != "main" {
			t.Errorf("%s: %+v, %v", path, f, err)
		}
	}
	for _, path := range []string{"host/trees/c/fleets/trees/x/fleet.yaml", "gone/fleet.yaml"} {
		if f, err := fleetfile.FetchedBeside(d.path(path)); err != nil || f != nil {
			t.Errorf("%s: %+v, %v", path, f, err)
		}
	}
	if err := os.Remove(d.path("host/pull.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := fleetfile.FetchedBeside(filepath.Join(d.dir, "fleet.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a record: %v", err)
	}
}
