package plan

import (
	"testing"

	"arcadiad/fleet"
)

// Law 18: a name that a smaller count dropped is of the group that would number it, or did before it was renamed: it serves until enough of the
// others do.
func TestLaw18ADroppedNameIsOfTheGroupThatNumbersIt(t *testing.T) {
	padded := fleet.Numbering{Prefix: "w-", Width: 2}
	for name, tc := range map[string]struct {
		name   func(i int) string
		change func(s *fleet.Spec, i int)
		want   string
	}{
		"numbered in a way of its own": {padded.Name, func(s *fleet.Spec, _ int) { s.Group, s.Numbering = "w", padded }, " held by turn"},
		"numbered so before": {padded.Name, func(s *fleet.Spec, i int) {
			s.Name, s.Was, s.Group, s.WasNumbering = fleet.Numbering{Prefix: "new-"}.Name(i), padded.Name(i), "new", padded
		}, " held by turn"},
		"of another group": {padded.Name, func(s *fleet.Spec, _ int) {
			s.Group, s.Numbering = "w", fleet.Numbering{Prefix: "v-", Width: 2}
		}, ""},
	} {
		s := converged(tc.name(1), tc.name(2), tc.name(3), tc.name(4))
		s.unwant(tc.name(4))
		for i := range s.desired.Specs {
			s.desired.Specs[i].Single = false
			tc.change(&s.desired.Specs[i], i+1)
		}
		s.droplet(101).Status, s.droplet(102).Status = fleet.StatusOff, fleet.StatusOff
		t.Log(name)
		p := s.build(t)
		last := p.Actions[len(p.Actions)-1]
		held := ""
		if last.Held {
			held = " held by " + last.HeldBy
		}
		if last.Kind != Destroy || last.DropletID != 104 || held != tc.want {
			t.Errorf("%s: %s of %d%s, want it%s", name, last.Kind, last.DropletID, held, tc.want)
		}
	}
}
