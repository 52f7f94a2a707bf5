package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// rules changes every spec of the file.
func (s *scene) rules(change func(*fleet.Spec)) {
	for i := range s.desired.Specs {
		change(&s.desired.Specs[i])
	}
}

// begun puts the rollout of a plan into the database, as a pass does, and gives the names of its members.
func (s *scene) begun(t *testing.T) (row *fleet.Rollout, members []string) {
	t.Helper()
	p := s.build(t)
	r := p.Rollouts[0].Rollout
	r.ID, r.BeganAt = "5c1d9a0200000000", noon.Add(-15*time.Minute)
	s.recorded.Rollouts = []fleet.Rollout{r}
	for _, m := range r.Members {
		members = append(members, m.Name)
	}
	return &s.recorded.Rollouts[0], members
}

// heldBy counts the actions of a kind by what holds them.
func heldBy(p Plan, kind Kind) map[string]int {
	count := map[string]int{}
	for _, a := range p.Actions {
		if a.Kind == kind {
			count[a.HeldBy]++
		}
	}
	return count
}

// destroyedFirst has the droplet of a name gone, for a spec of before.
func (s *scene) destroyedFirst(id int64, name string) {
	s.vanish(id, true)
	s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(r fleet.Record) bool { return r.DropletID == id })
	s.ended(900, fleet.SagaDestroy, name, "completed", "another spec", time.Minute).DropletID = id
}

// Law 9: a rollout that begins takes along nobody whom max_destroy has not let go, whatever else of the group may begin.
func TestLaw09NobodyJoinsARolloutUnjudged(t *testing.T) {
	yes := true
	for name, tt := range map[string]struct {
		scene   func() *scene
		members string
		after   func(s *scene)
		want    string
	}{
		"protected when it began": {func() *scene {
			s := eight()
			for i := range 7 {
				s.desired.Specs[i+1].Protect = &yes
				s.recorded.Records[i+1].Protect = true
				s.droplet(102 + int64(i)).Tags = append(s.droplet(102+int64(i)).Tags, fleet.ProtectTag)
			}
			return s
		}, "[web-1]", func(s *scene) {
			no := false
			s.rules(func(x *fleet.Spec) { x.Protect = &no })
		}, "map[:1 max_destroy:7]"},
		"a second half of before beside them": {func() *scene {
			s := eight()
			s.destroyedFirst(101, "web-1")
			return s
		}, "[web-1]", func(*scene) {}, "map[max_destroy:7]"},
		"resizes beside them": {func() *scene {
			s := eight()
			s.rules(func(x *fleet.Spec) { x.Size, x.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace })
			for i := range 2 {
				s.recorded.Records[i].Values["image"] = "debian-12-x64"
			}
			return s
		}, "[web-1 web-2]", func(*scene) {}, "map[max_destroy:6]"},
		"held for lack of something else": {func() *scene {
			s := eight()
			s.desired.Policy.MaxDestroy = fleet.Limit{Value: 8}
			s.observed.Account.DropletLimit = 9
			return s
		}, "[web-1 web-2 web-3 web-4 web-5 web-6 web-7 web-8]", func(s *scene) { s.desired.Policy.MaxDestroy = fleet.Limit{} }, "map[:1 account_limit:1 turn:6]"},
	} {
		s := tt.scene()
		if _, members := s.begun(t); fmt.Sprint(members) != tt.members {
			t.Errorf("%s: it begins with %v, want %s", name, members, tt.members)
		}
		tt.after(s)
		if got := fmt.Sprint(heldBy(s.build(t), Replace)); got != tt.want {
			t.Errorf("%s: then the replaces are held by %s, want %s", name, got, tt.want)
		}
	}
}

