package fleetfile_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

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
			if r := s.Ready; r != nil && (r.Port < 1 || r.Port > 65535 || r.For < 0 || r.For >= r.Within || r.HTTP != strings.HasPrefix(r.Path, "/")) {
				t.Errorf("%s has a probe that cannot be: %+v", s.Name, *r)
			}
			how := got.Policy.RolloutOf(s)
			if how.Surge(1) < 1 || how.Canary < 0 || how.Pause < 0 || how.Drain < 0 || how.MaxUnavailable.Of(1) < 0 {
				t.Errorf("%s goes in a way that cannot be: %+v", s.Name, how)
			}
			if first := s.Rules.Order == fleet.DestroyFirst; how.Unattended && (first || s.Ready == nil) || how.MaxUnavailable.Of(1) == 0 && (first || s.Rules.Resize != fleet.ResizeReplace) {
				t.Errorf("%s goes in a way that its rules exclude: %+v", s.Name, how)
			}
			if i > 0 && fleet.CompareNames(got.Specs[i-1].Name, s.Name) >= 0 {
				t.Errorf("%s comes before %s", got.Specs[i-1].Name, s.Name)
			}
		}
		for _, w := range got.Windows {
			if opens := (fleet.Windows{w}).Opens(time.Unix(0, 0)); w.From == w.To || w.From < 0 || w.To > 24*time.Hour || w.Days == [7]bool{} || opens.IsZero() && w.To-w.From < 24*time.Hour {
				t.Errorf("a window that never opens: %+v", w)
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
