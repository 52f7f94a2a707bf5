package plan

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func TestNothingToDo(t *testing.T) {
	p := converged("db", "web-1", "web-2").expect(t)
	if !p.Empty() || !p.Settled() || p.Summary.Unchanged != 3 || len(p.Records)+len(p.Drift)+len(p.Pending)+len(p.Warnings) != 0 {
		t.Errorf("a converged fleet gives %+v", p)
	}
}

func TestProvisionWhatIsNotThere(t *testing.T) {
	s := newScene("web-2", "web-10", "web-1")
	p := s.expect(t, "provision web-1", "provision web-2", "provision web-10")
	if p.Actions[0].Spec.Name != "web-1" || p.Settled() {
		t.Errorf("got %+v", p.Actions[0])
	}
}

func TestDestroyWhatIsNotDesired(t *testing.T) {
	s := converged("web-1", "web-2")
	s.unwant("web-2")
	p := s.expect(t, "destroy web-2 102")
	if p.Summary.Unchanged != 1 || p.Summary.Destroy != 1 {
		t.Errorf("summary %+v", p.Summary)
	}
}

// A droplet is ours by its tags: the managed one, and the fleet's or a saga's of this journal, and no other fleet's.
func TestLaw01Ours(t *testing.T) {
	fleetTag, foreignTag, sagaTag := fleet.FleetTag("demo"), fleet.FleetTag("other"), fleet.SagaTag(sagaID(7))
	for _, tc := range []struct {
		name  string
		tags  []string
		known bool // the saga is in the journal
		ours  bool
	}{
		{"no tags", nil, true, false},
		{"managed alone", []string{fleet.ManagedTag}, true, false},
		{"fleet's tag alone", []string{fleetTag}, true, false},
		{"managed and fleet's", []string{fleet.ManagedTag, fleetTag}, false, true},
		{"tags in capitals", []string{strings.ToUpper(fleet.ManagedTag), strings.ToUpper(fleetTag)}, false, true},
		{"managed and known saga's", []string{fleet.ManagedTag, sagaTag}, true, true},
		{"managed and unknown saga's", []string{fleet.ManagedTag, sagaTag}, false, false},
		{"known saga's without managed", []string{fleetTag, sagaTag}, true, false},
		{"another fleet's", []string{fleet.ManagedTag, foreignTag}, false, false},
		{"another fleet's beside ours", []string{fleet.ManagedTag, fleetTag, foreignTag, sagaTag}, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			desired, undesired := newScene("web-1"), newScene()
			for _, s := range []*scene{desired, undesired} {
				s.see(7, "web-1", tc.tags...)
				if tc.known {
					s.left("web-1", "completed", time.Hour, 7)
				}
			}
			switch {
			case !tc.ours:
				provision := "provision web-1"
				if s := desired.droplet(7); s.OfFleet("demo") && !s.Managed() {
					provision += " held by tags" // it lost a tag, and would get a duplicate
				}
				if p := desired.expect(t, provision); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "web-1 exists already (droplet 7)") {
					t.Errorf("warnings %q", p.Warnings)
				}
				undesired.expect(t)
			case tc.known:
				desired.expect(t, "adopt web-1 7")
				undesired.expect(t, "destroy web-1 7")
			default:
				desired.expect(t, "adopt web-1 7")
				undesired.expect(t, "destroy web-1 7 held by origin")
			}
		})
	}
}

func TestLaw01ReleasedKeepsItsNameOccupied(t *testing.T) {
	for name, tags := range map[string][]string{
		"untagged":      {"web"},
		"other fleet's": {fleet.ManagedTag, fleet.FleetTag("demo"), fleet.FleetTag("other")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, desired := range []bool{true, false} {
				s := converged("web-1", "web-2")
				s.droplet(102).Tags = tags
				if !desired {
					s.unwant("web-2")
				}
				p := s.expect(t)
				if len(p.Released) != 1 || p.Released[0].DropletID != 102 || !p.Settled() {
					t.Errorf("wanted %v: released %+v", desired, p.Released)
				}
			}
		})
	}
}

