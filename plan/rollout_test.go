package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// eight is a group of eight whose image was changed in the file, under the default policy: two of them may go without approval.
func eight() *scene {
	var names []string
	for i := range 8 {
		names = append(names, fmt.Sprint("web-", i+1))
	}
	s := edited(names...)
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	return s
}

// begin puts into the database the rollout that the file asks for, begun a quarter of an hour ago.
func (s *scene) begin(group string) *fleet.Rollout {
	row := fleet.Rollout{ID: "5c1d9a0200000000", Group: group, Phase: fleet.RolloutRunning, BeganAt: noon.Add(-15 * time.Minute)}
	for i := range s.desired.Specs {
		spec := s.desired.Specs[i]
		if spec.Group != group {
			continue
		}
		row.Spec, row.Rules = spec.GroupHash(), spec.RulesHash()
		for _, r := range s.recorded.Records {
			if r.Name == spec.Name {
				row.Members = append(row.Members, fleet.RolloutMember{Name: spec.Name, DropletID: r.DropletID, Way: "replace"})
			}
		}
	}
	s.recorded.Rollouts = append(s.recorded.Rollouts, row)
	return &s.recorded.Rollouts[len(s.recorded.Rollouts)-1]
}

// probe has the file ask for a probe in every group, which these droplets pass; the others were probed too.
func (s *scene) probe(ready fleet.Ready, passing ...int64) {
	s.observed.Readiness = &fleet.Readiness{Passes: map[int64]bool{}, Answered: len(passing) > 0}
	for i := range s.desired.Specs {
		s.desired.Specs[i].Ready = &ready
	}
	for _, d := range s.observed.Droplets {
		s.observed.Readiness.Passes[d.ID] = slices.Contains(passing, d.ID)
	}
}

// replaced has a saga of the rollout replace a droplet, some minutes ago: the new one has the id plus 100.
func (s *scene) replaced(row *fleet.Rollout, old int64, status string, ago time.Duration) *fleet.Saga {
	name := s.droplet(old).Name
	spec := s.spec(name)
	saga := s.ended(old+100, fleet.SagaReplace, name, status, spec.Hash(), ago)
	saga.Rollout, saga.GroupHash, saga.Replaces, saga.CreatedAt = row.ID, spec.GroupHash(), old, noon.Add(-ago-time.Minute)
	if status != "completed" {
		return saga
	}
	d := s.droplet(old)
	d.ID, d.ImageSlug = old+100, spec.Image
	i := slices.IndexFunc(s.recorded.Records, func(r fleet.Record) bool { return r.DropletID == old })
	s.recorded.Records[i].DropletID, s.recorded.Records[i].Values = old+100, fleet.ValuesOf(*spec)
	return saga
}

// went gives the names of the actions that nothing holds.
func went(p Plan) (names []string) {
	for _, a := range p.Actions {
		if !a.Held {
			names = append(names, a.Name)
		}
	}
	return names
}

// Law 9: a rollout is judged alone, whole, at its start, and its approval is for all of it.
func TestLaw09ARolloutIsJudgedWhole(t *testing.T) {
	s := eight()
	p := s.build(t)
	if a := p.Actions[7]; len(went(p)) != 0 || a.HeldBy != "max_destroy" || !strings.HasPrefix(a.HeldReason, "8 of 8 registered droplets would be") {
		t.Fatalf("goes %q, held by %s: %s", went(p), a.HeldBy, a.HeldReason)
	}
	s.recorded.Grants = p.Grants(noon)
	if p = s.build(t); fmt.Sprint(went(p)) != "[web-1 web-2]" || p.Summary.Held != 6 {
		t.Errorf("approved, goes %q", went(p))
	}
	// The grants of the first batch are used up, and those of the others would have lapsed.
	row := s.begin("web")
	row.Approval = p.ID
	s.recorded.Grants = nil
	s.replaced(row, 101, "completed", time.Minute)
	s.replaced(row, 102, "completed", time.Minute)
	s.now = noon.Add(72 * time.Hour)
	if p = s.build(t); fmt.Sprint(went(p)) != "[web-3 web-4]" || len(p.Rollouts) != 1 || fmt.Sprint(p.Rollouts[0].Done) != "[web-1 web-2]" {
		t.Errorf("after the first batch, goes %q: %+v", went(p), p.Rollouts)
	}
	// Another droplet than the one that was approved is judged anew.
	s.droplet(103).ID = 303
	i := slices.IndexFunc(s.recorded.Records, func(r fleet.Record) bool { return r.DropletID == 103 })
	s.recorded.Records[i].DropletID = 303
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	if p = s.build(t); p.Actions[0].Name != "web-3" || p.Actions[0].HeldBy != "max_destroy" || fmt.Sprint(went(p)) != "[web-4 web-5]" {
		t.Errorf("a droplet that nobody approved goes: %q", went(p))
	}
}