// Law 9: who agreed to one way of changing the members has not agreed to another.
func TestLaw09AnotherWayIsJudgedAnew(t *testing.T) {
	yes := true
	ready := &fleet.Ready{Port: 22}
	resized := func(s *scene) {
		s.rules(func(x *fleet.Spec) {
			x.Image, x.Size, x.Rules.Resize = "ubuntu-24-04-x64", "s-2vcpu-2gb", fleet.ResizeInPlace
		})
	}
	for name, tt := range map[string]struct {
		before, after func(s *scene)
		approve       bool
	}{
		"resized in place, then replaced": {resized, func(s *scene) { s.rules(func(x *fleet.Spec) { x.Rules.Resize = fleet.ResizeReplace }) }, false},
		"the new droplet first, then the old one": {func(*scene) {}, func(s *scene) {
			s.rules(func(x *fleet.Spec) { x.Rules.Order = fleet.DestroyFirst })
		}, true},
		"unattended, then not any more": {func(s *scene) {
			s.probe(*ready, 101, 102, 103, 104, 105, 106, 107, 108)
			s.rules(func(x *fleet.Spec) { x.Rollout = &fleet.RolloutKeys{Unattended: &yes} })
		}, func(s *scene) { s.rules(func(x *fleet.Spec) { x.Rollout = nil }) }, false},
	} {
		s := eight()
		tt.before(s)
		if tt.approve {
			s.recorded.Grants = s.build(t).Grants(noon)
		}
		if s.begun(t); len(went(s.build(t))) != 2 {
			t.Errorf("%s: begun, it goes on with %q", name, went(s.build(t)))
		}
		s.recorded.Grants = nil
		tt.after(s)
		p := s.build(t)
		if len(went(p)) != 0 || p.Actions[7].HeldBy != "max_destroy" {
			t.Errorf("%s: goes %q, web-8 is held by %q", name, went(p), p.Actions[7].HeldBy)
		}
		// Approved, all of it belongs to the rollout that has begun.
		s.recorded.Grants = p.Grants(noon)
		p = s.build(t)
		if len(p.RolloutChanges) != 1 || p.RolloutChanges[0].Rollout.Approval != p.ID || len(p.Rollouts[0].Members) != 8 {
			t.Fatalf("%s: approved, it becomes %+v", name, p.RolloutChanges)
		}
		s.recorded.Rollouts[0], s.recorded.Grants = p.RolloutChanges[0].Rollout, nil
		if p = s.build(t); len(went(p)) != 2 || len(p.RolloutChanges) != 0 {
			t.Errorf("%s: approved, it goes on with %q; it becomes %+v", name, went(p), p.RolloutChanges)
		}
	}
}

// Law 9: what joins a group in mid-rollout is judged by itself, and belongs to the rollout from then on. What the approval of the rollout is for
// does not change by that.
func TestLaw09WhoJoinsIsJudged(t *testing.T) {
	s := eight()
	row, _ := s.begun(t)
	row.Members, row.Approval, s.desired.Policy.MaxDestroy = row.Members[:6], "0123456789ab", fleet.Limit{Value: 2}
	p := s.build(t)
	if got := fmt.Sprint(went(p)); got != "[web-1 web-2]" || len(p.RolloutChanges) != 1 {
		t.Fatalf("goes %s; it becomes %+v", got, p.RolloutChanges)
	}
	if r := p.RolloutChanges[0].Rollout; len(r.Members) != 8 || r.Approval != row.Approval || len(row.Members) != 6 {
		t.Errorf("it becomes %+v", r)
	}
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 1}
	p = s.build(t)
	if got := fmt.Sprint(heldBy(p, Replace)); got != "map[:2 max_destroy:2 turn:4]" || len(p.RolloutChanges) != 0 {
		t.Errorf("held by %s; it becomes %+v", got, p.RolloutChanges)
	}
}

// Law 9: what is under way in a change of before, or in another way, comes back, and counts with what begins.
func TestLaw09WhatComesBackIsCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(s *scene)
		want string
	}{
		"nothing":       {func(*scene) {}, "map[turn:3]"},
		"another image": {func(s *scene) { s.rules(func(x *fleet.Spec) { x.Image = "fedora-42-x64" }) }, "map[max_destroy:3]"},
		"another way":   {func(s *scene) { s.rules(func(x *fleet.Spec) { x.Rules.Order = fleet.DestroyFirst }) }, "map[max_destroy:3]"},
	} {
		s := edited("db-1", "db-2", "db-3", "db-4")
		s.desired.Policy.MaxDestroy = fleet.Limit{Value: 3}
		row := s.begin("db")
		row.Approval = "0123456789ab"
		s.replaced(row, 101, "running", time.Minute).Live = true
		tt.edit(s)
		if got := fmt.Sprint(heldBy(s.build(t), Replace)); got != tt.want {
			t.Errorf("%s: held by %s, want %s", name, got, tt.want)
		}
	}
}

