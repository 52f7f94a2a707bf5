package statetest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

func testEmpty(t *testing.T, p Place) {
	s := p.Open(t)
	wantEqual(t, "loaded", load(t, s), fleet.Recorded{})
	wantEqual(t, "resources", get(s.Resources(t.Context()))(t), []fleet.Resource{})
	wantEqual(t, "rollouts", get(s.Rollouts(t.Context()))(t), []fleet.Rollout{})
	wantEqual(t, "deviations", get(s.Deviations(t.Context()))(t), []fleet.Drift{})
	wantEqual(t, "sagas", get(s.Sagas(t.Context(), saga.Filter{}))(t), []saga.Saga{})
	must(t, s.Sound(t.Context()))
	must(t, s.Check(t.Context()))
	m := metaOf(t, s)
	if m.Path == "" || m.Schema == 0 {
		t.Errorf("it does not say where it is, and of which schema: %+v", m)
	}
	m.Path, m.Schema = "", 0
	wantEqual(t, "what it says of itself", m, fleet.Meta{})
}

func testLoad(t *testing.T, p Place) {
	s := p.Open(t)
	digest := fleet.DigestOf([]byte(`{}`))
	want := fleet.Recorded{
		Account: "team-1", Simulated: true, Fleet: "demo", Paused: true, Approved: []string{"plan-2"},
		Known: []fleet.Known{
			{DropletID: 99, Name: "b", FirstSeenAt: at(1), LastSeenAt: at(5), Digest: digest},
			{DropletID: 123, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(1), Digest: digest},
		},
	}
	must(t, s.Pin(t.Context(), fleet.Account{UUID: "team-1", Simulated: true}, "demo"))
	must(t, s.Pause(t.Context(), true))
	must(t, s.Approve(t.Context(), "plan-1"))
	must(t, s.Approve(t.Context(), "plan-2"))
	want.Grants = get(s.Grant(t.Context(), "plan-1", []fleet.Grant{{Kind: "destroy", Name: "a", DropletID: 99, Rule: "max_destroy", Facts: []string{}, At: at(1)}}))(t)

	full, bare := record(123, "a"), record(99, "b")
	bare.Values, bare.Assumed, bare.ImageID, bare.SagaID, bare.Protect = fleet.Values{}, nil, 0, "", false
	want.Records = []fleet.Record{bare, full}
	want.Registrations = []fleet.Registration{{DropletID: 99, RegisteredAt: bare.RecordedAt}, {DropletID: 123, RegisteredAt: full.RecordedAt}}

	sg := draft(1, "a")
	sg.Kind = fleet.SagaReplace
	sg.Labels = map[string]string{
		fleet.LabelSpec: "abc", fleet.LabelDroplet: "123", fleet.LabelReplaces: "99", fleet.LabelUndone: "true",
		fleet.LabelRetried: "true", fleet.LabelApproval: "plan-1",
	}
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), sg, []any{
		droplet(123, "a", 1), droplet(99, "b", 1), droplet(99, "b", 5), droplet(7, "gone", 1),
		fleet.Deleted{DropletID: 7, At: at(2)}, full, bare,
	}))
	sg.Error = "no"
	must(t, s.Commit(t.Context(), Ended(sg, saga.Compensated), nil))
	live := draft(2, "a")
	want.Rollouts = []fleet.Rollout{rollout('1', "a", 2)}
	live.Rows = []any{want.Rollouts[0]}
	must(t, s.Begin(t.Context(), live))
	want.Sagas = []fleet.Saga{
		{
			ID: sg.ID, Kind: fleet.SagaReplace, Name: "a", Status: "compensated", Error: "no",
			Facts:     fleet.Facts{SpecHash: "abc", DropletID: 123, Replaces: 99, Undone: true, Retried: true, Approval: "plan-1"},
			CreatedAt: sg.CreatedAt, EndedAt: Ended(sg, saga.Compensated).EndedAt,
		},
		{ID: live.ID, Kind: fleet.SagaProvision, Name: "a", Status: "pending", Live: true, Step: "CreateDroplet", CreatedAt: live.CreatedAt},
	}
	got := load(t, s)
	got.Ended = nil // has a test of its own
	wantEqual(t, "loaded", got, want)
}