// Law 9: a rollout that needed no approval when it began needs none later; and all that was approved with one lasts as long as it does.
func TestLaw09ARolloutGoesOn(t *testing.T) {
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 8}
	row := s.begin("web")
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-1 web-2]" {
		t.Errorf("what began without approval goes on with %q", got)
	}
	s.droplet(101).VolumeIDs = []string{"v1"}
	p := s.build(t)
	s.recorded.Grants = p.Grants(noon)
	s.now = noon.Add(72 * time.Hour)
	if got := went(s.build(t)); slices.Contains(got, "web-1") {
		t.Errorf("an approval of three days ago: %q", got)
	}
	row.Approval = p.ID
	for i := range s.recorded.Grants {
		s.recorded.Grants[i].Plan = p.ID
	}
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-1 web-2]" {
		t.Errorf("an approval of three days ago, given with the rollout: %q", got)
	}
}

// Law 18: what a live saga takes out of service does not serve, for whatever else goes.
func TestLaw18ALiveSagaCounts(t *testing.T) {
	s := converged("web-1", "web-2", "web-3", "web-4", "web-5")
	s.unwant("web-5")
	s.droplet(104).Status = fleet.StatusOff
	s.expect(t, "destroy web-5 105")
	live := s.ended(900, fleet.SagaDestroy, "web-3", "running", s.spec("web-3").Hash(), time.Minute)
	live.Live, live.DropletID = true, 103
	s.expect(t, "destroy web-5 105 held by turn")
}

// Law 9: what a person approved counts against nothing else, and what waits for approval neither; small rollouts add up.
func TestLaw09RolloutsBesideOthers(t *testing.T) {
	s := eight()
	s.register(109, "old")
	p := s.build(t)
	if got := went(p); fmt.Sprint(got) != "[old]" {
		t.Errorf("beside a rollout that is held, goes %q", got)
	}
	row := s.begin("web")
	row.Approval = p.ID
	live := s.replaced(row, 101, "running", time.Minute)
	live.Live = true
	if got := went(s.build(t)); fmt.Sprint(got) != "[old]" {
		t.Errorf("beside a rollout that was approved, goes %q", got)
	}
	s = edited("a", "b", "c", "d", "e", "f", "g", "h") // eight groups of one
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	if p := s.build(t); len(went(p)) != 0 || p.Actions[0].HeldBy != "max_destroy" {
		t.Errorf("eight rollouts of one droplet go unasked: %q", went(p))
	}
}

// Law 9: unattended wants a probe and a new droplet before the old one goes.
func TestLaw09Unattended(t *testing.T) {
	yes := true
	for name, tt := range map[string]struct {
		ready *fleet.Ready
		order fleet.Order
		want  int
	}{
		"with a probe":      {&fleet.Ready{Port: 22}, fleet.CreateFirst, 2},
		"without":           {nil, fleet.CreateFirst, 0},
		"destroy the first": {&fleet.Ready{Port: 22}, fleet.DestroyFirst, 0},
	} {
		s := eight()
		s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105, 106, 107, 108)
		for i := range s.desired.Specs {
			spec := &s.desired.Specs[i]
			spec.Rollout, spec.Ready, spec.Rules.Order = &fleet.RolloutKeys{Unattended: &yes}, tt.ready, tt.order
		}
		if got := went(s.build(t)); len(got) != tt.want {
			t.Errorf("%s: goes %q", name, got)
		}
	}
}

