package fleet

import (
	"maps"
	"testing"
)

// Law 17: `was` follows a chain of renames that were not carried out.
func TestLaw17HeirsFollowAChain(t *testing.T) {
	of := func(pairs ...string) (f Fleet) { // name, was
		for i := 0; i < len(pairs); i += 2 {
			f.Specs = append(f.Specs, Spec{Name: pairs[i], Was: pairs[i+1]})
		}
		return f
	}
	web := func(heir string) []Record { return []Record{{DropletID: 1, Name: "web", Heir: heir}} }
	for _, tt := range []struct {
		name    string
		file    Fleet
		records []Record
		want    map[int64]string
	}{
		{"nothing is renamed", of("web", ""), web(""), map[int64]string{}},
		{"the first rename", of("api", "Web"), web(""), map[int64]string{1: "api"}},
		{"the second", of("svc", "API"), web("api"), map[int64]string{1: "svc"}},
		{"the third", of("edge", "svc"), web("svc"), map[int64]string{1: "edge"}},
		{"was is taken out", of("api", ""), web("api"), map[int64]string{1: "api"}},
		{"the name comes back later", of("other", ""), web("api"), map[int64]string{1: "api"}},
		{"the old name again", of("web", ""), web("api"), map[int64]string{1: ""}},
		{"straight from the recorded name", of("api", "web", "svc", "api"), web("api"), map[int64]string{1: "api"}},
		{"the new name has a droplet", of("api", "web"), append(web(""), Record{DropletID: 2, Name: "api"}), map[int64]string{}},
	} {
		if got := tt.file.HeirsOf(tt.records); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
