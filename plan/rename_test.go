package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// swapped is a fleet in which a group goes and another comes, in one version of the file.
func swapped(old, now []string) *scene {
	s := converged(append([]string{"keep"}, old...)...)
	for _, name := range old {
		s.unwant(name)
	}
	for _, name := range now {
		s.desired.Specs = append(s.desired.Specs, specOf(name))
	}
	return s
}

// Law 9: a group that goes while another of the same spec comes is rather renamed. Both halves are held, with the line to write.
func TestLaw09ARenameWithoutWasIsHeld(t *testing.T) {
	for _, tt := range []struct {
		old, now []string
		hint     string
	}{
		{[]string{"web-1", "web-2"}, []string{"api-1", "api-2"}, "the fleet file drops web-1 … web-2 and asks for api-1 … api-2 with the same spec: if it is a rename, write `was: web` under api;"},
		{[]string{"db"}, []string{"database"}, "if it is a rename, write `was: db` under database;"},
		{[]string{"web-1"}, []string{"web"}, "if it is a rename, write `was: web-1` under web;"},
		{[]string{"db"}, []string{"db-1"}, "if it is a rename, rename droplet 102 to db-1 in the console, and arcadiad follows;"},
	} {
		s := swapped(tt.old, tt.now)
		p := s.build(t)
		if p.Summary.Held != len(tt.old)+len(tt.now) || !strings.Contains(p.Actions[0].HeldReason, tt.hint) || p.Actions[0].HeldBy != "rename" ||
			!strings.Contains(p.Actions[0].HeldReason, "arcadiad approve "+p.ID) {
			t.Errorf("%v to %v: %s", tt.old, tt.now, inText(p))
		}
		checkSound(t, s, p)
		s.recorded.Grants = p.Grants(s.now)
		if p := s.build(t); p.Summary.Held != 0 {
			t.Errorf("approved: %s", inText(p))
		}
		s.register(200, "extra-1") // one more goes, which the person has not seen
		if p := s.build(t); tt.now[0] != "db-1" && p.Summary.Held == 0 {
			t.Errorf("one more: %s", inText(p))
		}
	}
}

func TestLaw09WhatIsNoRenameIsNotHeld(t *testing.T) {
	s := swapped([]string{"web-1"}, []string{"api-1"})
	s.spec("api-1").Image = "debian-12-x64" // another spec
	s.expect(t, "provision api-1", "destroy web-1 102")
	s = swapped([]string{"web-2"}, []string{"web-1", "api-1"}) // the group stays
	s.register(300, "web-1")
	s.expect(t, "provision api-1", "destroy web-2 102")
	s = swapped([]string{"web-1"}, []string{"api-1", "api-2"}) // the other one was there before
	s.register(300, "api-1")
	s.expect(t, "provision api-2", "destroy web-1 102")
	s = swapped(nil, []string{"api-1"}) // nothing goes
	s.spec("api-1").Was = "wib-1"
	s.expect(t, "provision api-1")
}

// Law 9: another format of a group's names is a rename of all whose names change. A smaller group is none.
func TestLaw09AnotherFormatWithoutWasIsHeld(t *testing.T) {
	plain, padded := fleet.Numbering{Prefix: "web-", Width: 1}, fleet.Numbering{Prefix: "web-", Width: 2}
	for _, tt := range []struct {
		old, now []string
		format   fleet.Numbering
		want     string
	}{
		{[]string{"web-1", "web-2"}, []string{"web-01", "web-02"}, padded, "write `was: web` under web;"},
		{[]string{"web-01", "web-02"}, []string{"web-1", "web-2"}, plain, "write `was: 'web-[[ printf \"%02d\" .Ordinal ]]'` under web;"},
		{[]string{"web-09", "web-10"}, []string{"web-9", "web-10"}, plain, "write `was: 'web-[[ printf \"%02d\" .Ordinal ]]'` under web;"},
		{[]string{"web-01", "web-02"}, []string{"web-01"}, padded, ""},
	} {
		s := converged(append([]string{"keep"}, tt.old...)...)
		for _, name := range tt.old {
			s.unwant(name)
		}
		for _, name := range tt.now {
			spec := specOf(name)
			spec.Group, spec.Single, spec.Numbering = "web", false, tt.format
			s.desired.Specs = append(s.desired.Specs, spec)
		}
		p := s.build(t)
		held := slices.ContainsFunc(p.Actions, func(a Action) bool { return a.HeldBy == "rename" && strings.Contains(a.HeldReason, tt.want) })
		if held != (tt.want != "") || held && p.Summary.Held != len(p.Actions) {
			t.Errorf("%v to %v: %s", tt.old, tt.now, inText(p))
		}
	}
}

// Law 17: a `was` that leads nowhere, in a version that drops a registered droplet, is probably misspelt.
func TestLaw17AWasThatLeadsNowhereIsHeld(t *testing.T) {
	s := swapped([]string{"web-1"}, []string{"api-1"})
	s.spec("api-1").Was, s.spec("api-1").Image = "wib-1", "debian-12-x64"
	p := s.expect(t, "provision api-1 held by rename", "destroy web-1 102 held by rename")
	if why := p.Actions[0].HeldReason; why != "the file says that api-1 was wib-1, but nothing is registered as wib-1, and the file drops web-1: correct `was`; "+
		"arcadiad approve "+p.ID+" destroys the old and creates the new" {
		t.Errorf("because %q", why)
	}
	s.spec("api-1").Was = "web-1"
	s.spec("api-1").Image = "ubuntu-24-04-x64"
	s.expect(t, "update api-1 102")
	s.spec("api-1").Was = "wib-1" // spent: its stanza has a droplet
	s.desired.Specs = append(s.desired.Specs, specOf("api-2"))
	s.spec("api-2").Was = "wib-2"
	s.register(300, "api-1")
	s.expect(t, "provision api-2", "destroy web-1 102")
}