// Law 18: batch by batch, the canary first, with a pause between them.
func TestLaw18Batches(t *testing.T) {
	canary, pause := 1, 10*time.Minute
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
	s.desired.Policy.Rollout = fleet.RolloutKeys{Canary: &canary, Pause: &pause}
	p := s.build(t)
	if r := p.Rollouts[0]; fmt.Sprint(went(p)) != "[web-1]" || r.Canary != 1 || r.Size != 2 || r.Batches != 5 || r.Total() != 8 || r.Count != 8 || r.Serving != 8 {
		t.Fatalf("goes %q: %+v", went(p), r)
	}
	row := s.begin("web")
	live := s.replaced(row, 101, "running", time.Minute)
	live.Live = true
	p = s.build(t)
	if a := p.Actions[0]; len(went(p)) != 0 || a.HeldReason != "waiting for the batch before: web-1" || !a.Waits() || !p.Lapses.IsZero() {
		t.Errorf("while the canary is under way, goes %q: %s", went(p), a.HeldReason)
	}
	s.recorded.Sagas = s.recorded.Sagas[:8]
	s.replaced(row, 101, "compensated", 11*time.Minute)
	row.LiftedAt = noon.Add(-time.Minute)
	if p = s.build(t); fmt.Sprint(went(p)) != "[web-1]" || p.Rollouts[0].Canary != 1 {
		t.Errorf("after a canary that failed, goes %q", went(p))
	}
	s.recorded.Sagas, row.LiftedAt = s.recorded.Sagas[:8], time.Time{}
	s.replaced(row, 101, "completed", 4*time.Minute)
	p = s.build(t)
	want := "the next batch begins at 12:06:00, after a pause of 10m"
	if len(went(p)) != 0 || p.Actions[0].HeldReason != want || !p.Lapses.Equal(noon.Add(6*time.Minute)) || !p.Rollouts[0].NextAt.Equal(p.Lapses) {
		t.Errorf("in the pause, goes %q: %s; another pass at %v", went(p), p.Actions[0].HeldReason, p.Lapses)
	}
	s.now = noon.Add(6 * time.Minute)
	if p = s.build(t); fmt.Sprint(went(p)) != "[web-2 web-3]" {
		t.Errorf("after the pause, goes %q", went(p))
	}
}

// Law 18: the first member that fails stops the rollout, until the stanza is edited, the member is retried or a person resumes.
func TestLaw18AFailureStops(t *testing.T) {
	failing := func() (*scene, *fleet.Rollout, *fleet.Saga) {
		s := eight()
		s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
		row := s.begin("web")
		saga := s.replaced(row, 101, "compensated", 2*time.Hour)
		saga.Error, saga.Undone = "droplet 201 did not become ready", true
		row.BeganAt = noon.Add(-3 * time.Hour)
		return s, row, saga
	}
	s, _, _ := failing()
	p := s.build(t)
	want := "web-1 failed at 10:00:00 and stopped the rollout (droplet 201 did not become ready); to go on, change the stanza, or: arcadiad rollout resume web"
	if a := p.Actions[4]; len(went(p)) != 0 || a.HeldBy != "stopped" || a.HeldReason != want || a.Approvable {
		t.Errorf("goes %q, held by %s: %s", went(p), a.HeldBy, a.HeldReason)
	}
	if r := p.Rollouts[0]; r.HeldBy != "stopped" || r.Failed == nil || r.Failed.Name != "web-1" {
		t.Errorf("the rollout says %+v", r)
	}
	for how, lift := range map[string]func(s *scene, row *fleet.Rollout, saga *fleet.Saga){
		"resumed":    func(_ *scene, row *fleet.Rollout, _ *fleet.Saga) { row.LiftedAt = noon.Add(-time.Minute) },
		"retried":    func(_ *scene, _ *fleet.Rollout, saga *fleet.Saga) { saga.Retried = true },
		"the rules":  func(_ *scene, row *fleet.Rollout, _ *fleet.Saga) { row.Rules = "edited since" },
		"superseded": func(_ *scene, _ *fleet.Rollout, saga *fleet.Saga) { saga.Status = "superseded" },
	} {
		s, row, saga := failing()
		lift(s, row, saga)
		if got := went(s.build(t)); len(got) != 2 {
			t.Errorf("%s, goes %q", how, got)
		}
	}
}

// Law 18: a person pauses and aborts, and the second half of a replace goes on all the same.
func TestLaw18APersonStops(t *testing.T) {
	for _, phase := range []fleet.RolloutPhase{fleet.RolloutPaused, fleet.RolloutAborted} {
		s := edited("db-1", "db-2", "db-3")
		row := s.begin("db")
		row.Phase = phase
		s.vanish(101, true)
		s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(r fleet.Record) bool { return r.DropletID == 101 })
		s.ended(900, fleet.SagaDestroy, "db-1", "completed", s.spec("db-1").Hash(), time.Minute).DropletID = 101
		s.expect(t, "provision db-1", "replace db-2 102 held by stopped", "replace db-3 103 held by stopped")
	}
}

