package plan

import (
	"slices"
	"testing"

	"arcadiad/fleet"
)

// Law 9: what a person approved of a replace that was asked for by name is for no replace that drift is the reason for, though both make the same
// droplet. And a replace that was asked for puts nothing back: it does not count as a correction.
func TestLaw09AnApprovalOfWhatWasAskedFor(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).VolumeIDs = []string{"v-1"}
	s.recorded.Scope = fleet.Scope{Names: []string{"db"}, Replace: 101}
	p := s.expect(t, "replace db 101 held by volumes")
	s.recorded.Grants = p.Grants(s.now)
	s.expect(t, "replace db 101")

	s.droplet(101).Size = "s-2vcpu-2gb" // changed in the console
	if p := s.expect(t, "replace db 101"); p.Actions[0].Corrects() || len(p.Actions[0].Changes) == 0 {
		t.Errorf("%+v", p.Actions[0])
	}
	s.recorded.Scope = fleet.Scope{}
	s.desired.Policy.Drift = fleet.DriftReplace
	s.spec("db").Rules.Resize = fleet.ResizeReplace
	s.recorded.Deviations = s.build(t).Deviations()
	s.now = s.now.Add(2 * confirmAfter)
	s.observed.BeganAt = s.now
	s.expect(t, "replace db 101 held by volumes")
}

// Law 9: a yes is for the rules that held the plan when it was shown. Another that holds the same actions by now, under the same id, is not
// lifted along.
func TestLaw09AYesIsForWhatHeldIt(t *testing.T) {
	s := converged("db", "web-1")
	s.unwant("db")
	s.droplet(101).VolumeIDs = []string{"v-1"}
	shown := s.expect(t, "destroy db 101 held by volumes")
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	now := s.build(t)
	rules := func(grants []fleet.Grant) (rules []string) {
		for _, g := range grants {
			rules = append(rules, g.Rule)
		}
		return rules
	}
	if all := rules(now.Grants(s.now)); !slices.Equal(all, []string{"volumes", "max_destroy"}) || now.ID != shown.ID {
		t.Fatalf("%q", all)
	}
	if seen := rules(Seen(now.Grants(s.now), shown)); !slices.Equal(seen, []string{"volumes"}) {
		t.Errorf("%q", seen)
	}
	if all := rules(Seen(now.Grants(s.now), Plan{ID: now.ID})); len(all) != 2 {
		t.Errorf("%q", all)
	}
}
