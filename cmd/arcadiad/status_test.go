package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// However much there is to tell, the text fits one screen, and shows at least one row of each table. Only the droplets give way, where
// all else needs a look.
func TestStatusFitsOneScreen(t *testing.T) {
	now := time.Now()
	for _, n := range []int{0, 1, 3, 5, 20, 1000} {
		st := status{
			State: "arcadiad.db", Fleet: "demo", Summary: map[bearing]int{managed: n},
			Daemon: &control.Live{PID: 7, Pass: now, Limit: 5000, Remaining: 4812, Plan: "3f7c90e7367e", Held: n, Drifted: 1, FileError: "bad"},
		}
		for i := range n {
			st.Droplets = append(st.Droplets, dropletView{Name: fmt.Sprint("web-", i), Bearing: managed, Status: "active"})
			st.Sagas = append(st.Sagas, sagaView{ID: fmt.Sprintf("%032x", i), Name: fmt.Sprint("api-", i), Status: saga.Stuck})
			st.Drift = append(st.Drift, condition.Difference{Name: fmt.Sprint("odd-", i), Cause: "outside", Field: "size", From: "a", To: "b"})
			st.Daemon.HeldBack = append(st.Daemon.HeldBack, condition.HeldBack{Name: fmt.Sprint("old-", i), Action: "destroy"})
		}
		var b strings.Builder
		if err := st.text(&b, now); err != nil {
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

// Sagas of one plan that began together are one line; the same plan once more is another.
func TestHistoryPutsTogetherWhatBeganTogether(t *testing.T) {
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	begun := func(plan string, after time.Duration, s saga.Status) saga.Saga {
		return saga.Saga{Kind: "ProvisionDroplet", Subject: "web", Status: s, Labels: map[string]string{"plan": plan}, CreatedAt: noon.Add(after), EndedAt: noon.Add(after + time.Minute)}
	}
	deeds := deedsOf([]saga.Saga{
		begun("a", 0, saga.Completed), begun("a", time.Second, saga.Compensated), begun("b", 2*time.Second, saga.Stuck), begun("b", time.Hour, saga.Completed),
	})
	var got []string
	for _, d := range deeds {
		got = append(got, d.Plan+": "+d.what()+": "+d.outcome())
	}
	want := "b: provision web: done in 1m; b: provision web: 1 stuck, 0 done; a: provision 2: 1 failed, 1 done"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// Law 1 decides what a droplet is in the status too: another fleet's is none of ours, and a registered one that shows it too is released.
func TestLaw01StatusTellsWhoseADropletIs(t *testing.T) {
	const ours, other = "arcadia-fleet-demo", "arcadia-fleet-shop"
	resource := func(recorded bool, tags ...string) fleet.Resource {
		return fleet.Resource{Recorded: recorded, Tags: tags}
	}
	gone := resource(true, fleet.ManagedTag, ours)
	gone.DeletedAt = time.Now()
	for _, tt := range []struct {
		r    fleet.Resource
		want bearing
	}{
		{resource(true, fleet.ManagedTag, ours), managed},
		{resource(true, fleet.ManagedTag, "arcadia-saga-0123abcd"), managed},
		{resource(true, fleet.ManagedTag, "arcadia-saga-ffffffff"), released},
		{resource(true, fleet.ManagedTag, ours, other), released},
		{resource(true, ours), released},
		{resource(true), released},
		{resource(false, fleet.ManagedTag, ours), untracked},
		{resource(false, fleet.ManagedTag, other), foreign},
		{resource(false, fleet.ManagedTag), foreign},
		{resource(false, "web"), foreign},
		{gone, deleted},
		{fleet.Resource{Released: true, Tags: []string{fleet.ManagedTag, ours}}, released},
		{fleet.Resource{Released: true, Recorded: true, Tags: []string{fleet.ManagedTag, ours}}, released},
		{fleet.Resource{Released: true}, foreign},
	} {
		if got := bearingOf(tt.r, "demo", map[string]bool{"0123abcd": true}); got != tt.want {
			t.Errorf("recorded %v, tags %v: %s, want %s", tt.r.Recorded, tt.r.Tags, got, tt.want)
		}
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
