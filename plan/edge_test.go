package plan

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// The finer points of the laws, each with the world in which it matters.

func TestLaw05ReplacementThatIsOffProvesNothing(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1")
	s.seeTagged(8, "web-1", fleet.ReplacesTag(7)).Status = fleet.StatusOff
	s.expect(t, "adopt web-1 7", "destroy web-1 8 held by origin")
}

func TestLaw05ReplacementThatNeverCameIsNotAwaitedForEver(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1")
	d := s.seeTagged(8, "web-1", fleet.ReplacesTag(7))
	d.Status, d.CreatedAt = fleet.StatusNew, s.now.Add(-time.Hour)
	s.expect(t)
	d.CreatedAt = s.now.Add(-3 * time.Hour)
	s.expect(t, "adopt web-1 7", "destroy web-1 8 held by origin")
}

func TestLaw05ReasonsTellDuplicateFromLate(t *testing.T) {
	s := newScene("web-1")
	s.seeTagged(7, "web-1")
	s.see(8, "web-1", s.droplet(7).Tags...)
	s.left("web-1", "compensated", 24*time.Hour, 7, 8)
	if p := s.expect(t, "adopt web-1 7", "destroy web-1 8 held by turn"); !strings.HasPrefix(p.Actions[1].Reason, "duplicate") {
		t.Errorf("two droplets of one saga: %q", p.Actions[1].Reason)
	}
	s = newScene()
	s.seeTagged(7, "web-1")
	s.left("web-1", "completed", 24*time.Hour, 7)
	if p := s.expect(t, "destroy web-1 7"); !strings.HasPrefix(p.Actions[0].Reason, "untracked") {
		t.Errorf("a completed saga's: %q", p.Actions[0].Reason)
	}
}

// Of two registered droplets under one name neither is destroyed unasked.
func TestLaw05RegisteredTwice(t *testing.T) {
	s := converged("web-1")
	s.register(102, "web-1")
	s.expect(t, "destroy web-1 102 held by origin")
	s.droplet(101).Size = "s-8vcpu-16gb"
	s.expect(t, "destroy web-1 101 held by origin")
	s.droplet(102).Size = "s-8vcpu-16gb"
	s.expect(t, "destroy web-1 102 held by origin") // neither fits: the lowest id
}

func TestAdoptRecordsProtectionAndMaker(t *testing.T) {
	yes := true
	for what, prepare := range map[string]func(*scene){
		"by the tag":  func(s *scene) { s.seeTagged(7, "web-1", fleet.ProtectTag) },
		"by the file": func(s *scene) { s.seeTagged(7, "web-1"); s.spec("web-1").Protect = &yes },
	} {
		s := newScene("web-1")
		prepare(s)
		s.ended(7, fleet.SagaProvision, "web-1", "completed", "", time.Hour)
		if r := s.expect(t, "adopt web-1 7").Actions[0].Record; !r.Protect || r.SagaID != sagaID(7) || r.Name != "web-1" || r.DropletID != 7 {
			t.Errorf("%s: %+v", what, r)
		}
	}
}

func TestLaw01BlindIsSaidOnce(t *testing.T) {
	s := converged("web-1", "web-2")
	for i := range s.observed.Droplets {
		s.observed.Droplets[i].Tags = nil
	}
	if p := s.expect(t); len(p.Released) != 0 || len(p.Warnings) != 1 {
		t.Errorf("released %+v, warnings %q", p.Released, p.Warnings)
	}
}

func TestLaw02BusyDropletIsLeftAloneUnderAnyName(t *testing.T) {
	s := converged("web-1")
	s.seeTagged(7, "other") // renamed in the console while a saga destroys it
	s.seeTagged(8, "other").Status = fleet.StatusArchive
	live := s.ended(900, fleet.SagaDestroy, "web-9", "running", "", time.Minute)
	live.Live, live.DropletID = true, 7
	s.expect(t)

	s.vanish(7, true)
	live.DropletID = 101 // registered as web-1, and in the hands of another name's saga
	s.spec("web-1").Size = "s-2vcpu-2gb"
	s.expect(t)
}

func TestLaw16RetaggedOrCopiedProvesNothing(t *testing.T) {
	s := newScene()
	s.seeTagged(200, "stray", fleet.SagaTag("00000000")) // sorts before the known one
	s.ended(200, fleet.SagaProvision, "stray", "completed", "", time.Hour)
	s.expect(t, "destroy stray 200 held by origin")

	s = newScene()
	s.seeTagged(200, "stray")
	s.ended(200, fleet.SagaAdopt, "stray", "completed", "", time.Hour) // adopting is not making
	s.expect(t, "destroy stray 200 held by origin")
}

