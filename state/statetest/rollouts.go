package statetest

import (
	"testing"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// rollout is a live rollout of a group. Its id is the digit, sixteen times.
func rollout(digit byte, group string, began int) fleet.Rollout {
	id := make([]byte, 16)
	for i := range id {
		id[i] = digit
	}
	return fleet.Rollout{
		ID: string(id), Group: group, From: "image debian-12-x64", To: "image debian-13-x64", Spec: "cafe", Rules: "beef", Approval: "plan-1",
		Members: []fleet.RolloutMember{{Name: group + "-1", DropletID: 11}, {Name: group + "-2", DropletID: 12}},
		Phase:   fleet.RolloutRunning, Reason: "why", BeganAt: at(began), LiftedAt: at(began + 1),
	}
}

// beginWith begins the n-th saga of a test with a row.
func beginWith(t *testing.T, s Store, n int, subject string, row any) error {
	t.Helper()
	sg := draft(n, subject)
	sg.Rows = []any{row}
	return s.Begin(t.Context(), sg)
}

func testRollouts(t *testing.T, p Place) {
	s := p.Open(t)
	web, api := rollout('1', "web", 2), rollout('2', "api", 1)
	bare := fleet.Rollout{ID: "bare", Group: "cron", Members: []fleet.RolloutMember{}, Phase: fleet.RolloutRunning, BeganAt: at(3)}
	must(t, beginWith(t, s, 1, "web-1", web))
	must(t, beginWith(t, s, 2, "api-1", api))
	must(t, beginWith(t, s, 3, "cron", bare))
	ended := api
	ended.Phase, ended.EndedAt = fleet.RolloutDone, at(9)
	must(t, s.ChangeRollout(t.Context(), ended, fleet.RolloutRunning))
	want := func(when string, r state.Reader) {
		t.Helper()
		wantEqual(t, when+": all", get(r.Rollouts(t.Context()))(t), []fleet.Rollout{ended, web, bare})
		wantEqual(t, when+": those that a plan needs", load(t, r).Rollouts, []fleet.Rollout{web, bare})
	}
	want("open", s)
	r := p.Read(t)
	want("beside the store", r)
	must(t, s.Close())
	want("opened again", p.Open(t))
}

// OneLiveRollout: of each group, whoever begins it (law 18).
func OneLiveRollout(t *testing.T, p Place) {
	s := p.Open(t)
	web := rollout('1', "web", 1)
	must(t, beginWith(t, s, 1, "web-1", web))
	second := rollout('2', "web", 2)
	wantErr(t, beginWith(t, s, 2, "web-2", second), fleet.ErrRolloutLive)
	cased := second
	cased.Group = "WEB"
	wantErr(t, beginWith(t, s, 2, "web-2", cased), fleet.ErrRolloutLive)
	a, b := draft(3, "api-1"), draft(4, "api-2")
	a.Rows, b.Rows = []any{rollout('3', "api", 3)}, []any{rollout('4', "api", 3)}
	wantErr(t, s.Begin(t.Context(), a, b), fleet.ErrRolloutLive)
	wantEqual(t, "begun", subjects(t, s, saga.Filter{}), "web-1")
	wantEqual(t, "rollouts", get(s.Rollouts(t.Context()))(t), []fleet.Rollout{web})

	web.Phase, web.EndedAt = fleet.RolloutSuperseded, at(5)
	must(t, s.ChangeRollout(t.Context(), web, fleet.RolloutRunning))
	must(t, beginWith(t, s, 2, "web-2", second))
	wantEqual(t, "live", load(t, s).Rollouts, []fleet.Rollout{second})

	again := draft(5, "cron")
	again.Rows = []any{fleet.Rollout{ID: web.ID, Group: "cron", Phase: fleet.RolloutRunning, BeganAt: at(6)}}
	if err := s.Begin(t.Context(), again); err == nil {
		t.Error("an id was used twice")
	}
	for _, row := range []fleet.Rollout{{Group: "cron", BeganAt: at(1)}, {ID: "a", BeganAt: at(1)}, {ID: "a", Group: "cron"}} {
		wantErr(t, beginWith(t, s, 6, "cron", row), state.ErrRow)
	}
}

// A rollout is changed only as it was known: a pass and a person may change it at the same time.
func testChangeRollout(t *testing.T, s Store) {
	web, api := rollout('1', "web", 1), rollout('2', "api", 2)
	must(t, beginWith(t, s, 1, "web-1", web))
	must(t, beginWith(t, s, 2, "api-1", api))
	paused := web
	paused.Phase, paused.Reason, paused.Rules, paused.Approval, paused.LiftedAt = fleet.RolloutPaused, "paused", "cafe", "plan-2", at(7)
	paused.Members = []fleet.RolloutMember{{Name: "web-1", DropletID: 11, Way: "replace"}, {Name: "web-3", DropletID: 13, Way: "replace destroy_first"}}
	paused.From, paused.To, paused.Spec, paused.BeganAt = "other", "other", "other", at(100) // what it is does not change
	must(t, s.ChangeRollout(t.Context(), paused, fleet.RolloutRunning))
	paused.From, paused.To, paused.Spec, paused.BeganAt = web.From, web.To, web.Spec, web.BeganAt
	wantEqual(t, "paused", load(t, s).Rollouts, []fleet.Rollout{paused, api})

	done := web
	done.Phase, done.EndedAt = fleet.RolloutDone, at(9)
	wantErr(t, s.ChangeRollout(t.Context(), done, fleet.RolloutRunning), fleet.ErrRolloutChanged)
	wantEqual(t, "still paused", load(t, s).Rollouts, []fleet.Rollout{paused, api})
	wantErr(t, s.ChangeRollout(t.Context(), done, fleet.RolloutPaused), fleet.ErrRolloutChanged) // a stop was lifted since it was read
	done.LiftedAt = paused.LiftedAt
	must(t, s.ChangeRollout(t.Context(), done, fleet.RolloutPaused))
	wantErr(t, s.ChangeRollout(t.Context(), paused, fleet.RolloutDone), fleet.ErrRolloutChanged) // what has ended stays so
	wantErr(t, s.ChangeRollout(t.Context(), rollout('3', "cron", 3), fleet.RolloutRunning), fleet.ErrRolloutChanged)
	wantEqual(t, "all", get(s.Rollouts(t.Context()))(t), []fleet.Rollout{done, api})
}

// BeginsOnlyWhileTheRolloutStands: a pass that a person overtakes begins no member (law 18).
func BeginsOnlyWhileTheRolloutStands(t *testing.T, p Place) {
	s := p.Open(t)
	web := rollout('1', "web", 1)
	must(t, beginWith(t, s, 1, "web-1", web))
	running, paused := fleet.RolloutStands{ID: web.ID, Phase: fleet.RolloutRunning}, fleet.RolloutStands{ID: web.ID, Phase: fleet.RolloutPaused}
	must(t, beginWith(t, s, 2, "web-2", running))
	wantErr(t, beginWith(t, s, 3, "web-3", paused), fleet.ErrRolloutChanged)
	wantErr(t, beginWith(t, s, 3, "web-3", fleet.RolloutStands{ID: "other", Phase: fleet.RolloutRunning}), fleet.ErrRolloutChanged)
	changed := web
	changed.Phase = fleet.RolloutPaused
	must(t, s.ChangeRollout(t.Context(), changed, fleet.RolloutRunning))
	wantErr(t, beginWith(t, s, 3, "web-3", running), fleet.ErrRolloutChanged)
	must(t, beginWith(t, s, 3, "web-3", paused))
	changed.EndedAt = at(9)
	must(t, s.ChangeRollout(t.Context(), changed, fleet.RolloutPaused))
	wantErr(t, beginWith(t, s, 4, "web-4", paused), fleet.ErrRolloutChanged)
	wantEqual(t, "begun", subjects(t, s, saga.Filter{}), "web-1 web-2 web-3")
}
