package metrics

import (
	"fmt"
	"testing"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// Law 1 is one answer: whatever the tags of a droplet are, the plan, the metrics and the state that status shows agree on whose it is.
func TestLaw01AllAgreeWhoseADropletIs(t *testing.T) {
	const ours, other, saga, strange = "arcadia-fleet-demo", "arcadia-fleet-shop", "arcadia-saga-0123abcd", "arcadia-saga-ffffffff"
	kept := fleet.Droplet{ID: 8, Name: "kept", Status: fleet.StatusOff, Tags: []string{fleet.ManagedTag, ours}} // so that tags can be read
	seen := map[fleet.State]int{}
	for _, tags := range [][]string{
		nil, {"web"}, {fleet.ManagedTag}, {ours}, {other}, {saga}, {fleet.ManagedTag, ours}, {fleet.ManagedTag, other}, {fleet.ManagedTag, ours, other},
		{fleet.ManagedTag, saga}, {fleet.ManagedTag, strange}, {fleet.ManagedTag, saga, strange}, {fleet.ManagedTag, ours, strange},
		{fleet.ManagedTag, other, saga}, {ours, saga},
	} {
		for i := range 4 {
			registered, returned := i&1 != 0, i&2 != 0
			d := fleet.Droplet{ID: 7, Name: "old", Status: fleet.StatusActive, Tags: tags}
			pass := reconcile.Pass{
				Desired:  fleet.Fleet{Name: "demo"},
				Recorded: fleet.Recorded{Fleet: "demo", Sagas: []fleet.Saga{{ID: "0123abcd01234567", Kind: fleet.SagaProvision, Name: "old", Status: "compensated"}}},
				Observed: fleet.Observed{Account: fleet.Account{UUID: "team"}, Droplets: []fleet.Droplet{d, kept}, BeganAt: noon, EndedAt: noon},
			}
			pass.Recorded.Records = []fleet.Record{{DropletID: 8, Name: "kept"}}
			if registered {
				pass.Recorded.Records = append(pass.Recorded.Records, fleet.Record{DropletID: 7, Name: "old"})
			}
			if returned {
				pass.Recorded.Registrations = []fleet.Registration{{DropletID: 7, ReleasedAt: noon}}
			}
			var err error
			if pass.Plan, err = plan.Build(pass.Desired, pass.Recorded, pass.Observed, noon); err != nil {
				t.Fatal(err)
			}
			state := fleet.Resource{DropletID: 7, Tags: tags, Recorded: registered, Released: returned}.State(ownersOf(pass))
			seen[state]++
			what := fmt.Sprintf("%v, registered %v, given back %v: %s", tags, registered, returned, state)
			if n := figuresOf(pass).droplets[group{state, d.Status}]; n != 1 {
				t.Errorf("%s in the status, and not in the metrics", what)
			}
			// The file wants nothing: the plan ends all that it takes for its own.
			if ends := len(pass.Plan.Actions) == 2; ends != (state == fleet.StateManaged || state == fleet.StateUntracked) {
				t.Errorf("%s in the status; the plan has %d actions", what, len(pass.Plan.Actions))
			}
			if released := len(pass.Plan.Released) == 1; released != (registered && state == fleet.StateReleased) {
				t.Errorf("%s in the status; the plan has %d released", what, len(pass.Plan.Released))
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("not every state was met: %v", seen)
	}
}
