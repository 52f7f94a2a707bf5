package control_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/view"
)

// A plan that went over the control socket renders as it did before.
func TestPlanSurvivesTheSocket(t *testing.T) {
	p := plan.Plan{
		ID: "3f2a9c51d0e7", Fleet: "demo", Summary: plan.Summary{Provision: 1, Replace: 1, Held: 1, InFlight: 1},
		Actions: []plan.Action{
			{Kind: plan.Provision, Name: "web-1", Reason: "wanted", Spec: fleet.Spec{Name: "web-1", Size: "s-1vcpu-1gb", UserData: "secret"}},
			{Kind: plan.Replace, Name: "web-2", DropletID: 7, Reason: "changed", Changes: []plan.FieldChange{{Field: "size", From: "a", To: "b"}},
				Held: true, HeldBy: "max_destroy", HeldReason: "too many"},
		},
		InFlight: []plan.InFlight{{Name: "web-3", Saga: "5f0c9a1e", Kind: fleet.SagaProvision, Status: "running", Step: "CreateDroplet"}},
	}
	got, err := control.NewClient(control.InProcess(control.Handler(planner{p: p}))).Plan(t.Context(), control.PlanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, render := range map[string]func(plan.Plan, io.Writer) error{
		"text":     func(p plan.Plan, w io.Writer) error { return view.Plan(w, p, false) },
		"json":     func(p plan.Plan, w io.Writer) error { return view.JSON(w, p) },
		"markdown": func(p plan.Plan, w io.Writer) error { return view.Markdown(w, p) },
	} {
		var before, after strings.Builder
		if err := errors.Join(render(p, &before), render(got, &after)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before.String(), after.String()); d != "" {
			t.Errorf("the plan's %s changed on its way (-before +after):\n%s", name, d)
		}
	}
	if said := got.Actions[0].Spec.UserData; said != "" {
		t.Errorf("user_data went over the socket: %s", said)
	}
}

type planner struct {
	control.Service
	p plan.Plan
}

func (p planner) Plan(context.Context, control.PlanRequest) (plan.Plan, error) { return p.p, nil }