// A rollout is done when its members are. What else is to change in its group, and needs a person, is another one.
func TestARolloutEndsWithItsMembers(t *testing.T) {
	s := edited("db-1", "db-2", "db-3")
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 1}
	row, _ := s.begun(t)
	row.Members = row.Members[:1]
	s.replaced(row, 101, "completed", 1)
	p := s.build(t)
	if len(p.RolloutChanges) != 1 || p.RolloutChanges[0].Rollout.Phase != fleet.RolloutDone {
		t.Errorf("it becomes %+v", p.RolloutChanges)
	}
	if r := p.Rollouts[0]; r.ID != "" || r.HeldBy != "max_destroy" || fmt.Sprint(r.Waiting) != "[db-2 db-3]" {
		t.Errorf("the other one is %+v", r)
	}
}

// The id of a plan is the same whoever passes a probe at the moment: an approval fits whenever it is given.
func TestWhoPassesDoesNotChangeThePlan(t *testing.T) {
	ids := map[string]bool{}
	s := eight()
	for _, passing := range [][]int64{{101, 102, 103, 104, 105, 106, 107, 108}, {101}, nil} {
		s.probe(fleet.Ready{Port: 22}, passing...)
		ids[s.build(t).ID] = true
	}
	s.observed.Readiness = nil
	ids[s.build(t).ID] = true
	if len(ids) != 1 {
		t.Errorf("one plan has the ids %v", ids)
	}
	s.probe(fleet.Ready{Port: 23})
	if ids[s.build(t).ID] {
		t.Error("another probe makes no difference to the plan's id")
	}
}

// Law 9: an approval that was given without a daemon opens no window either, unless the window was all that held.
func TestLaw18AnApprovalWithoutADaemonOpensNoWindow(t *testing.T) {
	s := eight()
	s.desired.Windows = fleet.Windows{{Days: [7]bool{time.Wednesday: true}, From: 22 * time.Hour, To: 4 * time.Hour}}
	p := s.build(t)
	s.recorded.Approved = []string{p.ID}
	p = s.build(t)
	if got := fmt.Sprint(heldBy(p, Replace)); got != "map[window:8]" {
		t.Errorf("held by %s", got)
	}
	s.recorded.Grants = p.Unstored(noon)
	for i := range s.recorded.Grants {
		s.recorded.Grants[i].ID = int64(i + 1)
	}
	if got := fmt.Sprint(heldBy(s.build(t), Replace)); got != "map[:2 turn:6]" {
		t.Errorf("the window alone held, and was approved: held by %s", got)
	}
}

// Law 18: a canary goes alone, also where members are off.
func TestLaw18ACanaryGoesAlone(t *testing.T) {
	canary := 1
	s := eight()
	s.desired.Policy.MaxDestroy, s.desired.Policy.Rollout.Canary = fleet.Limit{Value: 8}, &canary
	for id := int64(105); id <= 108; id++ {
		s.droplet(id).Status = fleet.StatusOff
	}
	if got := fmt.Sprint(went(s.build(t))); got != "[web-5]" {
		t.Errorf("goes %s", got)
	}
	row := s.begin("web")
	if got := fmt.Sprint(went(s.build(t))); got != "[web-5]" {
		t.Errorf("begun, and nothing done, goes %s", got)
	}
	s.replaced(row, 105, "completed", time.Minute)
	s.droplet(205).Status = fleet.StatusActive
	if got := fmt.Sprint(went(s.build(t))); got != "[web-6 web-7]" {
		t.Errorf("after the canary, goes %s", got)
	}
}

// Law 18: what there was no time to probe may serve.
func TestLaw18WhatWasNotProbedMayServe(t *testing.T) {
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 8}
	s.unwant("web-8")
	s.probe(fleet.Ready{Port: 22}, 101, 102, 103)
	for id := int64(104); id <= 108; id++ {
		delete(s.observed.Readiness.Passes, id)
	}
	if got := went(s.build(t)); len(got) != 0 {
		t.Errorf("goes %q", got)
	}
	s.observed.Readiness.Passes[107], s.observed.Readiness.Passes[108] = false, false
	if got := fmt.Sprint(went(s.build(t))); got != "[web-7 web-8]" {
		t.Errorf("what does not pass: goes %s", got)
	}
}