// What becomes of the row: done, superseded, lifted by an edit.
func TestWhatBecomesOfARollout(t *testing.T) {
	become := func(s *scene) string {
		var all []string
		for _, c := range s.build(t).RolloutChanges {
			all = append(all, fmt.Sprintf("%s -> %s %v %v", c.Was, c.Rollout.Phase, !c.Rollout.EndedAt.IsZero(), !c.Rollout.LiftedAt.IsZero()))
		}
		return strings.Join(all, "; ")
	}
	for name, tt := range map[string]struct {
		change func(s *scene, row *fleet.Rollout)
		want   string
	}{
		"nothing": {func(*scene, *fleet.Rollout) {}, ""},
		"another edit": {func(s *scene, _ *fleet.Rollout) {
			s.spec("db-1").Image, s.spec("db-2").Image = "fedora-42-x64", "fedora-42-x64"
		}, "running -> superseded true false"},
		"the group is gone": {func(s *scene, _ *fleet.Rollout) { s.desired.Specs = nil }, "running -> superseded true false"},
		"all are as asked": {func(s *scene, row *fleet.Rollout) {
			s.replaced(row, 101, "completed", 1)
			s.replaced(row, 102, "completed", 1)
		}, "running -> done true false"},
		"paused, and all are": {func(s *scene, row *fleet.Rollout) {
			row.Phase = fleet.RolloutPaused
			s.replaced(row, 101, "completed", 1)
			s.replaced(row, 102, "completed", 1)
		}, "paused -> done true false"},
		"one is released":      {func(s *scene, row *fleet.Rollout) { s.replaced(row, 101, "completed", 1); s.droplet(102).Tags = nil }, "running -> done true false"},
		"one is not seen":      {func(s *scene, row *fleet.Rollout) { s.replaced(row, 101, "completed", 1); s.vanish(102, false) }, ""},
		"its rules are edited": {func(_ *scene, row *fleet.Rollout) { row.Rules = "before" }, "running -> running false true"},
		"aborted, then edited": {func(_ *scene, row *fleet.Rollout) { row.Rules, row.Phase = "before", fleet.RolloutAborted }, "aborted -> running false true"},
		"paused, then edited":  {func(_ *scene, row *fleet.Rollout) { row.Rules, row.Phase = "before", fleet.RolloutPaused }, "paused -> paused false true"},
	} {
		s := edited("db-1", "db-2")
		tt.change(s, s.begin("db"))
		if got := become(s); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Law 18: with a probe, serving is passing it; what does not serve goes first, and no more of it at once than a batch.
func TestLaw18ServingIsPassing(t *testing.T) {
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105, 106, 107)
	p := s.build(t)
	if fmt.Sprint(went(p)) != "[web-1 web-8]" || p.Rollouts[0].Serving != 7 || p.Rollouts[0].Probe != "tcp 22" {
		t.Errorf("one does not pass, goes %q", went(p))
	}
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103)
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-4 web-5]" {
		t.Errorf("five do not pass, goes %q", got)
	}
	canary := 1
	s.desired.Policy.Rollout.Canary = &canary
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105, 106, 107)
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-8]" {
		t.Errorf("one does not pass, and one goes: %q", got)
	}
	s.desired.Policy.Rollout.Canary = nil
	zero := fleet.Limit{}
	s.desired.Policy.Rollout.MaxUnavailable = &zero
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105, 106, 107, 108)
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-1 web-2]" {
		t.Errorf("all pass and none may be out of service: a new droplet comes first, goes %q", got)
	}
	for i := range s.desired.Specs {
		s.desired.Specs[i].Rules.Order = fleet.DestroyFirst
	}
	if p := s.build(t); len(went(p)) != 0 || !p.Actions[0].Blocked {
		t.Errorf("none may be out of service, goes %q", went(p))
	}
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105, 106, 107)
	if got := went(s.build(t)); fmt.Sprint(got) != "[web-8]" {
		t.Errorf("what is out of service already may always go: %q", got)
	}
}