func TestLaw01BlindTokenWritesNothing(t *testing.T) {
	s := converged("web-1", "web-2")
	s.desired.Specs = append(s.desired.Specs, specOf("web-3"))
	for i := range s.observed.Droplets {
		s.observed.Droplets[i].Tags = nil
	}
	p := s.expect(t, "provision web-3 held by tags")
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "tag:read") {
		t.Errorf("warnings %q", p.Warnings)
	}
}

func TestLaw02LiveNameIsLeftAlone(t *testing.T) {
	for _, status := range []string{"pending", "running", "compensating", "stuck"} {
		s := converged("web-1", "web-2")
		s.spec("web-1").Size = "s-2vcpu-2gb"
		s.seeTagged(500, "web-1") // the saga's new droplet
		saga := s.ended(500, fleet.SagaReplace, "WEB-1", status, "", time.Minute)
		saga.Live, saga.EndedAt, saga.Replaces = true, time.Time{}, 101
		p := s.expect(t)
		stuck := status == "stuck"
		if p.Settled() || len(p.InFlight) != 1 || p.InFlight[0].Stuck != stuck || p.Summary.InFlight != 1 {
			t.Errorf("%s: in flight %+v", status, p.InFlight)
		}
	}
}

func TestLaw02RegisteredIsMatchedByID(t *testing.T) {
	s := converged("web-1", "web-2")
	s.droplet(102).Name = "somebody-renamed-me"
	p := s.expect(t)
	if len(p.Drift) != 1 || p.Drift[0].Name != "web-2" || p.Drift[0].Changes[0] != changeOf("name", "web-2", "somebody-renamed-me", CauseOutside) {
		t.Errorf("drift %+v", p.Drift)
	}
	s.droplet(102).Name = "WEB-2"
	if p := s.expect(t); len(p.Drift) != 0 {
		t.Errorf("letter case is no drift: %+v", p.Drift)
	}
}

// While a saga is at work, its droplets come and go and get their tags late: that is no news.
func TestLaw02LiveNameIsNotWarnedAbout(t *testing.T) {
	s := converged("web-1", "web-2")
	s.unwant("web-1")
	s.vanish(101, false)
	s.desired.Specs = append(s.desired.Specs, specOf("web-3"))
	s.see(500, "web-3")
	for id, kind := range map[int64]string{101: fleet.SagaDestroy, 500: fleet.SagaProvision} {
		saga := s.ended(id+1000, kind, map[int64]string{101: "web-1", 500: "web-3"}[id], "running", "", time.Minute)
		saga.Live, saga.DropletID = true, id
	}
	if p := s.expect(t); len(p.Warnings) != 0 || len(p.InFlight) != 2 {
		t.Errorf("warnings %q", p.Warnings)
	}
}

// The droplet that a live saga made is the saga's, even if it was renamed meanwhile.
func TestLaw02DropletOfLiveSagaIsLeftAlone(t *testing.T) {
	s := newScene("web-1", "web-2")
	s.seeTagged(7, "web-2")
	saga := s.ended(7, fleet.SagaProvision, "web-1", "running", "", time.Minute)
	saga.Live, saga.DropletID = true, 0
	s.expect(t, "provision web-2")
}

// A droplet that was renamed is not gone, and its old name is free.
func TestReasonOfANameWhoseDropletHasAnother(t *testing.T) {
	s := converged("api", "web")
	s.recorded.Records[1].Name = "db"
	s.droplet(102).Name = "db"
	s.ended(102, fleet.SagaProvision, "web", "completed", "", time.Hour)
	i := slices.IndexFunc(s.build(t).Actions, func(a Action) bool { return a.Kind == Provision })
	if p := s.build(t); i < 0 || p.Actions[i].Reason != "droplet 102 has another name now" {
		t.Errorf("%+v", p.Actions)
	}
}

