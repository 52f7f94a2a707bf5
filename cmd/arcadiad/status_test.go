package main

import (
	"errors"
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
			State: "arcadiad.db", Fleet: "demo", Summary: map[fleet.State]int{fleet.StateManaged: n},
			Daemon: &control.Live{PID: 7, Pass: now, Limit: 5000, Remaining: 4812, Plan: "3f7c90e7367e", Held: n, Drifted: 1, FileError: "bad"},
		}
		for i := range n {
			st.Droplets = append(st.Droplets, dropletView{Name: fmt.Sprint("web-", i), Bearing: fleet.StateManaged, Status: "active"})
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

// Status asks the journal whose a droplet is that shows nothing but a saga's tag, as a plan does: the saga may have ended and left no record.
func TestLaw01StatusKnowsTheMakersOfTheJournal(t *testing.T) {
	const ended, adopting, recorded = "0123abcd01234567", "4567abcd01234567", "89ababcd01234567"
	journal := []saga.Saga{{ID: ended, Kind: fleet.SagaProvision, Status: saga.Compensated}, {ID: adopting, Kind: fleet.SagaAdopt}}
	owners := ownersOf("demo", []fleet.Resource{{DropletID: 1, Recorded: true, SagaID: recorded}}, func(saga8 string) (saga.Saga, error) {
		for _, s := range journal {
			if strings.HasPrefix(s.ID, saga8) {
				return s, nil
			}
		}
		return saga.Saga{}, errors.New("no such saga")
	})
	for tag, want := range map[string]fleet.State{
		fleet.SagaTag(ended): fleet.StateUntracked, fleet.SagaTag(recorded): fleet.StateUntracked, fleet.FleetTag("demo"): fleet.StateUntracked,
		fleet.SagaTag(adopting): fleet.StateForeign, "arcadia-saga-ffffffff": fleet.StateForeign, "arcadia-saga-01": fleet.StateForeign,
	} {
		if got := (fleet.Resource{Tags: []string{fleet.ManagedTag, tag}}).State(owners); got != want {
			t.Errorf("%s: %s, want %s", tag, got, want)
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