// Law 17: `was` follows a chain of renames that were not carried out.
func TestLaw17WasFollowsAChain(t *testing.T) {
	s := converged("web-1", "keep")
	s.unwant("web-1")
	s.desired.Specs = append(s.desired.Specs, specOf("svc-1"))
	s.spec("svc-1").Was = "api-1"
	s.expect(t, "provision svc-1 held by rename", "destroy web-1 101 held by rename")
	s.recorded.Records[0].Heir = "api-1"
	p := s.expect(t, "update svc-1 101")
	if a := p.Actions[0]; a.Alter.Name != "svc-1" || a.Record.Name != "svc-1" {
		t.Errorf("%+v", a)
	}
	live := s.ended(900, fleet.SagaUpdate, "api-1", "running", "", time.Minute) // the first rename is still under way
	live.Live, live.DropletID = true, 101
	s.expect(t)
	s.recorded.Sagas = s.recorded.Sagas[:len(s.recorded.Sagas)-1]
	s.spec("svc-1").Was = "" // was is taken out before the rename was carried out
	s.recorded.Records[0].Heir = "svc-1"
	s.expect(t, "update svc-1 101")
	s.register(300, "svc-1")
	s.expect(t, "destroy web-1 101")
}

// Law 5: what is registered at the beginning of a chain of renames is not destroyed because another droplet bears the last name by then.
func TestLaw05AChainThatAnotherDropletEnds(t *testing.T) {
	s := converged("web-1", "keep")
	s.unwant("web-1")
	s.desired.Specs = append(s.desired.Specs, specOf("svc-1"))
	s.spec("svc-1").Was = "api-1"
	s.recorded.Records[0].Heir = "svc-1"
	s.seeTagged(300, "svc-1") // another arcadiad's
	p := s.expect(t, "adopt svc-1 300")
	if !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "web-1 is left alone; remove `was` from the file") }) {
		t.Errorf("nobody says so: %q", p.Warnings)
	}
	s.observed.Droplets = slices.DeleteFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == 300 })
	s.register(300, "svc-1")
	s.expect(t)
	s.spec("svc-1").Was = "" // as the warning says
	s.expect(t, "destroy web-1 101")
}

// Law 17: a destroy that waits ends when a later version gives the droplet another name, over whatever names in between.
func TestLaw17ADestroySeesAChainOfRenames(t *testing.T) {
	s := converged("web-1", "keep")
	s.unwant("web-1")
	license := s.expect(t, "destroy web-1 101").Actions[0].License
	s.desired.Specs = append(s.desired.Specs, specOf("svc-1"))
	s.spec("svc-1").Was = "api-1"
	record := s.recorded.Records[0]
	for heir, spared := range map[string]bool{"": false, "api-1": true, "svc-1": true} {
		record.Heir = heir
		if why := license.Spares(s.desired, &record, ""); (why != "") != spared {
			t.Errorf("named %q by an earlier version: spared because %q", heir, why)
		}
	}
}

// Law 9: the half that cannot go now holds the other half as well: it would go as soon as its saga has ended, or as it is shown again.
func TestLaw09AHalfOfARenameWaitsForTheOther(t *testing.T) {
	s := swapped([]string{"web"}, []string{"api"})
	live := s.ended(900, fleet.SagaUpdate, "web", "running", "", time.Minute)
	live.Live, live.DropletID = true, 102
	s.expect(t, "provision api held by rename")
	s = swapped([]string{"web"}, []string{"api"})
	s.vanish(102, false)
	s.expect(t, "provision api held by rename")
	s.observed.Gone = []int64{102}
	s.expect(t, "provision api")
	s = swapped([]string{"web"}, []string{"api"})
	live = s.ended(900, fleet.SagaDestroy, "web", "running", "", time.Minute) // it went in an earlier version
	live.Live, live.DropletID = true, 102
	s.expect(t, "provision api")
}

// Law 9: a name that had a droplet before it was renamed away is as new as any other, and tags do not make another droplet of it.
func TestLaw09ARenameBackWithoutWasIsHeld(t *testing.T) {
	s := swapped([]string{"database"}, []string{"db"})
	s.ended(900, fleet.SagaProvision, "db", "completed", "", time.Hour)
	s.spec("db").Tags = []string{"mine"}
	s.expect(t, "destroy database 102 held by rename", "provision db held by rename")
}

// Law 17: a `was` that leads nowhere holds what goes of a group that stays, too.
func TestLaw17AWasThatLeadsNowhereHoldsASmallerGroup(t *testing.T) {
	s := swapped([]string{"web-2"}, []string{"special"})
	s.desired.Specs = append(s.desired.Specs, specOf("web-1"))
	s.register(300, "web-1")
	s.spec("special").Was = "wbe-2"
	s.expect(t, "provision special held by rename", "destroy web-2 102 held by rename")
}