func TestLaw09GoneDropletsDoNotCount(t *testing.T) {
	s := converged("a", "b", "c", "d", "e", "f", "g", "h")
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy
	s.unwant("a")
	s.unwant("b")
	s.unwant("c")
	s.vanish(103, true)
	s.expect(t, "destroy a 101 held by max_destroy", "destroy b 102 held by max_destroy") // 1 of 7
	s.recorded.Records = append(s.recorded.Records, fleet.Record{DropletID: 900, Name: "zz"})
	s.observed.Missing = []int64{900}
	s.expect(t, "destroy a 101", "destroy b 102") // 2 of 8: missing is not gone
}

// A duplicate that is being destroyed is no droplet of the fleet, and does not use up max_destroy.
func TestLaw09LiveDuplicateDoesNotCount(t *testing.T) {
	s := converged("a", "b", "c", "d")
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy // 1 of 4
	s.unwant("a")
	live := s.ended(900, fleet.SagaDestroy, "b", "running", "", time.Minute)
	live.Live = true
	s.expect(t, "destroy a 101")
	live.DropletID = 102
	s.expect(t, "destroy a 101 held by max_destroy")
	live.Kind, live.DropletID, live.Replaces = fleet.SagaReplace, 900, 102
	s.expect(t, "destroy a 101 held by max_destroy")
	live.Replaces = 0 // not known yet which
	s.expect(t, "destroy a 101 held by max_destroy")
}

// The tag protects whatever bears it, a leftover of our own too; a leftover under a protected name is not protected by that.
func TestLaw09ProtectTagOnWhatWasNeverRegistered(t *testing.T) {
	yes := true
	s := converged("db")
	s.spec("db").Protect, s.recorded.Records[0].Protect = &yes, true
	s.droplet(101).Tags = append(s.droplet(101).Tags, fleet.ProtectTag)
	s.seeTagged(7, "db")
	s.left("db", "compensated", 24*time.Hour, 7)
	s.expect(t, "destroy db 7")
	s.droplet(7).Tags = append(s.droplet(7).Tags, fleet.ProtectTag)
	s.expect(t, "destroy db 7 held by protect")
	s.unwant("db")
	s.expect(t, "destroy db 7 held by protect", "destroy db 101 held by protect")

	no := false
	s = converged("db")
	s.spec("db").Protect = &no // it lifts the protection of what is registered there
	s.seeTagged(7, "db", fleet.ProtectTag)
	if a := s.build(t).Actions; len(a) != 1 || a[0].DropletID != 7 || a[0].HeldBy != "protect" {
		t.Errorf("%+v", a)
	}
}

func TestLicenseCoversTheVolumesThatWereApproved(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).VolumeIDs = []string{"v1", "v2"}
	s.unwant("db")
	s.recorded.Approved = []string{s.build(t).ID}
	l := licenses(t, s)[0]
	d := *s.droplet(101)
	if err := l.Covers(d); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(*fleet.Droplet){
		"a volume more than was approved":    func(d *fleet.Droplet) { d.VolumeIDs = []string{"v1", "v2", "v3"} },
		"another volume than was approved":   func(d *fleet.Droplet) { d.VolumeIDs = []string{"v1", "v3"} },
		"volumes that can no longer be read": func(d *fleet.Droplet) { d.VolumeIDs, d.Unread = nil, fleet.UnreadVolumes },
	} {
		d := d
		change(&d)
		if l.Covers(d) == nil {
			t.Error(what)
		}
	}
}

func TestLaw09MaxDropletsCountsEachOnce(t *testing.T) {
	s := converged("a")
	s.desired.Policy.MaxDroplets = 3
	s.desired.Specs = append(s.desired.Specs, specOf("b"), specOf("c"))
	s.seeTagged(7, "stray")
	s.expect(t, "provision b", "provision c held by max_droplets", "destroy stray 7 held by origin")
	live := s.ended(900, fleet.SagaProvision, "x", "running", "", time.Minute)
	live.Live, live.DropletID = true, 101 // registered already: one droplet, not two
	s.expect(t, "provision b", "provision c held by max_droplets", "destroy stray 7 held by origin")
	live.DropletID = 900
	s.expect(t, "provision b held by max_droplets", "provision c held by max_droplets", "destroy stray 7 held by origin")
}