func TestLaw06GoneIsProved(t *testing.T) {
	s := converged("web-1", "web-2")
	s.vanish(102, false)
	if p := s.expect(t); len(p.Missing) != 1 || p.Missing[0].Name != "web-2" || p.Settled() {
		t.Errorf("missing %+v, settled %v", p.Missing, p.Settled())
	}
	s.observed.Missing = nil // not even named as missing: the same
	s.expect(t)
	s.observed.Gone = []int64{102}
	if p := s.expect(t, "provision web-2"); p.Actions[0].Reason != "droplet 102 is gone" {
		t.Errorf("reason %q", p.Actions[0].Reason)
	}
	s.unwant("web-2")
	if p := s.expect(t); !slices.Equal(p.Forget, []int64{102}) {
		t.Errorf("forgets %v", p.Forget)
	}

	s = converged("web-1")
	s.droplet(101).Status = fleet.StatusArchive
	s.expect(t)
	s.unwant("web-1")
	s.expect(t)
}

func TestLaw09MaxDestroy(t *testing.T) {
	s := converged("a", "b", "c", "d", "e", "f", "g", "h")
	s.desired.Specs = append(s.desired.Specs, specOf("new"))
	s.spec("new").UserData = "#!/bin/sh"                  // so that it is none of the others under another name
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy // 2 of 8
	s.unwant("a")
	s.spec("b").Size = "s-2vcpu-2gb"
	allowed := s.expect(t, "destroy a 101", "replace b 102", "provision new")

	saga := s.ended(108, fleet.SagaDestroy, "h", "running", "", time.Minute)
	saga.Live = true
	s.expect(t, "destroy a 101 held by max_destroy", "replace b 102 held by max_destroy", "provision new")
	s.recorded.Sagas = s.recorded.Sagas[:8]

	s.unwant("c")
	held := s.expect(t, "destroy a 101 held by max_destroy", "replace b 102 held by max_destroy", "destroy c 103 held by max_destroy", "provision new")
	if held.ID == allowed.ID || held.Summary.Held != 3 || held.Settled() {
		t.Errorf("held %+v", held.Summary)
	}
	if !held.Actions[0].Approvable || !held.Approvable() || allowed.Approvable() {
		t.Errorf("a person may let this through: %+v", held.Actions[0])
	}

	s.recorded.Approved = []string{held.ID}
	if p := s.expect(t, "destroy a 101", "replace b 102", "destroy c 103", "provision new"); p.ID != held.ID || !p.Approved {
		t.Errorf("id %s became %s by approving it", held.ID, p.ID)
	}
	s.unwant("d") // another plan than the one that was approved
	s.expect(t, "destroy a 101 held by max_destroy", "replace b 102 held by max_destroy", "destroy c 103 held by max_destroy",
		"destroy d 104 held by max_destroy", "provision new")
}

// What is held for another reason does not use up the allowance.
func TestLaw09HeldDoesNotCount(t *testing.T) {
	s := converged("a", "b", "c", "d")
	s.desired.Policy.MaxDestroy = fleet.DefaultMaxDestroy // 1 of 4
	s.recorded.Records[0].Protect = true
	s.droplet(101).Tags = append(s.droplet(101).Tags, fleet.ProtectTag)
	s.unwant("a")
	s.unwant("b")
	s.expect(t, "destroy a 101 held by protect", "destroy b 102")
}

