package fleetfile_test

import (
	"bytes"
	"io/fs"
	"os"
	"regexp"
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
	// What it shows in comments works, too.
	keys := regexp.MustCompile(`(?m)^( +)# (ready|rollout|windows):`)
	if found := len(keys.FindAll(text, -1)); found != 3 {
		t.Errorf("the example shows %d keys in comments", found)
	}
	all, err := fleetfile.Decode("fleet.yaml", keys.ReplaceAll(text, []byte("$1$2:")), os.DirFS("../examples").(fs.ReadFileFS).ReadFile)
	if web, ok := all.Spec("web-3"); err != nil || !ok || web.Ready == nil || web.Rollout == nil || len(all.Windows) != 1 {
		t.Errorf("the keys in comments: %+v, %v", all, err)
	}
	if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema=./fleet.schema.json\n")) {
		t.Error("the example's first line does not name its schema")
	}
}
