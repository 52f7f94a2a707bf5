package plan

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func TestLaw05OneSagaSeveralDroplets(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1")
	s.see(8, "web-1", s.droplet(7).Tags...).CreatedAt = noon.Add(-2 * time.Hour)
	s.see(9, "web-1", s.droplet(7).Tags...)
	saga := s.left("web-1", "compensated", 24*time.Hour, 7, 8, 9)

	saga.DropletID = 9
	s.expect(t, "adopt web-1 9", "destroy web-1 7 held by turn", "destroy web-1 8 held by turn") // the one the saga knows
	saga.DropletID = 0
	s.expect(t, "adopt web-1 8", "destroy web-1 7 held by turn", "destroy web-1 9 held by turn") // the oldest
	s.recorded.Records = []fleet.Record{{DropletID: 7, Name: "web-1", Values: fleet.ValuesOf(specOf("web-1"))}}
	s.expect(t, "destroy web-1 8", "destroy web-1 9 held by turn")               // the registered one
	saga.Creates = fleet.Creates{Sent: 2, Answered: []int64{7}, Witnessed: true} // one of the three is a copy, and nobody knows which
	s.expect(t, "destroy web-1 8 held by origin", "destroy web-1 9 held by origin")
	saga.Creates.Sent = 3
	s.expect(t, "destroy web-1 8", "destroy web-1 9 held by turn")
	saga.Ended = []int64{6} // one that was destroyed counts, too
	s.expect(t, "destroy web-1 8 held by origin", "destroy web-1 9 held by origin")
	saga.Ended, saga.DropletID = nil, 5 // and the one that the saga found, though it shows no more
	s.expect(t, "destroy web-1 8 held by origin", "destroy web-1 9 held by origin")
}

// Whoever copies the tags of a droplet gives nobody the leave to destroy the copy: under its name, under another, with a volume, protected.
func TestLaw05CopiedTags(t *testing.T) {
	for what, tc := range map[string]struct {
		name, held string
		as         func(*fleet.Droplet)
	}{
		"under the name":    {"web-1", "origin", func(*fleet.Droplet) {}},
		"under another":     {"debug", "origin", func(*fleet.Droplet) {}},
		"older":             {"web-1", "origin", func(d *fleet.Droplet) { d.CreatedAt = noon.Add(-8000 * time.Hour) }},
		"protected":         {"web-1", "protect", func(d *fleet.Droplet) { d.Tags = append(d.Tags, fleet.ProtectTag) }},
		"protected, debug":  {"debug", "protect", func(d *fleet.Droplet) { d.Tags = append(d.Tags, fleet.ProtectTag) }},
		"with a volume":     {"web-1", "volumes", func(d *fleet.Droplet) { d.VolumeIDs = []string{"v"} }},
		"not active itself": {"web-1", "origin", func(d *fleet.Droplet) { d.Status = fleet.StatusOff }},
	} {
		for _, creates := range []fleet.Creates{{}, {Sent: 1, Answered: []int64{101}, Witnessed: true}, {Sent: 1, Witnessed: true}} {
			s := converged("web-1")
			s.desired.Policy.MaxDestroy = fleet.Limit{}
			s.recorded.Sagas[0].Creates = creates
			tc.as(s.see(500, tc.name, s.droplet(101).Tags...))
			p := s.expect(t, "destroy "+tc.name+" 500 held by "+tc.held)
			if !p.Actions[0].Approvable != (tc.held == "protect") {
				t.Errorf("%s: approvable %v", what, p.Actions[0].Approvable)
			}
		}
	}
}

// What was registered once is nobody's leftover, though this journal made it.
func TestLaw05OnceRegistered(t *testing.T) {
	for what, desired := range map[string]*scene{"its name has another": converged("web-1"), "nobody wants its name": newScene()} {
		desired.seeTagged(7, "web-1")
		desired.left("web-1", "completed", 48*time.Hour, 7)
		if p := desired.build(t); p.Actions[0].Held {
			t.Fatalf("%s: never registered: %s", what, said(p.Actions[0]))
		}
		desired.recorded.Registrations = []fleet.Registration{{DropletID: 7, RegisteredAt: noon.Add(-48 * time.Hour)}}
		p := desired.expect(t, "destroy web-1 7 held by origin")
		for _, word := range []string{"droplet 7 (made at 2026-11-23T11:00:00Z) was registered before", "arcadiad approve " + p.ID + " destroys it", "off it to keep it"} {
			if !strings.Contains(p.Actions[0].HeldReason, word) {
				t.Errorf("%s: the hold does not say %q: %s", what, word, p.Actions[0].HeldReason)
			}
		}
	}
}

