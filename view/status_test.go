package view

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// However much there is to tell, the text fits the terminal, and shows at least one row of each table. Only the droplets give way, where
// all else needs a look. A pipe gets everything.
func TestStatusFitsTheTerminal(t *testing.T) {
	now := time.Now()
	for _, n := range []int{0, 1, 3, 5, 20, 300} {
		st := Status{
			State: "arcadiad.db", Fleet: "demo", Summary: map[fleet.State]int{fleet.StateManaged: n},
			Daemon: &control.Live{PID: 7, Pass: now, Limit: 5000, Remaining: 4812, Plan: "3f7c90e7367e", Held: n, Drifted: 1, FileError: "bad"},
		}
		for i := range n {
			st.Droplets = append(st.Droplets, Droplet{Name: fmt.Sprint("web-", i), Bearing: fleet.StateManaged, Status: "active"})
			st.Sagas = append(st.Sagas, Saga{ID: fmt.Sprintf("%032x", i), Name: fmt.Sprint("api-", i), Status: saga.Stuck})
			st.Drift = append(st.Drift, condition.Difference{Name: fmt.Sprint("odd-", i), Cause: "outside", Field: "size", From: "a", To: "b"})
			st.Daemon.HeldBack = append(st.Daemon.HeldBack, condition.HeldBack{Name: fmt.Sprint("old-", i), Action: "destroy"})
			st.Conditions = append(st.Conditions, condition.Condition{Kind: condition.Failed, Subject: fmt.Sprint("new-", i), Summary: fmt.Sprint("why ", i), Advice: "wait"},
				condition.Condition{Kind: condition.Held, Subject: "twice"})
		}
		for _, height := range []int{24, 40, 0} {
			var b strings.Builder
			if err := st.Text(Screen{Writer: &b, Width: 100, Height: height}, now); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			lines := strings.Count(text, "\n")
			if height > 0 && lines >= height {
				t.Errorf("with %d of everything: %d lines on %d\n%s", n, lines, height, text)
			}
			for _, want := range []string{"new-0: why 0", "api-0", "old-0", "odd-0"} {
				if n > 0 && (height != 24 || want == "new-0: why 0") && !strings.Contains(text, want) {
					t.Errorf("with %d of everything, no %s:\n%s", n, want, text)
				}
			}
			if last := fmt.Sprint("web-", n-1, " "); n > 0 && height == 0 && (!strings.Contains(text, last) || strings.Contains(text, "more")) {
				t.Errorf("a pipe gets %d of %d lines", lines, n)
			}
			if n > 5 && height > 0 && !strings.Contains(text, " (all: arcadiad status | less)\n") {
				t.Errorf("it does not say how to see all:\n%s", text)
			}
			if !strings.Contains(text, "4812 of 5000 API requests are left this hour") || strings.Contains(text, "twice") {
				t.Errorf("no budget, or what has a table is told twice:\n%s", text)
			}
		}
	}
}

