package statetest

import (
	"fmt"
	"strings"
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// PinnedAtFirstUse: to an account, and to a fleet (law 10).
func PinnedAtFirstUse(t *testing.T, p Place) {
	s := p.Open(t)
	real := fleet.Account{UUID: "Team-1"}
	if err := s.Pin(t.Context(), fleet.Account{}, "demo"); err == nil {
		t.Error("an account without a uuid was pinned")
	}
	must(t, s.Pin(t.Context(), real, ""))
	must(t, s.Pin(t.Context(), real, "demo"))
	must(t, s.Close())
	s = p.Open(t)
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

// SimulatedIsPinnedToo: the store of a simulated account takes no real one (law 10).
func SimulatedIsPinnedToo(t *testing.T, p Place) {
	s := p.Open(t)
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "a", Simulated: true}, "demo"))
	wantErr(t, s.Pin(t.Context(), fleet.Account{UUID: "a"}, "demo"), state.ErrPinned)
}

// ApprovalIsUsedWithItsSagas, in one transaction, once for each action (law 9).
func ApprovalIsUsedWithItsSagas(t *testing.T, p Place) {
	s := p.Open(t)
	of := func(n int64, name string) fleet.Grant {
		return fleet.Grant{Kind: "destroy", Name: name, DropletID: n, Rule: "volumes", Facts: []string{"v-1", "v-2"}, At: at(1)}
	}
	must(t, s.Approve(t.Context(), "plan-1"))
	must(t, s.Approve(t.Context(), "plan-1"))
	grants := get(s.Grant(t.Context(), "plan-1", []fleet.Grant{of(1, "a"), of(2, "b"), {Kind: "provision", Name: "c", Spec: "abc", Rule: "rename", At: at(2)}}))(t)
	r := get(s.Load(t.Context()))(t)
	if len(grants) != 3 || fmt.Sprint(r.Grants) != fmt.Sprint(grants) || len(r.Approved) != 0 {
		t.Fatalf("grants %+v; kept %+v; plans %v", grants, r.Grants, r.Approved)
	}
	approved := func(n int, subject string, grants ...fleet.Grant) saga.Saga {
		sg := draft(n, subject)
		var ids []string
		for _, g := range grants {
			ids = append(ids, fmt.Sprint(g.ID))
		}
		sg.Labels = map[string]string{fleet.LabelApproval: "plan-1", fleet.LabelGrants: strings.Join(ids, ",")}
		return sg
	}
	must(t, s.Begin(t.Context(), draft(9, "taken")))
	wantErr(t, s.Begin(t.Context(), approved(1, "a", grants[0]), approved(2, "taken", grants[1])), saga.ErrLive)
	if g := get(s.Load(t.Context()))(t).Grants; len(g) != 3 {
		t.Errorf("a Begin that failed used an approval: %v", g)
	}
	must(t, s.Begin(t.Context(), approved(1, "a", grants[0], grants[2])))
	if g := get(s.Load(t.Context()))(t).Grants; len(g) != 1 || g[0].ID != grants[1].ID {
		t.Errorf("still approved: %v", g)
	}
	wantErr(t, s.Begin(t.Context(), approved(3, "c", grants[0])), state.ErrApproval)
	if sg := get(s.Load(t.Context()))(t).Sagas; !sg[0].Approved() || sg[1].Approved() {
		t.Errorf("which saga was approved: %+v", sg)
	}
	again := get(s.Grant(t.Context(), "plan-2", []fleet.Grant{of(2, "b")}))(t)
	if g := get(s.Load(t.Context()))(t).Grants; len(g) != 1 || g[0].ID != again[0].ID || g[0].Plan != "plan-2" {
		t.Errorf("approved twice: %v", g)
	}
	must(t, s.Withdraw(t.Context(), []int64{grants[0].ID, again[0].ID})) // the first was used, and stays told of
	if r := get(s.Load(t.Context()))(t); len(r.Grants) != 0 || !r.Sagas[0].Approved() {
		t.Errorf("withdrawn: %v, %+v", r.Grants, r.Sagas[0])
	}
	meta := get(s.Meta(t.Context()))(t)
	if len(meta.Approvals) != 1 || meta.Approvals[0].PlanID != "plan-1" || meta.Approvals[0].UsedAt.IsZero() || meta.Approvals[0].ApprovedAt.IsZero() {
		t.Errorf("approvals: %+v", meta.Approvals)
	}
	if err := s.Approve(t.Context(), ""); err == nil {
		t.Error("no plan was approved")
	}
}