// What hangs on a leftover keeps it.
func TestLaw05LeftoverThatSomebodyUses(t *testing.T) {
	s := converged("web-1")
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	s.seeTagged(7, "web-1")
	s.left("web-1", "compensated", 48*time.Hour, 7)
	s.expect(t, "destroy web-1 7")
	s.droplet(7).VolumeIDs = []string{"v"}
	s.expect(t, "destroy web-1 7 held by volumes")
}

// What a person gave back is not taken back because its tags show again: neither adopted nor destroyed, and in nobody's way.
func TestLaw16Released(t *testing.T) {
	for _, desired := range []bool{true, false} {
		s := newScene()
		want := []string{}
		if desired {
			s, want = newScene("db"), []string{"provision db"}
		}
		s.seeTagged(7, "db")
		s.left("db", "completed", 48*time.Hour, 7)
		s.recorded.Registrations = []fleet.Registration{{DropletID: 7, RegisteredAt: noon.Add(-48 * time.Hour), ReleasedAt: noon.Add(-time.Hour)}}
		p := s.build(t)
		if got := len(p.Actions); got != len(want) || got == 1 && said(p.Actions[0]) != want[0] {
			t.Errorf("wanted %v: %+v", desired, p.Actions)
		}
		if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "droplet 7 (db) was released") || !strings.Contains(p.Warnings[0], "arcadiad adopt db") {
			t.Errorf("wanted %v: warnings %q", desired, p.Warnings)
		}
	}
	s := converged("db") // its name is kept for it
	s.recorded.Registrations = []fleet.Registration{{DropletID: 101, RegisteredAt: noon.Add(-48 * time.Hour), ReleasedAt: noon.Add(-time.Hour)}}
	s.spec("db").Size = "s-2vcpu-2gb"
	if p := s.expect(t); len(p.Released) != 1 {
		t.Errorf("released %+v", p.Released)
	}
}

// A droplet that an unknown saga made after our first look is another arcadiad's: what would destroy anything is held, all of it, until
// that is settled. One that this plan adopts, or that was there at the first look, is none.
func TestLaw16ASecondWriter(t *testing.T) {
	s := converged("a", "b", "c")
	s.recorded.FirstLook = 103
	s.unwant("a")
	s.spec("b").Size = "s-2vcpu-2gb"
	s.expect(t, "destroy a 101", "replace b 102")
	s.seeTagged(103500, "theirs")
	p := s.expect(t, "destroy a 101 held by origin", "replace b 102 held by origin", "destroy theirs 103500 held by origin")
	for _, a := range p.Actions[:2] {
		if !a.Approvable || !strings.Contains(a.HeldReason, "droplet 103500") || !strings.Contains(a.HeldReason, "another arcadiad") {
			t.Errorf("%s: %s", said(a), a.HeldReason)
		}
	}
	s.desired.Specs = append(s.desired.Specs, specOf("theirs"))
	s.expect(t, "destroy a 101", "replace b 102", "adopt theirs 103500")
	s.unwant("theirs")
	s.recorded.FirstLook = 103500
	s.expect(t, "destroy a 101", "replace b 102", "destroy theirs 103500 held by origin")
	s.recorded.FirstLook = 0
	s.expect(t, "destroy a 101", "replace b 102", "destroy theirs 103500 held by origin")
}

// A replace whose work another copy of this state has done is not done again.
func TestLaw16AReplacementOfAnotherCopy(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Size = "s-2vcpu-2gb"
	s.seeTagged(7, "web-1", fleet.ReplacesTag(101)).Size = "s-2vcpu-2gb"
	s.ended(7, fleet.SagaReplace, "web-1", "superseded", s.spec("web-1").Hash(), time.Hour)
	s.expect(t, "replace web-1 101 held by origin", "destroy web-1 7 held by origin")
	s.vanish(101, true)
	s.expect(t, "adopt web-1 7")
}

