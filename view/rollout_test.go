package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/scripts/goldentest"
)

// members are web-1, web-2 and so on, from one number to another.
func members(from, to int) (names []string) {
	for n := from; n <= to; n++ {
		names = append(names, fmt.Sprint("web-", n))
	}
	return names
}

// eight is the plan of a change that goes through a group of eight.
func eight(change func(r *plan.Rollout)) plan.Plan {
	r := plan.Rollout{
		Rollout: fleet.Rollout{Group: "web", From: "image ubuntu-22-04-x64", To: "image ubuntu-24-04-x64", Phase: fleet.RolloutRunning},
		Count:   8, Serving: 8, Size: 2, Probe: "http 8080 /healthz", Left: 14 * time.Minute, Batch: 1, Batches: 5,
	}
	change(&r)
	p := plan.Plan{ID: "95c6adce0911", Fleet: "demo", Rollouts: []plan.Rollout{r}}
	for _, name := range append(append([]string{}, r.Next...), r.Waiting...) {
		_, n := fleet.SplitName(name)
		a := plan.Action{
			Kind: plan.Replace, Name: name, DropletID: int64(100 + n), Reason: "image changed in the file", Rollout: "web",
			Changes: []plan.FieldChange{{Field: "image", From: "ubuntu-22-04-x64", To: "ubuntu-24-04-x64", Cause: plan.CauseFile}},
		}
		if strings.Contains(fmt.Sprint(r.Waiting, " "), name) {
			a.Held, a.HeldBy, a.HeldReason = true, "turn", "waiting its turn (2 of 8 at once): web-1 goes first"
			if r.HeldBy != "" {
				a.HeldBy, a.HeldReason, a.Approvable = r.HeldBy, r.Why, r.Hold().Liftable
			}
			p.Summary.Held++
		}
		p.Actions = append(p.Actions, a)
		p.Summary.Replace++
	}
	for _, name := range r.Live {
		p.InFlight = append(p.InFlight, plan.InFlight{Name: name, Saga: "5f0c9a1e00000000", Kind: fleet.SagaReplace, Status: "running", Step: "WaitDropletReady"})
		p.Summary.InFlight++
	}
	return p
}

// A plan shows a rollout as one thing, whatever it is at.
func TestRolloutGolden(t *testing.T) {
	opens := time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)
	begun := func(r *plan.Rollout) {
		r.ID, r.Batch, r.Batches, r.Left, r.Done = "5c1d9a02", 3, 3, 8*time.Minute, members(1, 3)
	}
	var text, md strings.Builder
	for _, tt := range []struct {
		what   string
		change func(r *plan.Rollout)
	}{
		{"it begins", func(r *plan.Rollout) {
			r.Canary, r.Pause, r.Next, r.Waiting = 1, 10*time.Minute, members(1, 1), members(2, 8)
		}},
		{"it waits for approval", func(r *plan.Rollout) {
			r.Probe, r.Waiting, r.HeldBy = "", members(1, 8), "max_destroy"
			r.Why = "8 of 10 registered droplets would be destroyed or replaced, and policy.max_destroy allows 2 without approval"
		}},
		{"it waits for a window", func(r *plan.Rollout) {
			r.Waiting, r.HeldBy, r.NextAt, r.Why = members(1, 8), "window", opens, "waiting for the window that opens at Mon 2026-11-23 22:00 UTC"
		}},
		{"a batch is under way", func(r *plan.Rollout) {
			begun(r)
			r.Live, r.Waiting, r.Serving = members(4, 5), members(6, 8), 7
		}},
		{"the next batch begins", func(r *plan.Rollout) {
			begun(r)
			r.Next, r.Waiting = members(4, 5), members(6, 8)
		}},
		{"it pauses", func(r *plan.Rollout) {
			begun(r)
			r.Waiting, r.NextAt, r.Why = members(4, 8), opens, "the next batch begins at 22:00:00, after a pause of 10m"
		}},
		{"a member stopped it", func(r *plan.Rollout) {
			begun(r)
			r.Live, r.Waiting, r.HeldBy = members(5, 5), append(members(4, 4), members(6, 8)...), "stopped"
			r.Failed = &plan.Failure{Name: "web-4", Saga: "5f0c9a1e00000000", Why: "it did not become ready", At: opens}
			r.Why = "web-4 failed at 22:00:00 and stopped the rollout (it did not become ready); to go on, change the stanza, or: arcadiad rollout resume web"
		}},
		{"the last ones are under way", func(r *plan.Rollout) {
			begun(r)
			r.Done, r.Live, r.Batch, r.Batches, r.Left = members(1, 6), members(7, 8), 5, 1, 20*time.Second
		}},
		{"a single droplet", func(r *plan.Rollout) {
			r.Count, r.Serving, r.Next = 1, 1, members(1, 1)
		}},
	} {
		p := eight(tt.change)
		fmt.Fprintf(&text, "==== %s\n%s\n", tt.what, inText(t, p))
		fmt.Fprintf(&md, "<!-- %s -->\n%s\n", tt.what, inMarkdown(t, p))
	}
	goldentest.File(t, "testdata/rollout.txt", []byte(text.String()))
	goldentest.File(t, "testdata/rollout.md", []byte(md.String()))
}