// Law 18: a batch that waits until others serve does not keep those from being cured for ever.
func TestLaw18WhatABatchWaitsForIsCured(t *testing.T) {
	for name, tt := range map[string]struct {
		step   string
		status string
		want   string
	}{
		"waits, and has for long": {"DestroyDroplet", "stuck", "[web-6 web-7]"},
		"waits":                   {"DestroyDroplet", "running", "[]"},
		"is not ready":            {"WaitDropletReady", "stuck", "[]"},
	} {
		s := eight()
		s.desired.Policy.MaxDestroy = fleet.Limit{Value: 8}
		row := s.begin("web")
		s.probe(fleet.Ready{Port: 22}, 101, 102, 103, 104, 105)
		for _, old := range []int64{101, 102} {
			live := s.replaced(row, old, tt.status, time.Minute)
			live.Live, live.Step = true, tt.step
		}
		if got := fmt.Sprint(went(s.build(t))); got != tt.want {
			t.Errorf("the batch before %s: goes %s, want %s", name, got, tt.want)
		}
	}
}

// Law 18: what is one too many in a group counts in it, also where the group has another name by now.
func TestLaw18ASurplusOfARenamedGroup(t *testing.T) {
	s := converged("web-1", "web-2", "web-3", "web-4", "web-5")
	s.desired.Specs = nil
	for i := range 4 {
		x := specOf(fmt.Sprint("app-", i+1))
		x.Was = fmt.Sprint("web-", i+1)
		s.desired.Specs = append(s.desired.Specs, x)
	}
	for _, tt := range []struct {
		off  []int64
		want string
	}{{nil, "[app-1 app-2 app-3 app-4 web-5]"}, {[]int64{101, 102}, "[app-1 app-2 app-3 app-4]"}} {
		for _, id := range tt.off {
			s.droplet(id).Status = fleet.StatusOff
		}
		if got := fmt.Sprint(went(s.build(t))); got != tt.want {
			t.Errorf("%v off: goes %s, want %s", tt.off, got, tt.want)
		}
	}
}

// A rollout that a person paused stays so when the file asks for something else: that waits for the same word.
func TestLaw18APauseOutlastsAnEdit(t *testing.T) {
	s := eight()
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 8}
	row := s.begin("web")
	row.Phase = fleet.RolloutPaused
	s.rules(func(x *fleet.Spec) { x.Image = "fedora-42-x64" })
	p := s.build(t)
	if got := fmt.Sprint(heldBy(p, Replace)); got != "map[stopped:8]" || len(p.RolloutChanges) != 0 || !strings.HasPrefix(p.Rollouts[0].Why, "the rollout is paused by a person") {
		t.Errorf("held by %s (%s); it becomes %+v", got, p.Rollouts[0].Why, p.RolloutChanges)
	}
	row.Phase = fleet.RolloutRunning
	p = s.build(t)
	if len(went(p)) != 2 || len(p.RolloutChanges) != 1 || p.RolloutChanges[0].Rollout.Phase != fleet.RolloutSuperseded || p.Rollouts[0].ID != "" {
		t.Errorf("resumed, goes %q; it becomes %+v", went(p), p.RolloutChanges)
	}
	row.Phase = fleet.RolloutPaused
	s.rules(func(x *fleet.Spec) { x.Image = "ubuntu-24-04-x64" })
	if p = s.build(t); len(p.RolloutChanges) != 1 || p.RolloutChanges[0].Rollout.Phase != fleet.RolloutSuperseded {
		t.Errorf("with nothing left to do, it becomes %+v", p.RolloutChanges)
	}
}

// The rollout that a plan goes on with is as the plan leaves it: the sagas begin only if it is.
func TestAnAbortedRolloutThatIsEditedGoesOnInOnePass(t *testing.T) {
	s := eight()
	row := s.begin("web")
	row.Phase, row.Rules = fleet.RolloutAborted, "before"
	if p := s.build(t); len(went(p)) != 2 || p.Rollouts[0].Phase != fleet.RolloutRunning || p.RolloutChanges[0].Was != fleet.RolloutAborted {
		t.Errorf("goes %q, while it is %s", went(p), p.Rollouts[0].Phase)
	}
}

// A rollout through a group costs about the same for each of its members, however many they are.
func BenchmarkBuildRollout(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		s := newScene()
		for i := range n {
			spec := specOf(fmt.Sprint("web-", i+1))
			s.desired.Specs = append(s.desired.Specs, spec)
			s.register(int64(1_000_000+i), spec.Name)
		}
		s.rules(func(x *fleet.Spec) { x.Image = "debian-12-x64" })
		s.desired.Policy.MaxDestroy = fleet.Limit{Value: n}
		s.begin("web")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if p := s.build(b); p.Summary.Replace != n {
					b.Fatal(p.Summary)
				}
			}
		})
	}
}