func TestLaw05Duplicates(t *testing.T) {
	t.Run("registered stays", func(t *testing.T) {
		s := converged("web-1")
		s.seeTagged(7, "web-1")
		s.expect(t, "destroy web-1 7 held by origin")
		s.left("web-1", "completed", 2*time.Hour, 7)
		if p := s.expect(t, "destroy web-1 7"); !strings.HasPrefix(p.Actions[0].Reason, "duplicate") {
			t.Errorf("reason %q", p.Actions[0].Reason)
		}
	})
	t.Run("outside max_destroy", func(t *testing.T) {
		s := converged("web-1")
		s.desired.Policy.MaxDestroy = fleet.Limit{}
		s.seeTagged(7, "web-1")
		s.left("web-1", "completed", 2*time.Hour, 7)
		s.expect(t, "destroy web-1 7")
	})
	t.Run("waits for the kept one", func(t *testing.T) {
		s := converged("web-1")
		s.seeTagged(7, "web-1")
		s.left("web-1", "completed", 2*time.Hour, 7)
		s.droplet(101).Status = fleet.StatusOff
		if p := s.expect(t); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "one too many") {
			t.Errorf("warnings %q", p.Warnings)
		}
	})
	t.Run("active and fitting is adopted", func(t *testing.T) {
		s := newScene("web-1")
		s.seeTagged(7, "web-1").Status = fleet.StatusOff
		s.seeTagged(8, "web-1").Size = "s-8vcpu-16gb"
		s.seeTagged(9, "web-1")
		s.expect(t, "adopt web-1 9", "destroy web-1 7 held by origin", "destroy web-1 8 held by origin")
	})
	t.Run("else the lowest id", func(t *testing.T) {
		s := newScene("web-1")
		s.seeTagged(7, "web-1").Size = "s-8vcpu-16gb"
		s.seeTagged(8, "web-1").Size = "s-8vcpu-16gb"
		s.expect(t, "adopt web-1 7", "destroy web-1 8 held by origin")
	})
	t.Run("two registered", func(t *testing.T) {
		s := converged("web-1")
		s.register(102, "web-1")
		s.droplet(101).Status = fleet.StatusOff
		s.expect(t, "destroy web-1 101 held by origin")
	})
}

func TestLaw05LateArrival(t *testing.T) {
	late := func(s *scene) *scene {
		s.seeTagged(7, "web-1")
		s.left("web-1", "compensated", 48*time.Hour, 7)
		return s
	}
	late(newScene("web-1")).expect(t, "adopt web-1 7")

	s := late(newScene())
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	p := s.expect(t, "destroy web-1 7")
	if !strings.HasPrefix(p.Actions[0].Reason, "late arrival") {
		t.Errorf("reason %q", p.Actions[0].Reason)
	}
	if p.Actions[0].License.Asks(newScene("web-1").desired) {
		t.Error("the name is wanted again and free, and the late arrival would be destroyed all the same")
	}

	s = late(converged("web-1"))
	s.droplet(101).Status = fleet.StatusOff
	p = s.expect(t, "destroy web-1 7")
	if !p.Actions[0].License.Asks(s.desired) {
		t.Error("the name is occupied, so the late arrival is one too many")
	}
}

func TestLaw05PairIsKnownByItsTag(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1").Size = "s-8vcpu-16gb"
	s.seeTagged(8, "web-1", fleet.ReplacesTag(7)).Status = fleet.StatusNew
	if p := s.expect(t); len(p.Warnings) != 1 {
		t.Errorf("warnings %q", p.Warnings)
	}
	s.droplet(8).Status = fleet.StatusActive
	s.droplet(7).Size = s.droplet(8).Size // the tag decides, not the fit
	s.droplet(8).Size = "s-2vcpu-2gb"
	p := s.expect(t, "adopt web-1 8", "destroy web-1 7 held by origin")
	if !strings.HasPrefix(p.Actions[1].Reason, "replaced") {
		t.Errorf("reason %q", p.Actions[1].Reason)
	}
}
