package fleetfile_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

// Whatever the bytes are, Decode answers; with a fleet that keeps its promises and that the schema takes too, or with problems
// that have a place.
func FuzzDecode(f *testing.F) {
	for _, c := range slices.Concat(good, bad) {
		if len(c.yaml) < 4096 {
			f.Add([]byte(c.yaml))
		}
	}
	schema := compile(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := fleetfile.Decode("fleet.yaml", data, readCorpusFile)
		if err != nil {
			var errs fleetfile.Errors
			if !errors.As(err, &errs) || len(errs) == 0 {
				t.Fatalf("%T without problems", err)
			}
			for _, e := range errs {
				if e.File == "" || e.Line < 1 || e.Col < 1 || e.Message == "" {
					t.Errorf("a problem without a place or a word: %+v", e)
				}
			}
			return
		}
		old := map[string]bool{}
		for i, s := range got.Specs {
			if s.Was != "" {
				if _, desired := got.Spec(s.Was); desired || old[fleet.Key(s.Was)] {
					t.Errorf("%s was %s, and so is or was another", s.Name, s.Was)
				}
				old[fleet.Key(s.Was)] = true
			}
			if s.Name == "" || s.Region == "" || s.Size == "" || s.Image == "" || s.Line < 1 || s.Group == "" {
				t.Errorf("a droplet lacks something: %+v", s)
			}
			if len(s.UserData) > 64<<10 || slices.ContainsFunc(s.Tags, fleet.OurTag) {
				t.Errorf("a droplet has too much: %+v", s)
			}
			if i > 0 && fleet.CompareNames(got.Specs[i-1].Name, s.Name) >= 0 {
				t.Errorf("%s comes before %s", got.Specs[i-1].Name, s.Name)
			}
		}
		if again, err := fleetfile.Decode("fleet.yaml", data, readCorpusFile); err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("a second look sees something else: %v", err)
		}
		// The editor's YAML reader bounds aliases too, by the share that they have of a file.
		if err := validate(schema, string(data)); err != nil && !strings.Contains(err.Error(), "excessive aliasing") {
			t.Errorf("the decoder takes it, the schema does not: %v", err)
		}
	})
}
