package plan

import (
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
)

// edited is a group whose image was changed in the file.
func edited(names ...string) *scene {
	s := converged(names...)
	for i := range s.desired.Specs {
		s.desired.Specs[i].Image = "debian-12-x64"
	}
	return s
}

// Law 18: members that serve go one at a time, and whether the old droplet or the new one comes first makes no difference.
func TestLaw18AGroupIsReplacedAFewAtATime(t *testing.T) {
	for _, order := range []fleet.Order{fleet.CreateFirst, fleet.DestroyFirst} {
		s := edited("db-1", "db-2", "db-3", "web")
		for i := range s.desired.Specs {
			s.desired.Specs[i].Rules.Order = order
		}
		p := s.expect(t, "replace db-1 101", "replace db-2 102 held by turn", "replace db-3 103 held by turn", "replace web 104")
		want := "waiting its turn (1 of 3 at once): db-1 goes first"
		if a := p.Actions[1]; a.HeldReason != want || !a.Waits() {
			t.Errorf("%s: held because %q", order, a.HeldReason)
		}
	}
}

// Law 18: the second half of a replace that destroyed first counts until its droplet is registered.
func TestLaw18TheSecondHalfIsOutOfService(t *testing.T) {
	s := edited("db-1", "db-2", "db-3")
	s.vanish(101, true)
	s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(r fleet.Record) bool { return r.DropletID == 101 })
	s.ended(900, fleet.SagaDestroy, "db-1", "completed", s.spec("db-1").Hash(), time.Minute).DropletID = 101
	s.expect(t, "provision db-1", "replace db-2 102 held by turn", "replace db-3 103 held by turn")
	live := s.ended(901, fleet.SagaProvision, "db-1", "running", s.spec("db-1").Hash(), 0)
	live.Live = true
	s.expect(t, "replace db-2 102 held by turn", "replace db-3 103 held by turn")
}

// Law 18: whoever took a member out of service, no other follows; the member itself may always be replaced, and when all of them are off
// the cure goes at once.
func TestLaw18WhatIsOffMayBeReplaced(t *testing.T) {
	s := edited("db-1", "db-2", "db-3")
	s.droplet(102).Status = fleet.StatusOff
	s.expect(t, "replace db-1 101 held by turn", "replace db-2 102", "replace db-3 103 held by turn")
	s.vanish(102, false)
	s.expect(t, "replace db-1 101 held by turn", "replace db-3 103 held by turn")
	s = edited("db-1", "db-2", "db-3")
	for id := int64(101); id <= 103; id++ {
		s.droplet(id).Status = fleet.StatusOff
	}
	s.expect(t, "replace db-1 101", "replace db-2 102", "replace db-3 103")
	for id := int64(101); id <= 103; id++ {
		s.droplet(id).Status = fleet.StatusUnknown // not known is not off
	}
	p := s.expect(t, "replace db-1 101 held by turn", "replace db-2 102 held by turn", "replace db-3 103 held by turn")
	if p.Actions[0].Waits() {
		t.Error("nothing brings the group back, and the plan waits for it")
	}
}

// Law 18: a member that the file dropped is taken out of service only while enough of the desired ones serve.
func TestLaw18ASurplusServesMeanwhile(t *testing.T) {
	s := converged("web-1", "web-2", "web-3", "web-4", "web", "api-4")
	s.unwant("web-4")
	s.unwant("api-4")
	s.expect(t, "destroy api-4 106", "destroy web-4 104")
	s.droplet(101).Status, s.droplet(102).Status = fleet.StatusOff, fleet.StatusOff
	s.expect(t, "destroy api-4 106", "destroy web-4 104 held by turn")
	s.droplet(104).Status = fleet.StatusOff
	s.expect(t, "destroy api-4 106", "destroy web-4 104")
}

// Law 18: where nothing brings back what the others wait for, the hold says what a person can do, and is not said to pass by itself.
func TestLaw18ABlockedGroupSaysTheWayOut(t *testing.T) {
	for why, tt := range map[string]struct {
		prepare func(s *scene)
		want    string
	}{
		"as it is to be, and off":  {func(s *scene) { s.spec("db-1").Image = "ubuntu-24-04-x64" }, "switch db-1 on, or raise max_unavailable"},
		"its replace is held, too": {func(s *scene) { s.droplet(101).VolumeIDs = []string{"v-1"} }, "switch db-1 on, or raise max_unavailable"},
		"in a saga that is stuck": {func(s *scene) {
			stuck := s.ended(900, fleet.SagaAdopt, "db-1", "stuck", "", time.Minute)
			stuck.Live, stuck.DropletID = true, 101
		}, "bring db-1 back into service, or raise max_unavailable"},
	} {
		s := edited("db-1", "db-2", "db-3")
		s.droplet(101).Status = fleet.StatusOff
		tt.prepare(s)
		p := s.build(t)
		a := p.Actions[len(p.Actions)-1]
		want := "waiting its turn (1 of 3 at once): db-1 is out of service, and max_unavailable allows no more; " + tt.want
		if a.Name != "db-3" || a.HeldReason != want || a.Waits() {
			t.Errorf("%s: %s %s held because %q, waits %v", why, a.Kind, a.Name, a.HeldReason, a.Waits())
		}
	}
}

// Law 18: a single droplet whose stanza gets a count serves until enough of the numbered ones do.
func TestLaw18ASingleThatBecomesAGroup(t *testing.T) {
	s := converged("db", "keep")
	large := *s.spec("db")
	large.Size = "s-2vcpu-2gb" // else it looks like a rename
	s.droplet(101).Size, s.recorded.Records[0].Values = large.Size, fleet.ValuesOf(large)
	s.unwant("db")
	s.desired.Specs = append(s.desired.Specs, specOf("db-1"), specOf("db-2"), specOf("db-3"))
	p := s.expect(t, "destroy db 101 held by turn", "provision db-1", "provision db-2", "provision db-3")
	if a := p.Actions[0]; !a.Waits() || a.HeldReason != "waiting its turn (1 of 3 at once): db-1, db-2 and db-3 are out of service, and max_unavailable allows no more" {
		t.Errorf("waits %v: %s", a.Waits(), a.HeldReason)
	}
	s.register(201, "db-1")
	s.expect(t, "destroy db 101 held by turn", "provision db-2", "provision db-3")
	s.register(202, "db-2")
	s.expect(t, "destroy db 101", "provision db-3")
}