func TestLaw09Protect(t *testing.T) {
	yes, no := true, false
	protected := func() *scene {
		s := converged("db")
		s.recorded.Records[0].Protect = true
		s.droplet(101).Tags = append(s.droplet(101).Tags, fleet.ProtectTag)
		return s
	}
	t.Run("outlives its stanza, and approval", func(t *testing.T) {
		s := protected()
		s.unwant("db")
		p := s.expect(t, "destroy db 101 held by protect")
		s.recorded.Approved = []string{p.ID}
		s.expect(t, "destroy db 101 held by protect")
	})
	t.Run("tag or record alone", func(t *testing.T) {
		s := protected()
		s.recorded.Records[0].Protect = false
		s.unwant("db")
		s.expect(t, "destroy db 101 held by protect")
		s = protected()
		s.droplet(101).Tags = s.droplet(101).Tags[:3]
		s.unwant("db")
		s.expect(t, "destroy db 101 held by protect")
	})
	t.Run("silence is not lifting", func(t *testing.T) {
		s := protected()
		s.spec("db").Size = "s-2vcpu-2gb"
		s.expect(t, "replace db 101 held by protect")
	})
	t.Run("lifted explicitly, then replaced", func(t *testing.T) {
		s := protected()
		s.spec("db").Size = "s-2vcpu-2gb"
		s.spec("db").Protect = &no
		p := s.expect(t, "update db 101", "replace db 101 held by turn")
		if c := p.Actions[0].Changes; !slices.Equal(c, []FieldChange{changeOf("protect", "true", "false", CauseFile)}) || p.Actions[0].Record.Protect {
			t.Errorf("update %+v", p.Actions[0])
		}
	})
	t.Run("asked for", func(t *testing.T) {
		s := converged("db")
		s.spec("db").Protect = &yes
		s.spec("db").Size = "s-2vcpu-2gb"
		p := s.expect(t, "update db 101", "replace db 101 held by protect")
		if !p.Actions[0].Record.Protect || p.Actions[0].Record.DropletID != 101 {
			t.Errorf("update %+v", p.Actions[0])
		}
	})
	t.Run("settled once done", func(t *testing.T) {
		s := protected()
		s.spec("db").Protect = &yes
		s.expect(t)
	})
}

func TestLaw09Volumes(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).VolumeIDs = []string{"v1"}
	s.unwant("db")
	p := s.expect(t, "destroy db 101 held by volumes")
	s.recorded.Approved = []string{p.ID}
	s.expect(t, "destroy db 101")
}

// Volumes that cannot be read may be there.
func TestLaw09VolumesUnreadable(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).Unread = fleet.UnreadVolumes
	s.unwant("db")
	p := s.expect(t, "destroy db 101 held by volumes")
	if why := p.Actions[0].HeldReason; !strings.Contains(why, "block_storage:read") {
		t.Errorf("it does not say what to do: %s", why)
	}
	s.recorded.Approved = []string{p.ID}
	s.expect(t, "destroy db 101")
	l := licenses(t, s)[0]
	d := *s.droplet(101)
	if err := l.Covers(d); err != nil {
		t.Error(err)
	}
	d.Unread, d.VolumeIDs = 0, []string{"v"}
	if l.Covers(d) == nil {
		t.Error("a volume showed that nobody had seen")
	}
}

// No action of the API takes monitoring or IPv6 off a droplet: one that shows them no more is misread, and that is shown and no more.
func TestLaw09WhatCannotBeSwitchedOffIsNotPutBack(t *testing.T) {
	for _, drift := range []fleet.DriftPolicy{fleet.DriftCorrect, fleet.DriftReplace} {
		s := converged("db", "web-1")
		s.desired.Policy.Drift = drift
		s.spec("db").Monitoring, s.spec("db").IPv6 = true, true
		s.recorded.Records[0].Values = fleet.ValuesOf(*s.spec("db"))
		if p := s.expect(t); len(p.Drift) != 1 || len(p.Drift[0].Changes) != 2 {
			t.Errorf("%s: %+v", drift, p.Drift)
		}
		s.droplet(101).Unread = fleet.UnreadFeatures
		if p := s.expect(t); len(p.Drift) != 0 || p.Summary.Unchanged != 2 {
			t.Errorf("%s: %+v", drift, p)
		}
	}
}

// A droplet whose tags cannot be read is neither released nor anybody's: nothing is done about it, and none is made beside it.
func TestLaw01TagsUnreadable(t *testing.T) {
	s := converged("db", "web-1")
	s.droplet(101).Tags, s.droplet(101).Unread = nil, fleet.UnreadTags
	for _, desired := range []bool{true, false} {
		if !desired {
			s.unwant("db")
		}
		if p := s.expect(t); len(p.Released) != 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "tag:read") {
			t.Errorf("wanted %v: released %v, warnings %v", desired, p.Released, p.Warnings)
		}
	}
	s = converged("web-1")
	s.desired.Specs = append(s.desired.Specs, specOf("db"))
	s.see(7, "db").Unread = fleet.UnreadTags
	s.expect(t, "provision db held by tags")
}