func testDurable(t *testing.T, p Place) {
	s := p.Open(t)
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"))
	loaded, meta := load(t, s), metaOf(t, s)
	beside := func(when string) {
		t.Helper()
		r := p.Read(t)
		wantEqual(t, when, load(t, r), loaded)
		wantEqual(t, when, metaOf(t, r), meta)
		must(t, r.Sound(t.Context()))
	}
	beside("beside the store")
	must(t, s.Close())
	beside("after it was closed")
	wantEqual(t, "opened again", load(t, p.Open(t)), loaded)
}

func testClosed(t *testing.T, p Place) {
	s := p.Open(t)
	must(t, s.Close())
	wantErr(t, s.Begin(t.Context(), draft(1, "a")), state.ErrClosed)
	_, err := s.Load(t.Context())
	wantErr(t, err, state.ErrClosed)
}

func testBackup(t *testing.T, p Place) {
	s, path := p.Open(t), filepath.Join(t.TempDir(), "copy")
	must(t, s.Backup(t.Context(), path))
	wantErr(t, s.Backup(t.Context(), path), state.ErrExists)
}

// testRetain: how long each thing is kept beyond that, and why, is told by a store's own tests of old stores.
func testRetain(t *testing.T, p Place) {
	const day = 24 * time.Hour
	s := p.Open(t)
	long := time.Now().Add(-100 * day)
	old, young, live := draft(1, "old"), draft(2, "young"), draft(3, "live")
	old.UpdatedAt, young.UpdatedAt = long, time.Now().Add(-80*day)
	for _, sg := range []*saga.Saga{&old, &young, &live} {
		sg.Labels = map[string]string{fleet.LabelTagGone: "true"}
	}
	must(t, s.Begin(t.Context(), old, young, live))
	must(t, s.Commit(t.Context(), Ended(young, saga.Completed), nil))
	gone := droplet(7, "gone", 1)
	gone.SeenAt = long
	must(t, s.Commit(t.Context(), Ended(old, saga.Completed), []any{gone, droplet(8, "there", 1), fleet.Deleted{DropletID: 7, At: long}}))

	for i, ended := range []time.Time{long, time.Now().Add(-80 * day), {}} {
		r := rollout(byte('1'+i), fmt.Sprint("group-", i), 1)
		r.EndedAt = ended
		r.BeganAt = long
		must(t, beginWith(t, s, 10+i, fmt.Sprint("of-", i), r))
	}

	wantEqual(t, "for ever", get(s.Retain(t.Context(), state.Retention{}))(t), state.Removed{})
	keep := state.Retention{Sagas: 90 * day, Deleted: 90 * day}
	wantEqual(t, "removed", get(s.Retain(t.Context(), keep))(t), state.Removed{Sagas: 1, Rollouts: 1, Deleted: 1})
	wantEqual(t, "left", subjects(t, s, saga.Filter{}), "young live of-0 of-1 of-2")
	if left := get(s.Rollouts(t.Context()))(t); len(left) != 2 || left[0].Group != "group-1" || left[1].Group != "group-2" {
		t.Errorf("rollouts left: %+v", left)
	}
	if left := get(s.Resources(t.Context()))(t); len(left) != 1 || left[0].Name != "there" {
		t.Errorf("left: %+v", left)
	}
}

// metaOf reads what a store says of itself, but for who leads: that is the store's own business.
func metaOf(t *testing.T, r state.Reader) fleet.Meta {
	t.Helper()
	m := get(r.Meta(t.Context()))(t)
	m.Leader = nil
	return m
}
