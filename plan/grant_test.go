package plan

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// twoHeld is a fleet of four in which two destroys wait for a person.
func twoHeld() *scene {
	s := converged("a", "b", "c", "d")
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	s.unwant("a")
	s.unwant("b")
	return s
}

// Law 9: an approval is for the actions that the person saw, each by itself: it stays when another action joins the plan, and lets nothing
// through that it did not see.
func TestLaw09AnApprovalIsForActions(t *testing.T) {
	s := twoHeld()
	p := s.expect(t, "destroy a 101 held by max_destroy", "destroy b 102 held by max_destroy")
	s.recorded.Grants = p.Grants(s.now)
	if p := s.expect(t, "destroy a 101", "destroy b 102"); !p.Approved || p.Actions[0].Grants[0].Plan != p.ID {
		t.Errorf("%+v", p.Actions)
	}
	s.unwant("c")
	s.expect(t, "destroy a 101", "destroy b 102", "destroy c 103 held by max_destroy")
	s.droplet(101).VolumeIDs = []string{"v-1"}
	later := s.expect(t, "destroy a 101 held by volumes", "destroy b 102", "destroy c 103 held by max_destroy")
	if later.ID == p.ID || later.Approved {
		t.Errorf("plan %s, approved %v; was %s", later.ID, later.Approved, p.ID)
	}
	s.now = s.now.Add(fleet.GrantLasts)
	s.expect(t, "destroy a 101 held by volumes", "destroy b 102 held by max_destroy", "destroy c 103 held by max_destroy")
}

// Law 9: one approval lifts all that holds an action, and the plan says all of it.
func TestLaw09OneApprovalLiftsAllThatWasShown(t *testing.T) {
	s := twoHeld()
	s.droplet(101).VolumeIDs = []string{"v-2", "v-1"}
	p := s.expect(t, "destroy a 101 held by volumes", "destroy b 102")
	if why := p.Actions[0].HeldReason; why != "2 volumes are attached to it; also held by max_destroy: 2 of 4 registered droplets would be destroyed or replaced, and policy.max_destroy allows 1 in one pass" {
		t.Errorf("because %q", why)
	}
	s.recorded.Grants = p.Grants(s.now)
	s.expect(t, "destroy a 101", "destroy b 102 held by max_destroy")
	s.droplet(101).VolumeIDs = []string{"v-1"} // less than what the person saw
	s.expect(t, "destroy a 101", "destroy b 102 held by max_destroy")
	s.droplet(101).VolumeIDs = []string{"v-1", "v-3"} // as many, and another one
	s.expect(t, "destroy a 101 held by volumes", "destroy b 102")
}

// Law 9: an approval is for a spec and for the order of the replace.
func TestLaw09AnApprovalIsForASpec(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).VolumeIDs = []string{"v-1"}
	s.spec("db").Size = "s-2vcpu-2gb"
	s.recorded.Grants = s.expect(t, "replace db 101 held by volumes").Grants(s.now)
	s.expect(t, "replace db 101")
	s.spec("db").Rules.Order = fleet.DestroyFirst
	s.expect(t, "replace db 101 held by volumes")
	s.spec("db").Rules.Order = fleet.CreateFirst
	s.spec("db").Image = "debian-12-x64"
	s.expect(t, "replace db 101 held by volumes")
	s.unwant("db")
	s.expect(t, "destroy db 101 held by volumes")
}

// Law 9: an approval without a daemon is for the plan of that id, which the facts are part of.
func TestLaw09AnApprovalWithoutADaemon(t *testing.T) {
	s := twoHeld()
	s.recorded.Approved = []string{s.build(t).ID}
	p := s.expect(t, "destroy a 101", "destroy b 102")
	if grants := p.Unstored(s.now.Add(time.Hour)); len(grants) != 2 || grants[0].Plan != p.ID || grants[0].Rule != "max_destroy" {
		t.Errorf("to be kept: %+v", grants)
	}
	s.droplet(101).VolumeIDs = []string{"v-1"}
	s.expect(t, "destroy a 101 held by volumes", "destroy b 102")
}

// Law 9: an approval does not outlive what it was for: a version of the file that asks for something else takes it back.
func TestLaw09AnApprovalIsTakenBackByTheFile(t *testing.T) {
	withdrawn := func(s *scene) int { return len(Withdrawn(s.desired, s.recorded)) }
	s := twoHeld()
	s.recorded.Grants = s.build(t).Grants(s.now)
	if n := withdrawn(s); n != 0 {
		t.Errorf("%d are taken back by the version that they are for", n)
	}
	s.unwant("c")
	if n := withdrawn(s); n != 0 {
		t.Errorf("%d are taken back by a version that asks for more", n)
	}
	s.desired.Specs = append(s.desired.Specs, specOf("a"), specOf("bb"))
	s.spec("bb").Was = "b"
	if n := withdrawn(s); n != 2 {
		t.Errorf("%d are taken back by a version that wants both, one of them under another name", n)
	}

	s = converged("db", "web-1")
	s.droplet(101).VolumeIDs = []string{"v-1"}
	s.spec("db").Size, s.spec("db").Rules.Order = "s-2vcpu-2gb", fleet.DestroyFirst
	s.recorded.Grants = s.build(t).Grants(s.now)
	if n := withdrawn(s); len(s.recorded.Grants) == 0 || n != 0 {
		t.Errorf("%d are taken back of %+v", n, s.recorded.Grants)
	}
	s.spec("db").Size = "s-1vcpu-1gb"
	if n := withdrawn(s); n != 1 {
		t.Errorf("%d are taken back by a version that wants the droplet as it is", n)
	}
	s.unwant("db")
	if n := withdrawn(s); n != 1 {
		t.Errorf("%d are taken back by a version that wants no such droplet", n)
	}
}
