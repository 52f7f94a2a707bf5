package view

import (
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// An approval shows what it lets through, and says how much of the plan it does not.
func TestApproving(t *testing.T) {
	p := plan.Plan{ID: "3f2a9c51d0e7", Actions: []plan.Action{
		{Kind: plan.Destroy, Name: "web-1", DropletID: 7, Reason: "no longer in fleet.yaml", Held: true, HeldBy: plan.HoldMaxDestroy, HeldReason: "too many", Approvable: true},
		{Kind: plan.Destroy, Name: "db", DropletID: 8, Held: true, HeldBy: "protect", HeldReason: "protected"},
		{Kind: plan.Provision, Name: "api", Spec: fleet.Spec{Name: "api"}},
	}}
	var b strings.Builder
	if err := Approving(&b, p, false); err != nil {
		t.Fatal(err)
	}
	const want = `An approval of plan 3f2a9c51d0e7 lets through:

  - web-1  destroy droplet 7: no longer in fleet.yaml
             held by max_destroy: too many

No approval lifts what holds 1 change of this plan.
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
