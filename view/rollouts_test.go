package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/scripts/goldentest"
)

var evening = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)

// inUTC shows times as they are in Greenwich.
func inUTC(t *testing.T) {
	before := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = before })
}

// rolling is a rollout of a group of five that began a quarter of an hour ago.
func rolling(group string, change func(r *control.Rollout, p *plan.Rollout)) control.Rollout {
	r := control.Rollout{Rollout: fleet.Rollout{
		ID: "5c1d9a0200000000", Group: group, From: "image ubuntu-22-04-x64", To: "image ubuntu-24-04-x64", Phase: fleet.RolloutRunning,
		BeganAt: evening.Add(-15 * time.Minute), Approval: "95c6adce0911",
	}}
	for n := 1; n <= 5; n++ {
		name := fmt.Sprint(group, "-", n)
		r.Members = append(r.Members, fleet.RolloutMember{Name: name, DropletID: int64(100 + n)})
		switch {
		case n <= 2:
			r.Done = append(r.Done, name)
		case n == 3:
			r.Moving = append(r.Moving, name)
		default:
			r.Waiting = append(r.Waiting, name)
		}
	}
	p := &plan.Rollout{Rollout: r.Rollout, Count: 5, Serving: 5, Probe: "tcp 22", Batch: 2, Batches: 3, Left: 8 * time.Minute}
	change(&r, p)
	if p.Count > 0 {
		r.Plan = p
	}
	return r
}

// rests has nothing of a rollout under way.
func rests(r *control.Rollout) { r.Moving, r.Waiting = nil, append(r.Moving, r.Waiting...) }

// stops has the third member stop a rollout.
func stops(r *control.Rollout, p *plan.Rollout) {
	rests(r)
	r.Failed = &plan.Failure{Name: r.Group + "-3", Saga: "5f0c9a1e00000000", Why: "droplet 203 did not become ready within 10m: tcp 22: connection refused", At: evening.Add(-4 * time.Minute)}
	p.HeldBy, p.Why = plan.HoldStopped, r.Group+"-3 failed at 21:56:00 and stopped the rollout"
}

// ofEverything are rollouts of every kind.
func ofEverything() []control.Rollout {
	as := func(phase fleet.RolloutPhase) func(r *control.Rollout, _ *plan.Rollout) {
		return func(r *control.Rollout, _ *plan.Rollout) { r.Phase, r.Reason = phase, string(phase)+" by a person" }
	}
	return []control.Rollout{
		rolling("running", func(*control.Rollout, *plan.Rollout) {}),
		rolling("late", func(_ *control.Rollout, p *plan.Rollout) { p.Serving = 3 }),
		rolling("alone", func(_ *control.Rollout, p *plan.Rollout) { *p = plan.Rollout{} }),
		rolling("left", func(r *control.Rollout, p *plan.Rollout) { rests(r); *p = plan.Rollout{} }),
		rolling("pause", func(r *control.Rollout, p *plan.Rollout) {
			rests(r)
			p.NextAt, p.Why = evening.Add(4*time.Minute), "the next batch begins at 22:04:00, after a pause of 10m"
		}),
		rolling("stopped", stops),
		rolling("lifted", func(r *control.Rollout, p *plan.Rollout) { stops(r, p); r.Failed = nil }),
		rolling("paused", as(fleet.RolloutPaused)),
		rolling("aborted", as(fleet.RolloutAborted)),
		rolling("full", func(r *control.Rollout, p *plan.Rollout) {
			rests(r)
			p.HeldBy, p.Why = "account_limit", "the account has 8 of at most 8 droplets"
		}),
		rolling("asks", func(r *control.Rollout, p *plan.Rollout) {
			r.ID, r.BeganAt, r.Done, r.Moving, r.Approval = "", time.Time{}, nil, nil, ""
			r.Waiting = []string{"asks-1", "asks-2"}
			p.HeldBy, p.Why, p.Batch, p.Batches = "max_destroy", "too many", 1, 1
		}),
		rolling("night", func(r *control.Rollout, p *plan.Rollout) {
			rests(r)
			p.HeldBy, p.Why, p.NextAt = "window", "waiting for the window that opens at Mon 2026-11-23 23:00 UTC", evening.Add(time.Hour)
		}),
		rolling("done", func(r *control.Rollout, p *plan.Rollout) {
			r.Done, r.Moving, r.Waiting = append(r.Done, "done-3", "done-4", "done-5"), nil, nil
			r.Phase, r.EndedAt, *p = fleet.RolloutDone, evening.Add(-time.Minute), plan.Rollout{}
		}),
		rolling("superseded", func(r *control.Rollout, p *plan.Rollout) {
			r.Phase, r.Reason, r.EndedAt, *p = fleet.RolloutSuperseded, "the fleet file asks for something else", evening, plan.Rollout{}
		}),
	}
}

