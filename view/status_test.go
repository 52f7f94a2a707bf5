package view

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// However much there is to tell, the text fits one screen, and shows at least one row of each table. Only the droplets give way, where
// all else needs a look.
func TestStatusFitsOneScreen(t *testing.T) {
	now := time.Now()
	for _, n := range []int{0, 1, 3, 5, 20, 1000} {
		st := Status{
			State: "arcadiad.db", Fleet: "demo", Summary: map[fleet.State]int{fleet.StateManaged: n},
			Daemon: &control.Live{PID: 7, Pass: now, Limit: 5000, Remaining: 4812, Plan: "3f7c90e7367e", Held: n, Drifted: 1, FileError: "bad"},
		}
		for i := range n {
			st.Droplets = append(st.Droplets, Droplet{Name: fmt.Sprint("web-", i), Bearing: fleet.StateManaged, Status: "active"})
			st.Sagas = append(st.Sagas, Saga{ID: fmt.Sprintf("%032x", i), Name: fmt.Sprint("api-", i), Status: saga.Stuck})
			st.Drift = append(st.Drift, condition.Difference{Name: fmt.Sprint("odd-", i), Cause: "outside", Field: "size", From: "a", To: "b"})
			st.Daemon.HeldBack = append(st.Daemon.HeldBack, condition.HeldBack{Name: fmt.Sprint("old-", i), Action: "destroy"})
		}
		var b strings.Builder
		if err := st.Text(&b, now); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(b.String(), "\n"); lines > screenLines {
			t.Errorf("with %d of everything: %d lines\n%s", n, lines, b.String())
		}
		for _, want := range []string{"api-0", "old-0", "odd-0"} {
			if n > 0 && !strings.Contains(b.String(), want) {
				t.Errorf("with %d of everything, no %s:\n%s", n, want, b.String())
			}
		}
		if !strings.Contains(b.String(), "4812 of 5000 API requests are left this hour") {
			t.Errorf("no budget:\n%s", b.String())
		}
	}
}

// Status shows the rollouts under way, first those that a member stopped; what a whole rollout waits for is one row.
func TestStatusShowsRollouts(t *testing.T) {
	known := control.Status{
		Rollouts: []control.Rollout{rolling("web", stops), rolling("api", func(*control.Rollout, *plan.Rollout) {})},
		Daemon:   &control.Live{PID: 7, Pass: evening, Plan: "3f7c90e7367e", Held: 10, Approvable: true},
	}
	held := func(name, by string) condition.HeldBack {
		return condition.HeldBack{Name: name, Action: plan.Replace, By: by, Reason: "because of " + by, Rollout: "db", Approvable: by == "max_destroy", KeepMonthly: 6 * fleet.Dollar}
	}
	for n := 1; n <= 4; n++ {
		known.Daemon.HeldBack = append(known.Daemon.HeldBack, held(fmt.Sprint("db-", n), "max_destroy"))
	}
	known.Daemon.HeldBack = append(known.Daemon.HeldBack, held("web-4", "stopped"))
	for _, name := range []string{"api-4", "db-1"} { // their rollouts tell of them
		change := plan.FieldChange{Field: "image", From: "a", To: "b", Cause: plan.CauseFile}
		known.Daemon.Waiting = append(known.Daemon.Waiting, condition.Waiting{Action: plan.Replace, Name: name, Cause: plan.CauseFile, HeldBy: "turn", Changes: []plan.FieldChange{change}})
	}
	var b strings.Builder
	if err := StatusOf(known, fleet.Owners{}, false).Text(&b, evening); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"ROLLOUT  DONE    IN SERVICE  BEGAN    LEFT             STATE\n",
		"\nweb      2 of 5  5 of 5      15m ago  -                stopped: web-3 failed 4m ago (see: arcadiad rollout show web)\n",
		"\napi      2 of 5  5 of 5      15m ago  about 8 minutes  running, batch 2 of 4: api-3 under way\n",
		"\ndb-1 … db-4  replace  max_destroy  $24.00 a month  because of max_destroy\n",
		"\nPlan       3f7c90e7367e: 5 held, 5 waiting (details: arcadiad plan; to approve: arcadiad approve 3f7c90e7367e)\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	if !strings.HasPrefix(text, "Stopped    the rollout of web: web-3 failed 4m ago: droplet 203 did not become ready within 10m: tcp 22: connection refused\n") || strings.Contains(text, "web-4") || strings.Contains(text, "DRIFT") {
		t.Errorf("the stop is not first, or said twice:\n%s", text)
	}
	known.Daemon.HeldBack = nil
	if got, want := heldText(*known.Daemon), "3f7c90e7367e: 10 waiting (details: arcadiad plan; to go ahead before the window opens: arcadiad approve 3f7c90e7367e)"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// A droplet that is proved gone is missed until another one is registered under its name.
func TestLaw06WhatWasMadeAgainIsNotMissing(t *testing.T) {
	since := time.Now()
	gone := fleet.Resource{DropletID: 1, RecordName: "db", Recorded: true, MissingSince: since, DeletedAt: since}
	missed := fleet.Resource{DropletID: 2, RecordName: "web", Recorded: true, MissingSince: since}
	again := fleet.Resource{DropletID: 3, RecordName: "DB", Recorded: true}
	if replaced([]fleet.Resource{gone, missed})(gone) {
		t.Error("nothing was made under its name, and it is not missed")
	}
	there := replaced([]fleet.Resource{gone, missed, again})
	if !there(gone) || there(missed) {
		t.Errorf("gone: %v, missed: %v", there(gone), there(missed))
	}
}

// What an error of a stranger is made of stays in its cell.
func TestStatusIsTame(t *testing.T) {
	st := Status{Droplets: []Droplet{{Name: "web\x1b[31m\n-1", Bearing: fleet.StateUntracked}}, Sagas: []Saga{{Name: "db", Status: saga.Stuck, Error: "a\tb\n\x1b]0;c"}}}
	var b strings.Builder
	if err := st.Text(&b, time.Now()); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.ContainsAny(text, "\x1b\t") || !strings.Contains(text, "\nweb [31m -1 ") || !strings.Contains(text, "a b ]0;c\n") {
		t.Errorf("%q", text)
	}
}

// Programs rely on these keys too, which are there now and then only. The golden files of the commands have the others.
func TestStatusKeepsItsRareKeys(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC)
	out, err := json.Marshal(Status{PausedSince: at, DaemonError: "it hangs", Approved: []Approval{{"3f7c90e7367e", at}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"paused_since":"2026-11-20T09:14:03Z"`, `"daemon_error":"it hangs"`, `"approved":[{"plan":"3f7c90e7367e","approved_at":"2026-11-20T09:14:03Z"}]`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %s in %s", want, out)
		}
	}
}