func TestLoopLooksAtTheLastChange(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Size = "s-2vcpu-2gb"
	s.ended(300, fleet.SagaReplace, "web-1", "completed", s.spec("web-1").Hash(), 50*time.Minute)
	s.ended(301, fleet.SagaProvision, "web-1", "compensated", "x", 40*time.Minute) // a failure changed nothing
	s.ended(302, fleet.SagaUpdate, "web-1", "completed", "", 30*time.Minute)       // nor did protecting it
	p := s.expect(t, "replace web-1 101 held by loop")
	s.recorded.Approved = []string{p.ID}
	s.expect(t, "replace web-1 101")
}

func TestLaw14EveryKindBacksOff(t *testing.T) {
	yes := true
	destroy, adopt, update := converged("web-1", "web-2"), newScene("web-2"), converged("web-1", "web-2")
	destroy.unwant("web-2")
	adopt.seeTagged(102, "web-2")
	update.spec("web-2").Protect = &yes
	for kind, s := range map[string]*scene{fleet.SagaDestroy: destroy, fleet.SagaAdopt: adopt, fleet.SagaUpdate: update} {
		if a := s.build(t).Actions; len(a) != 1 || a[0].Held {
			t.Fatalf("%s: %+v", kind, a)
		}
		failed := s.ended(900, kind, "web-2", "compensated", s.build(t).Actions[0].Spec.Hash(), 0)
		failed.DropletID = 555 // another droplet
		if a := s.build(t).Actions; a[0].Held {
			t.Errorf("%s: held for what befell another droplet", kind)
		}
		s.recorded.Sagas[len(s.recorded.Sagas)-1].DropletID = 102
		if a := s.build(t).Actions; a[0].HeldBy != "backoff" {
			t.Errorf("%s: %+v", kind, a[0])
		}
	}
}

func TestLaw14ASuccessEndsTheRow(t *testing.T) {
	s := newScene("web-1", "web-2")
	hash := s.spec("web-1").Hash()
	s.ended(1, fleet.SagaProvision, "web-1", "compensated", hash, 3*time.Minute)
	s.ended(2, fleet.SagaProvision, "web-1", "completed", hash, 2*time.Minute)
	s.ended(3, fleet.SagaProvision, "web-1", "compensated", hash, 90*time.Second)
	s.expect(t, "provision web-1", "provision web-2") // one failure, a minute, is over
	s.recorded.Sagas[1].Status = "superseded"
	p := s.expect(t, "provision web-1 held by backoff", "provision web-2") // two failures, two minutes
	first := p.Lapses
	s.ended(4, fleet.SagaProvision, "web-2", "compensated", s.spec("web-2").Hash(), 0)
	if p := s.expect(t, "provision web-1 held by backoff", "provision web-2 held by backoff"); !p.Lapses.Equal(first) {
		t.Errorf("lapses %v, and the first is %v", p.Lapses, first)
	}
}

func TestProtectionHasTwoHalves(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		file          *bool
		record, tag   bool
		updates, drif bool
	}{
		{&yes, true, true, false, false}, {&yes, true, false, true, false}, {&yes, false, true, true, false},
		{&no, false, false, false, false}, {&no, true, false, true, false}, {&no, false, true, true, false},
		{nil, true, true, false, false}, {nil, true, false, false, true}, {nil, false, true, false, true},
	} {
		s := converged("db")
		s.spec("db").Protect, s.recorded.Records[0].Protect = tc.file, tc.record
		if tc.tag {
			s.droplet(101).Tags = append(s.droplet(101).Tags, fleet.ProtectTag)
		}
		p := s.build(t)
		if len(p.Actions) == 1 != tc.updates || len(p.Drift) == 1 != tc.drif {
			t.Errorf("%+v: %s", tc, inText(p))
		}
	}
}

// What a partial listing leaves out is not room that the account has.
func TestPartialListingGivesNoDropletCount(t *testing.T) {
	s := newScene("a", "b")
	s.observed.Account.DropletLimit = 1
	s.observed.Partial = true
	if p := s.build(t); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "kept changing") || p.Summary.Held != 0 {
		t.Errorf("warnings %q, %d held", p.Warnings, p.Summary.Held)
	}
}