func testPause(t *testing.T, s Store) {
	must(t, s.Pause(t.Context(), true))
	since := get(s.Meta(t.Context()))(t).PausedAt
	must(t, s.Pause(t.Context(), true))
	if again := get(s.Meta(t.Context()))(t).PausedAt; since.IsZero() || !again.Equal(since) {
		t.Errorf("paused since %v, then since %v", since, again)
	}
	must(t, s.Pause(t.Context(), false))
	wantEqual(t, "paused", get(s.Load(t.Context()))(t).Paused, false)

	alice, bob := fleet.Person{Name: "alice", Reason: "the disk is full"}, fleet.Person{Name: "bob"}
	must(t, s.Pause(fleet.AsPerson(t.Context(), alice), true))
	must(t, s.Pause(fleet.AsPerson(t.Context(), bob), true))
	wantEqual(t, "paused first by", get(s.Meta(t.Context()))(t).PausedBy, alice)
	must(t, s.Pause(t.Context(), false))
	must(t, s.Pause(fleet.AsPerson(t.Context(), bob), true))
	wantEqual(t, "paused again by", get(s.Meta(t.Context()))(t).PausedBy, bob)
	must(t, s.Pause(t.Context(), false))
	wantEqual(t, "resumed", get(s.Meta(t.Context()))(t).PausedBy, fleet.Person{})
}

// Who approved a plan without a daemon stays its approver, whoever applies it.
func testApprover(t *testing.T, s Store) {
	alice, bob := fleet.Person{Name: "alice", Reason: "agreed with the shop"}, fleet.Person{Name: "bob"}
	grant := []fleet.Grant{{Kind: "destroy", Name: "a", DropletID: 1, Rule: "volumes", At: at(1)}}
	must(t, s.Approve(fleet.AsPerson(t.Context(), alice), "plan-1"))
	wantEqual(t, "who approved", get(s.Meta(t.Context()))(t).Approvals[0].By, alice)
	kept := get(s.Grant(fleet.AsPerson(t.Context(), bob), "plan-1", grant))(t)
	wantEqual(t, "whose the grant is", kept[0].By, alice)
	wantEqual(t, "on record", get(s.Load(t.Context()))(t).Grants[0].By, alice)
	kept = get(s.Grant(fleet.AsPerson(t.Context(), bob), "plan-1", grant))(t) // of a running daemon
	wantEqual(t, "granted anew", kept[0].By, bob)
}

// An approval that was not used lapses with its plan; what was used stays on record.
func testLapse(t *testing.T, s Store) {
	for _, plan := range []string{"plan-1", "plan-2", "plan-3"} {
		must(t, s.Approve(t.Context(), plan))
	}
	get(s.Grant(t.Context(), "plan-1", nil))(t)
	if lapsed := get(s.Lapse(t.Context(), "plan-3"))(t); len(lapsed) != 1 || lapsed[0] != "plan-2" {
		t.Errorf("lapsed: %v", lapsed)
	}
	if a := get(s.Load(t.Context()))(t).Approved; len(a) != 1 || a[0] != "plan-3" {
		t.Errorf("still approved: %v", a)
	}
	wantEqual(t, "approvals on record", len(get(s.Meta(t.Context()))(t).Approvals), 2)
	wantEqual(t, "lapsed again", len(get(s.Lapse(t.Context(), "plan-3"))(t)), 0)
}
