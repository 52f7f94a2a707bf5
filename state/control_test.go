package state_test

import (
	"path/filepath"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

func TestLaw10PinnedAtFirstUse(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	real := fleet.Account{UUID: "Team-1"}
	if err := s.Pin(t.Context(), fleet.Account{}, "demo"); err == nil {
		t.Error("an account without a uuid was pinned")
	}
	must(t, s.Pin(t.Context(), real, ""))
	must(t, s.Pin(t.Context(), real, "demo"))
	must(t, s.Close())
	s = open(t, path)
	must(t, s.Pin(t.Context(), real, "demo"))
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "team-1"}, ""))
	for _, c := range []struct {
		account fleet.Account
		fleet   string
		both    [2]string
	}{
		{fleet.Account{UUID: "team-2"}, "demo", [2]string{"Team-1", "team-2"}},
		{fleet.Account{UUID: "Team-1", Simulated: true}, "demo", [2]string{"real", "simulated"}},
		{real, "other", [2]string{"demo", "other"}},
	} {
		err := s.Pin(t.Context(), c.account, c.fleet)
		wantErr(t, err, state.ErrPinned)
		if err == nil || !strings.Contains(err.Error(), c.both[0]) || !strings.Contains(err.Error(), c.both[1]) {
			t.Errorf("the error does not name %v: %v", c.both, err)
		}
	}
	r := get(s.Load(t.Context()))(t)
	if r.Account != "Team-1" || r.Fleet != "demo" || r.Simulated {
		t.Errorf("a refused pin left its mark: %+v", r)
	}
}

func TestLaw10SimulatedIsPinnedToo(t *testing.T) {
	s := fresh(t)
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "a", Simulated: true}, "demo"))
	wantErr(t, s.Pin(t.Context(), fleet.Account{UUID: "a"}, "demo"), state.ErrPinned)
}

// TestLaw09ApprovalIsUsedWithItsSagas: in one transaction, once for all sagas of one Begin.
func TestLaw09ApprovalIsUsedWithItsSagas(t *testing.T) {
	s := fresh(t)
	approved := func(n int, subject string) saga.Saga {
		sg := draft(n, subject)
		sg.Labels = map[string]string{fleet.LabelApproval: "plan-1"}
		return sg
	}
	wantErr(t, s.Begin(t.Context(), approved(1, "a")), state.ErrApproval)
	must(t, s.Approve(t.Context(), "plan-1"))
	must(t, s.Approve(t.Context(), "plan-1"))

	must(t, s.Begin(t.Context(), draft(9, "taken")))
	wantErr(t, s.Begin(t.Context(), approved(1, "a"), approved(2, "taken")), saga.ErrLive)
	if a := get(s.Load(t.Context()))(t).Approved; len(a) != 1 {
		t.Errorf("a Begin that failed used the approval: %v", a)
	}
	must(t, s.Begin(t.Context(), approved(1, "a"), approved(2, "b")))
	if a := get(s.Load(t.Context()))(t).Approved; len(a) != 0 {
		t.Errorf("still approved: %v", a)
	}
	wantErr(t, s.Begin(t.Context(), approved(3, "c")), state.ErrApproval)
	meta := get(s.Meta(t.Context()))(t)
	if len(meta.Approvals) != 1 || meta.Approvals[0].PlanID != "plan-1" || meta.Approvals[0].UsedAt.IsZero() || meta.Approvals[0].ApprovedAt.IsZero() {
		t.Errorf("approvals: %+v", meta.Approvals)
	}
	must(t, s.Approve(t.Context(), "plan-1")) // a plan may come again, and be let through again
	must(t, s.Begin(t.Context(), approved(3, "c")))
	if err := s.Approve(t.Context(), ""); err == nil {
		t.Error("no plan was approved")
	}
}

func TestPause(t *testing.T) {
	s := fresh(t)
	must(t, s.Pause(t.Context(), true))
	since := get(s.Meta(t.Context()))(t).PausedAt
	must(t, s.Pause(t.Context(), true))
	if again := get(s.Meta(t.Context()))(t).PausedAt; since.IsZero() || !again.Equal(since) {
		t.Errorf("paused since %v, then since %v", since, again)
	}
	must(t, s.Pause(t.Context(), false))
	wantEqual(t, "paused", get(s.Load(t.Context()))(t).Paused, false)
}

// An approval that was not used lapses with its plan; what was used stays on record.
func TestApprovalsLapse(t *testing.T) {
	s := fresh(t)
	for _, plan := range []string{"plan-1", "plan-2", "plan-3"} {
		must(t, s.Approve(t.Context(), plan))
	}
	used := draft(1, "a")
	used.Labels = map[string]string{fleet.LabelApproval: "plan-1"}
	must(t, s.Begin(t.Context(), used))
	if lapsed := get(s.Lapse(t.Context(), "plan-3"))(t); len(lapsed) != 1 || lapsed[0] != "plan-2" {
		t.Errorf("lapsed: %v", lapsed)
	}
	if a := get(s.Load(t.Context()))(t).Approved; len(a) != 1 || a[0] != "plan-3" {
		t.Errorf("still approved: %v", a)
	}
	wantEqual(t, "approvals on record", len(get(s.Meta(t.Context()))(t).Approvals), 2)
	wantEqual(t, "lapsed again", len(get(s.Lapse(t.Context(), "plan-3"))(t)), 0)
}
