package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/notify"
	"arcadiad/plan"
	"arcadiad/reconcile"
)

// shapes are conditions without their words.
func shapes(conditions []notify.Condition) (list []string) {
	for _, c := range conditions {
		list = append(list, fmt.Sprintf("%s %s: %s", c.Kind, c.Subject, strings.TrimSpace(c.State)))
	}
	return list
}

func TestConditionsOfAPlan(t *testing.T) {
	hash := plan.Action{}.Spec.Hash()
	desired := fleet.Fleet{Specs: []fleet.Spec{{Name: "odd"}}}
	p := plan.Plan{
		ID: "3f2a9c51d0e7",
		Actions: []plan.Action{
			{Kind: plan.Provision, Name: "free"},
			{Kind: plan.Destroy, Name: "next", DropletID: 1, Held: true, HeldBy: "turn"},
			{Kind: plan.Provision, Name: "again", Held: true, HeldBy: "backoff", HeldReason: "next try at noon"},
			{Kind: plan.Provision, Name: "hopeless", Held: true, HeldBy: "stalled"},
			{Kind: plan.Destroy, Name: "many", DropletID: 2, Held: true, HeldBy: "max_destroy", Approvable: true},
			{Kind: plan.Destroy, Name: "double", DropletID: 3, Held: true, HeldBy: "origin", HeldReason: "who made 3"},
			{Kind: plan.Destroy, Name: "double", DropletID: 4, Held: true, HeldBy: "volumes", HeldReason: "a volume"},
		},
		Drift:    []plan.Drift{{Name: "odd", DropletID: 5, Changes: []plan.FieldChange{{Field: "size", From: "a", To: "b"}}}},
		Released: []plan.Released{{Name: "gone", DropletID: 6, Reason: "it lost its tags"}},
		InFlight: []plan.InFlight{{Name: "busy"}},
	}
	conditions, undecided := planConditions(desired, p)
	want := []string{
		"held again: provision backoff 0 " + hash, "stalled hopeless: provision stalled 0 " + hash, "held many: destroy max_destroy 2 " + hash,
		"held double: destroy origin 3 " + hash + " destroy volumes 4 " + hash, "drift odd: 5 size a -> b", "released gone: 6",
	}
	if got := shapes(conditions); !slices.Equal(got, want) {
		t.Errorf("conditions\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(undecided) != 1 || !undecided["busy"] {
		t.Errorf("undecided: %v", undecided)
	}
	for i, words := range [][]string{
		{"next try at noon", "by itself"}, {"provision is held by stalled", "change its stanza"}, {"max_destroy", "arcadiad approve 3f2a9c51d0e7"},
		{"who made 3", "a volume", "arcadiad plan"}, {"droplet 5", "size a -> b"}, {"droplet 6", "it lost its tags", "arcadiad release gone"},
	} {
		for _, w := range words {
			if !strings.Contains(conditions[i].Summary+"\n"+conditions[i].Advice, w) {
				t.Errorf("%s %s does not say %q: %+v", conditions[i].Kind, conditions[i].Subject, w, conditions[i])
			}
		}
		if !slices.Contains(planKinds(), conditions[i].Kind) {
			t.Errorf("%s would never recover", conditions[i].Kind)
		}
	}
	p.Actions[2].HeldReason = "next try at one"
	later, _ := planConditions(desired, p)
	if later[0].State != conditions[0].State {
		t.Error("the time of the next try is told anew")
	}
}

// What to do about drift depends on what the file says about it.
func TestConditionOfDrift(t *testing.T) {
	d := plan.Drift{Name: "odd", DropletID: 5, Changes: []plan.FieldChange{
		{Field: "size", From: "a", To: "b", Cause: plan.CauseOutside, By: "resize (action 7)"}, {Field: "status", From: "active", To: "off", Cause: plan.CauseBroken},
	}}
	for policy, want := range map[fleet.DriftPolicy]string{
		"": "drift: correct)", fleet.DriftReport: "drift: correct)", fleet.DriftCorrect: "drift: replace)", fleet.DriftReplace: "put the change into the fleet file; to look",
	} {
		desired := fleet.Fleet{Specs: []fleet.Spec{{Name: "odd", Rules: fleet.Rules{Drift: policy}}}}
		conditions, _ := planConditions(desired, plan.Plan{Drift: []plan.Drift{d}})
		if len(conditions) != 1 || !strings.Contains(conditions[0].Advice, want) {
			t.Errorf("drift: %s: %+v, want the advice %q", policy, conditions, want)
		}
		if s := "droplet 5 was changed behind arcadiad's back: size a -> b; droplet 5 is broken: status active -> off (by resize (action 7))"; conditions[0].Summary != s {
			t.Errorf("summary %q\nwant    %q", conditions[0].Summary, s)
		}
	}
}

func TestConditionOfFailingPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now()
		down := reconcile.Report{Err: errors.New("no answer")}
		if _, bad := failingCondition(down, since); bad {
			t.Error("the first failure is told at once")
		}
		time.Sleep(failingAfter)
		c, bad := failingCondition(down, since)
		if !bad || !c.Since.Equal(since) || !strings.Contains(c.Summary, "no answer") {
			t.Errorf("after five minutes: %v %+v", bad, c)
		}
		pinned, bad := failingCondition(reconcile.Report{Err: fmt.Errorf("plan: %w", &plan.PinError{Pin: plan.PinFleet})}, time.Now())
		if !bad || pinned.State == c.State {
			t.Errorf("another fleet is told at once, and apart: %v %+v", bad, pinned)
		}
	})
}

func TestConditionOfTheFile(t *testing.T) {
	if c := fileConditions(nil, true); len(c) != 0 {
		t.Errorf("a good file: %+v", c)
	}
	bad := errors.New("fleet.yaml:1:1: half a file")
	kept, none := fileConditions(bad, true)[0], fileConditions(bad, false)[0]
	if !strings.Contains(kept.Summary, "stays in force") || !strings.Contains(none.Summary, "no version is in force") || !strings.Contains(kept.Summary, bad.Error()) {
		t.Errorf("%+v\n%+v", kept, none)
	}
}
