package reconcile

import (
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Law 9: second halves alone begin no rollout: what else is to change in their group may not have been approved.
func TestLaw09SecondHalvesBeginNoRollout(t *testing.T) {
	half, replace := plan.Action{Kind: plan.Provision, Rollout: "web"}, plan.Action{Kind: plan.Replace, Rollout: "web"}
	began := fleet.Rollout{ID: "5c1d9a0200000000", Group: "web", BeganAt: time.Now()}
	for what, tc := range map[string]struct {
		row     fleet.Rollout
		actions []plan.Action
		want    bool
	}{
		"a second half alone":               {fleet.Rollout{Group: "web"}, []plan.Action{half}, false},
		"a second half, and another member": {fleet.Rollout{Group: "web"}, []plan.Action{half, replace}, true},
		"a second half of what has begun":   {began, []plan.Action{half}, true},
	} {
		r := rolloutsOf(plan.Plan{Rollouts: []plan.Rollout{{Rollout: tc.row}}}, tc.actions)["web"]
		if got := r != nil; got != tc.want {
			t.Errorf("%s: belongs to a rollout: %v", what, got)
		}
		if r != nil && (r.ID == "" || tc.row.ID != "" && r.ID != tc.row.ID) {
			t.Errorf("%s: the rollout has the id %q", what, r.ID)
		}
	}
}