// A probe that nobody passes is probably wrong: nothing is made, until a person says so; another probe is another question.
func TestAProbeThatNobodyPasses(t *testing.T) {
	s := edited("db-1", "db-2", "web-1")
	s.desired.Specs = append(s.desired.Specs, specOf("db-3"))
	slices.SortFunc(s.desired.Specs, func(a, b fleet.Spec) int { return fleet.CompareNames(a.Name, b.Name) })
	s.probe(fleet.Ready{Port: 8080}, 103)
	p := s.expect(t, "replace db-1 101 held by ready", "replace db-2 102 held by ready", "provision db-3 held by ready", "replace web-1 103")
	if why := p.Actions[0].HeldReason; !strings.HasPrefix(why, "no active member of db answers tcp 8080: the probe is probably wrong") {
		t.Errorf("because %q", why)
	}
	s.recorded.Grants = p.Grants(noon)
	if got := went(s.build(t)); fmt.Sprint(got) != "[db-1 db-3 web-1]" {
		t.Errorf("approved, goes %q", got)
	}
	s.probe(fleet.Ready{Port: 8081}, 103)
	s.expect(t, "replace db-1 101 held by ready", "replace db-2 102 held by ready", "provision db-3 held by ready", "replace web-1 103")
	s.probe(fleet.Ready{Port: 8081})
	if why := s.build(t).Actions[0].HeldReason; !strings.Contains(why, "this host's network may be down") {
		t.Errorf("nobody answers: %q", why)
	}
	s.recorded.Grants = nil
	s.observed.Readiness = nil // nobody asked
	if got := went(s.build(t)); len(got) == 0 {
		t.Error("what was not asked holds")
	}
}

// Where the account has less room than the surge, what fits goes, and the rest of the batch says why it does not.
func TestLaw18FewerPlacesThanSurge(t *testing.T) {
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
	s.observed.Account.DropletLimit = 9
	p := s.build(t)
	if fmt.Sprint(went(p)) != "[web-1]" || p.Actions[1].HeldBy != "account_limit" || p.Actions[2].HeldBy != "turn" {
		t.Errorf("goes %q, web-2 held by %s, web-3 by %s", went(p), p.Actions[1].HeldBy, p.Actions[2].HeldBy)
	}
	s.observed.Account.DropletLimit = 8
	if p := s.build(t); len(went(p)) != 0 || p.Rollouts[0].HeldBy != "account_limit" {
		t.Errorf("goes %q: %+v", went(p), p.Rollouts[0])
	}
}

// What takes a droplet out of service waits for a window; what creates or repairs does not. An approval of something else does not lift it.
func TestLaw18Windows(t *testing.T) {
	s := edited("db-1", "db-2", "db-3")
	s.desired.Specs = append(s.desired.Specs, specOf("new"))
	s.spec("new").UserData = "#!/bin/sh" // so that it is not the old one under another name
	s.register(105, "old")
	s.register(106, "off")
	s.desired.Specs = append(s.desired.Specs, specOf("off"))
	s.desired.Policy.Drift = fleet.DriftCorrect
	s.droplet(106).Status = fleet.StatusOff
	s.recorded.Deviations = []fleet.Deviation{{DropletID: 106, Field: "status", Seen: "off", Since: noon.Add(-time.Hour)}}
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	s.desired.Windows = fleet.Windows{{Days: [7]bool{time.Monday: true}, From: 22 * time.Hour, To: 4 * time.Hour}} // noon is on a Monday
	p := s.build(t)
	if got := went(p); fmt.Sprint(got) != "[new off]" {
		t.Errorf("outside of the window, goes %q", got)
	}
	if a := p.Actions[0]; a.HeldBy != "max_destroy" || strings.Contains(a.HeldReason, "window") {
		t.Errorf("held by %s: %s", a.HeldBy, a.HeldReason)
	}
	s.recorded.Grants = p.Grants(noon)
	p = s.build(t)
	a := p.Actions[0]
	if a.HeldBy != "window" || a.HeldReason != "waiting for the window that opens at Mon 2026-11-23 22:00 UTC" || !a.Waits() || !a.Approvable || p.AwaitsApproval() || !p.Approved {
		t.Errorf("approved by day, held by %s: %s", a.HeldBy, a.HeldReason)
	}
	if !p.Lapses.Equal(noon.Add(10*time.Hour)) || !p.Rollouts[0].NextAt.Equal(p.Lapses) {
		t.Errorf("another pass at %v", p.Lapses)
	}
	s.now = noon.Add(10 * time.Hour)
	if got := went(s.build(t)); !slices.Contains(got, "db-1") || !slices.Contains(got, "old") {
		t.Errorf("in the window, goes %q", got)
	}
	s.now = noon
	s.recorded.Grants = append(s.recorded.Grants, p.Grants(noon)...)
	if got := went(s.build(t)); !slices.Contains(got, "db-1") || !slices.Contains(got, "old") {
		t.Errorf("approved, goes %q", got)
	}
}

