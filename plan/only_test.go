package plan

import (
	"testing"

	"arcadiad/fleet"
)

// A plan for some names has what the whole one has for them, whatever the letter case, and counts that alone.
func TestOnly(t *testing.T) {
	p := Plan{
		ID: "3f2a9c51d0e7", Cost: Cost{Unpriced: 1}, Summary: Summary{Provision: 1, Destroy: 2, Update: 1, Drifted: 2, InFlight: 1, Stuck: 1, Unchanged: 9},
		Actions: []Action{
			{Kind: Provision, Name: "web-3", Spec: fleet.Spec{Name: "web-3", Group: "web"}},
			{Kind: Destroy, Name: "web-9", Held: true},
			{Kind: Update, Name: "website"},
			{Kind: Destroy, Name: "DB-07.example"},
		},
		Drift:    []Drift{{Name: "web-1"}, {Name: "db"}},
		InFlight: []InFlight{{Name: "db", Stuck: true}},
		Warnings: []string{"of all", paused},
	}
	for _, tt := range []struct {
		names   []string
		summary Summary
	}{
		{[]string{"WEB"}, Summary{Provision: 1, Destroy: 1, Held: 1, Drifted: 1}},
		{[]string{"web-9", "db"}, Summary{Destroy: 1, Held: 1, Drifted: 1, InFlight: 1, Stuck: 1}},
		{[]string{"website"}, Summary{Update: 1}},
		{[]string{"db.example"}, Summary{Destroy: 1}},
		{[]string{"web-2"}, Summary{}},
	} {
		got := Only(p, tt.names)
		if got.Summary != tt.summary || got.ID != p.ID || got.Cost != (Cost{}) || len(got.Warnings) != 1 {
			t.Errorf("%v: %+v, %+v", tt.names, got.Summary, got)
		}
		if got.Blank() != (tt.summary == Summary{}) {
			t.Errorf("%v: blank %v", tt.names, got.Blank())
		}
	}
}