// What went wrong comes first, whole: on a narrow terminal its lines are broken between words, never cut. There it is red, and so is what else a
// person would look for.
func TestStatusTellsFirstWhatWentWrong(t *testing.T) {
	const cure = "make a new one at https://cloud.digitalocean.com/account/api/tokens; put it into the token file, or restart with it; to check it: arcadiad doctor"
	st := Status{
		State: "arcadiad.db",
		Conditions: []condition.Condition{
			{Kind: condition.Token, Summary: "DigitalOcean refuses the API token (status 401): it is wrong, expired or revoked", Advice: cure},
			{Kind: condition.Failed, Subject: "web-1", Summary: "create failed once: no room", Advice: "wait"},
			{Kind: condition.Failed, Subject: "web-2", Summary: "create failed once: no room", Advice: "wait"},
		},
		Droplets: []Droplet{{Name: "db", Bearing: fleet.StateMissing, Status: "missing", ReservedIP: "203.0.113.7"}},
		Sagas:    []Saga{{ID: "5f0c9a1e", Name: "web-2", Kind: "ProvisionDroplet", Status: saga.Stuck}},
	}
	var pipe, narrow strings.Builder
	if err := errors.Join(st.Text(&pipe, evening), st.Text(Screen{Writer: &narrow, Width: 80, Height: 60, Colored: true}, evening)); err != nil {
		t.Fatal(err)
	}
	if want := "Token      DigitalOcean refuses the API token (status 401): it is wrong, expired or revoked\n           to do: " + cure +
		"\nFailed     web-1 and web-2: create failed once: no room\n           to do: wait\nState "; !strings.HasPrefix(pipe.String(), want) {
		t.Errorf("a pipe gets\n%s\nwant first\n%s", pipe.String(), want)
	}
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(narrow.String(), "")
	for line := range strings.Lines(plain) {
		if n := len([]rune(line)) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if whole := strings.Join(strings.Fields(plain), " "); !strings.Contains(whole, "to do: "+cure) {
		t.Errorf("the cure is cut:\n%s", plain)
	}
	for _, want := range []string{"\x1b[31mToken\x1b", "\x1b[31mstuck\x1b", "\x1b[31mmissing\x1b"} {
		if !strings.Contains(narrow.String(), want) {
			t.Errorf("%q is not red:\n%q", want, narrow.String())
		}
	}
	if !strings.Contains(pipe.String(), "reserved IP 203.0.113.7") || strings.Contains(pipe.String(), "\x1b") {
		t.Errorf("it lacks the address, or a pipe is coloured:\n%s", pipe.String())
	}
}

// What a live saga is making is called that, also before anything is recorded; what one is undoing is not.
func TestWhatIsBeingMadeIsCalledSo(t *testing.T) {
	maker := saga.Saga{ID: "0123abcd000000000000000000000000", Kind: fleet.SagaProvision, Subject: "web-1", Status: saga.Running}
	known := control.Status{
		Sagas:     []saga.Saga{maker},
		Resources: []fleet.Resource{{DropletID: 1, Name: "web-1", Status: fleet.StatusNew, Tags: []string{fleet.ManagedTag, fleet.FleetTag("demo"), fleet.SagaTag(maker.ID)}}},
	}
	if st := StatusOf(known, fleet.Owners{Fleet: "demo"}, ""); st.Droplets[0].Bearing != fleet.StateMaking || st.Summary[fleet.StateUntracked] != 0 {
		t.Errorf("%+v", st.Droplets)
	}
	known.Sagas[0].Reverse = true
	if st := StatusOf(known, fleet.Owners{Fleet: "demo"}, ""); st.Droplets[0].Bearing != fleet.StateUntracked {
		t.Errorf("%+v", st.Droplets)
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
	if err := StatusOf(known, fleet.Owners{}, "").Text(&b, evening); err != nil {
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
	if strings.Contains(text, "web-4") || strings.Contains(text, "DRIFT") {
		t.Errorf("the stop is said twice:\n%s", text)
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
	out, err := json.Marshal(Status{PausedSince: at, DaemonError: "it hangs", Approved: []Approval{{"3f7c90e7367e", at, ""}}})
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

// Where arcadiad pull brings the fleet file, the status says which commit, and why there is no newer one.
func TestStatusShowsTheFetch(t *testing.T) {
	f := &fleet.Fetched{Ref: "main", Commit: "0da7836b1d0b7b0b", Subject: "two web servers", At: evening.Add(-time.Hour), Tried: evening.Add(-time.Minute)}
	for err, want := range map[string]string{
		"":         "Fetched    main 0da7836b1d, 1h ago: two web servers\n",
		"no route": "Fetched    main 0da7836b1d, 1h ago: two web servers; the last pull failed 1m ago: no route\n",
	} {
		f.Error = err
		var b strings.Builder
		if err := StatusOf(control.Status{Fetched: f}, fleet.Owners{}, "").Text(&b, evening); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q:\n%s", want, b.String())
		}
	}
}

// Where hosts share the state database the status says who leads, and what the daemon of this host does.
func TestStatusShowsWhoLeads(t *testing.T) {
	leads := &fleet.Leader{Host: "alpha, process 7", Since: evening.Add(-3 * time.Hour), Epoch: 4}
	for _, tt := range []struct {
		name   string
		known  control.Status
		facts  string
		inJSON string
	}{
		{"a file", control.Status{}, "Daemon     not running (start: arcadiad run)\n", ""},
		{"the leader", control.Status{Meta: fleet.Meta{Leader: leads}, Daemon: &control.Live{PID: 7}},
			"Leader     this daemon (alpha, process 7), for 3h, epoch 4\nDaemon     running, process 7; no pass has ended yet\n", `"leader":{"host":"alpha, process 7","since":"`},
		{"one that has just lost the lead", control.Status{Meta: fleet.Meta{Leader: leads}, Daemon: &control.Live{PID: 77}},
			"Leader     alpha, process 7, for 3h, epoch 4\nDaemon     running, process 77; no pass has ended yet\n", `"epoch":4`},
		{"one that stands by", control.Status{Meta: fleet.Meta{Leader: leads}, Standby: 9},
			"Leader     alpha, process 7, for 3h, epoch 4\nDaemon     stands by, process 9; it takes over when the leader ends or is silent\n", `"standby":9`},
		{"a host without a daemon", control.Status{Meta: fleet.Meta{Leader: leads}},
			"Leader     alpha, process 7, for 3h, epoch 4\nDaemon     none on this host\n", `"daemon":null`},
		{"nobody leads", control.Status{Meta: fleet.Meta{Leader: &fleet.Leader{Epoch: 4}}},
			"Leader     none, epoch 4\nDaemon     not running (start: arcadiad run)\n", `"leader":{"host":"","epoch":4}`},
	} {
		st := StatusOf(tt.known, fleet.Owners{}, "")
		var b strings.Builder
		if err := st.Text(&b, evening); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.facts) || !strings.Contains(string(out), tt.inJSON) || tt.inJSON == "" && strings.Contains(string(out), "leader") {
			t.Errorf("%s:\n%s%s", tt.name, b.String(), out)
		}
	}
}