// Law 9: an approval lasts a day, or to the end of the next window.
func TestLaw09AnApprovalLastsUntilTheWindowCloses(t *testing.T) {
	s := losing()
	s.droplet(101).VolumeIDs = []string{"v1"}
	s.desired.Windows = fleet.Windows{{Days: [7]bool{time.Wednesday: true}, From: 22 * time.Hour, To: 4 * time.Hour}} // two days on
	s.recorded.Grants = s.build(t).Grants(noon)
	for after, goes := range map[time.Duration]bool{58*time.Hour + time.Minute: true, 63 * time.Hour: true, 24*7*time.Hour + 58*time.Hour + time.Minute: false} {
		s.now = noon.Add(after)
		if got := len(went(s.build(t))) > 0; got != goes {
			t.Errorf("after %v it goes: %v", after, got)
		}
	}
}

// A droplet leaves its load balancers by the tags that they select it by, and never by one that a firewall goes by.
func TestDrain(t *testing.T) {
	minute := time.Minute
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
	s.desired.Policy.Rollout.Drain = &minute
	if p := s.build(t); !p.Hangs() || p.Actions[0].Drain.For != 0 {
		t.Errorf("asks what hangs on its droplets: %v; drains %+v", p.Hangs(), p.Actions[0].Drain)
	}
	s.observed.Attachments = &fleet.Attachments{TagsKnown: true, BalancerTags: []string{"front", "web"}, FirewallTags: []string{"web"}}
	want := "web is not drained: no load balancer selects its droplets by a tag that no firewall goes by"
	if p := s.build(t); !slices.Contains(p.Warnings, want) || p.Actions[0].Drain.For != 0 {
		t.Errorf("without such a tag it says %q", p.Warnings)
	}
	for i := range s.observed.Droplets {
		s.observed.Droplets[i].Tags = append(s.observed.Droplets[i].Tags, "Front", "web", "other")
	}
	p := s.build(t)
	if d := p.Actions[0].Drain; fmt.Sprint(d.Tags) != "[front]" || d.For != minute || len(p.Warnings) != 0 {
		t.Errorf("drains by %+v, and says %q", d, p.Warnings)
	}
	s.observed.Attachments.TagsKnown = false
	if p := s.build(t); p.Actions[0].Drain.For != 0 || len(p.Warnings) != 1 || !strings.HasPrefix(p.Warnings[0], "web is not drained: the load balancers or") {
		t.Errorf("where they cannot be read it says %q", p.Warnings)
	}
	for i := range s.desired.Specs {
		s.desired.Specs[i].Image, s.desired.Specs[i].Size, s.desired.Specs[i].Rules.Resize = "ubuntu-24-04-x64", "s-2vcpu-2gb", fleet.ResizeInPlace
	}
	s.observed.Attachments.TagsKnown = true
	if d := s.build(t).Actions[0].Drain; fmt.Sprint(d.Tags) != "[front]" {
		t.Errorf("a resize drains by %+v", d)
	}
}

// Law 18: a member that was resized is not in service before it passes its probe. That is soon, as a rule, so a pass follows and nobody is told;
// one that does not come up within its time is for a person.
func TestLaw18AResizedMemberComesUp(t *testing.T) {
	for _, tt := range []struct {
		ago     time.Duration // since it was resized
		again   time.Duration // until the next pass; 0: none is due
		blocked bool
	}{
		{time.Second, 10 * time.Second, false},
		{2 * time.Minute, time.Minute, false},
		{4*time.Minute - time.Second, 2*time.Minute - 500*time.Millisecond, false},
		{5 * time.Minute, 0, true},
	} {
		s := converged("web-1", "web-2", "web-3")
		for i := range s.desired.Specs {
			s.desired.Specs[i].Size, s.desired.Specs[i].Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
		}
		s.droplet(101).Size = "s-2vcpu-2gb"
		s.recorded.Records[0].Values = fleet.ValuesOf(*s.spec("web-1"))
		s.probe(fleet.Ready{Port: 22, Within: 4 * time.Minute}, 102, 103)
		done := s.ended(101, fleet.SagaUpdate, "web-1", "completed", s.spec("web-1").Hash(), tt.ago)
		done.Downtime = true
		p := s.expect(t, "update web-2 102 held by turn", "update web-3 103 held by turn")
		want := time.Time{}
		if tt.again > 0 {
			want = noon.Add(tt.again)
		}
		if !p.Lapses.Equal(want) || p.Actions[0].Blocked != tt.blocked {
			t.Errorf("%v ago: the next pass is at %v, want %v; blocked %v: %s", tt.ago, p.Lapses, want, p.Actions[0].Blocked, p.Actions[0].HeldReason)
		}
	}
}