func TestLaw09MaxDroplets(t *testing.T) {
	s := converged("a", "b")
	s.desired.Policy.MaxDroplets = 4
	for _, n := range []string{"c", "d", "e"} {
		s.desired.Specs = append(s.desired.Specs, specOf(n))
	}
	s.expect(t, "provision c", "provision d", "provision e held by max_droplets")
	saga := s.ended(7, fleet.SagaProvision, "c", "running", "", time.Minute)
	saga.Live, saga.DropletID = true, 0
	s.expect(t, "provision d", "provision e held by max_droplets")
}

func TestLaw10Pins(t *testing.T) {
	for pin, spoil := range map[string]func(*scene){
		PinAccount:   func(s *scene) { s.recorded.Account = "team-2" },
		PinSimulated: func(s *scene) { s.recorded.Account, s.recorded.Simulated = "team-1", true },
		PinFleet:     func(s *scene) { s.recorded.Fleet = "other" },
		PinFile:      func(s *scene) { s.desired.Account = "team-2" },
	} {
		s := converged("web-1")
		s.recorded.Account, s.recorded.Fleet, s.desired.Account = "team-1", "demo", "team-1"
		s.expect(t)
		spoil(s)
		_, err := Build(s.desired, s.recorded, s.observed, s.now)
		var mismatch *PinError
		if !errors.As(err, &mismatch) || mismatch.Pin != pin {
			t.Errorf("%s: got %v", pin, err)
		}
	}
}

func TestBuildRefusesHalfInputs(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*scene)
		want  error
	}{
		"no fleet in force":   {func(s *scene) { s.desired = fleet.Fleet{} }, ErrNoFleet},
		"no account":          {func(s *scene) { s.observed.Account = fleet.Account{} }, ErrNotWhole},
		"a droplet twice":     {func(s *scene) { s.see(101, "again") }, ErrNotWhole},
		"names that collide":  {func(s *scene) { s.desired.Specs = append(s.desired.Specs, specOf("WEB-1")) }, nil},
		"nothing is observed": {func(s *scene) { s.observed = fleet.Observed{} }, ErrNotWhole},
	} {
		s := converged("web-1")
		tc.spoil(s)
		if _, err := Build(s.desired, s.recorded, s.observed, s.now); err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// With an empty database the tags alone bring the fleet back: no create, no destroy that is not held.
func TestLaw16LostDatabase(t *testing.T) {
	s := converged("db", "web-1", "web-2", "web-3")
	s.seeTagged(200, "stray")
	s.see(201, "stray-2")
	s.recorded = fleet.Recorded{}
	p := s.expect(t, "adopt db 101", "destroy stray 200 held by origin", "adopt web-1 102", "adopt web-2 103", "adopt web-3 104")
	if p.Actions[1].HeldBy != "origin" || !strings.HasPrefix(p.Actions[1].Reason, "unknown origin") {
		t.Errorf("stray: %+v", p.Actions[1])
	}
	for _, a := range p.Actions {
		if a.Kind == Adopt {
			s.recorded.Records = append(s.recorded.Records, a.Record)
		}
	}
	s.expect(t, "destroy stray 200 held by origin")
}

func TestLaw05ALeftoverIsDestroyedUnasked(t *testing.T) {
	s := converged("web-1")
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	s.seeTagged(200, "stray")
	s.left("stray", "completed", 90*24*time.Hour, 200)
	s.expect(t, "destroy stray 200")
	s.droplet(200).Tags = append(s.droplet(200).Tags, fleet.SagaTag("ffffffff")) // retagged: no proof any more
	s.expect(t, "destroy stray 200 held by origin")
}

// A percentage allows at least one, but for 0%, which means none.
func TestLaw09MaxDestroyOfNone(t *testing.T) {
	for _, limit := range []fleet.Limit{{}, {Percent: true}} {
		s := converged("a", "b", "c")
		s.desired.Policy.MaxDestroy = limit
		s.unwant("a")
		s.expect(t, "destroy a 101 held by max_destroy")
	}
	s := converged("a", "b", "c")
	s.desired.Policy.MaxDestroy = fleet.Limit{Percent: true, Value: 1}
	s.unwant("a")
	s.expect(t, "destroy a 101")
}