// A list tells of each rollout what it is at and, if a person must do something, what.
func TestRolloutListGolden(t *testing.T) {
	var text strings.Builder
	if err := RolloutListOf(ofEverything(), false).Text(&text, evening); err != nil {
		t.Fatal(err)
	}
	if err := RolloutListOf(nil, false).Text(&text, evening); err != nil {
		t.Fatal(err)
	}
	goldentest.File(t, "testdata/rollouts.txt", []byte(text.String()))
}

// Of the rollouts that ended the latest are listed, and with all every one.
func TestRolloutListIsShort(t *testing.T) {
	var ended []control.Rollout
	for range latest + 5 {
		ended = append(ended, rolling("old", func(r *control.Rollout, _ *plan.Rollout) { r.Phase, r.EndedAt = fleet.RolloutDone, evening }))
	}
	some, all := RolloutListOf(append(ofEverything()[:3:3], ended...), false), RolloutListOf(ended, true)
	var text strings.Builder
	if err := some.Text(&text, evening); err != nil || len(some.Rows) != 3+latest || len(all.Rows) != latest+5 || !strings.Contains(text.String(), "\n… and 5 older (--all)\n") {
		t.Errorf("%d rows, %d with all, %v:\n%s", len(some.Rows), len(all.Rows), err, text.String())
	}
}

// A rollout is shown with its members, and with what a person can do.
func TestRolloutDetailGolden(t *testing.T) {
	inUTC(t)
	var out strings.Builder
	for _, r := range ofEverything() {
		of := func(n int, status saga.Status, err string) saga.Saga {
			return saga.Saga{
				ID: fmt.Sprintf("5f0c9a1%d%024x", n, n), Kind: fleet.SagaReplace, Subject: fmt.Sprint(r.Group, "-", n), Status: status, Error: err,
				Steps: []string{"CreateDroplet", "WaitDropletReady", "DestroyDroplet"}, Step: 1,
				Labels: map[string]string{fleet.LabelRollout: r.ID, fleet.LabelDroplet: fmt.Sprint(200 + n)},
			}
		}
		sagas := []saga.Saga{of(1, "compensated", "the first try"), of(1, "completed", ""), of(2, "completed", ""), of(3, "running", "")}
		if r.Failed != nil {
			sagas[3] = of(3, "compensated", r.Failed.Why)
		}
		sagas = append(sagas, of(4, "completed", ""))
		sagas[4].Labels[fleet.LabelRollout] = "of another"
		if err := RolloutDetailOf(r, sagas).Text(&out, evening); err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n")
	}
	goldentest.File(t, "testdata/rolloutdetail.txt", []byte(out.String()))
}

// Programs rely on these keys.
func TestRolloutKeepsItsKeys(t *testing.T) {
	waits := rolling("api", func(r *control.Rollout, p *plan.Rollout) {
		rests(r)
		p.HeldBy, p.Why, p.NextAt = "window", "waiting for the window", evening
	})
	ended := rolling("web", func(r *control.Rollout, p *plan.Rollout) {
		stops(r, p)
		r.EndedAt = evening
	})
	out, err := json.MarshalIndent([]any{RolloutOf(waits), RolloutDetailOf(ended, nil)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldentest.File(t, "testdata/rollout.json", append(out, '\n'))
}

// A person reads what became of an order.
func TestRolloutOrdered(t *testing.T) {
	moves := rolling("web", func(r *control.Rollout, _ *plan.Rollout) {
		r.Moving, r.Waiting = append(r.Moving, "web-4"), r.Waiting[1:]
	})
	still := rolling("web", func(r *control.Rollout, _ *plan.Rollout) { rests(r) })
	onward := moves
	onward.Onward = []control.Progress{{Name: "web-3", Step: "DestroyDroplet"}}
	for _, tt := range []struct {
		do   control.RolloutVerb
		r    control.Rollout
		want string
	}{
		{control.PauseRollout, moves, "The rollout of web is paused, 2 of 5 done. What is under way is finished: web-3 and web-4. To go on: arcadiad rollout resume web\n"},
		{control.PauseRollout, still, "The rollout of web is paused, 2 of 5 done. To go on: arcadiad rollout resume web\n"},
		{control.ResumeRollout, still, "The rollout of web goes on, 2 of 5 done.\n"},
		{control.AbortRollout, moves, "The rollout of web is aborted, 2 of 5 done. What is under way goes back. To go on: arcadiad rollout resume web\n"},
		{control.AbortRollout, onward, "The rollout of web is aborted, 2 of 5 done. What is under way goes back. web-3 cannot go back any more, and is finished (DestroyDroplet). " +
			"To go on: arcadiad rollout resume web\n"},
		{control.AbortRollout, still, "The rollout of web is aborted, 2 of 5 done. To go on: arcadiad rollout resume web\n"},
	} {
		var out strings.Builder
		if err := RolloutOrdered(&out, tt.do, tt.r); err != nil || out.String() != tt.want {
			t.Errorf("%s: %q, %v\nwant %q", tt.do, out.String(), err, tt.want)
		}
	}
}
