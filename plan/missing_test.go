package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// miss takes droplets out of the account as the first look that lacks them does, which began a second ago.
func (s *scene) miss(ids ...int64) {
	for _, id := range ids {
		s.vanish(id, false)
		s.recorded.Known = append(s.recorded.Known, fleet.Known{DropletID: id, CreatedAt: noon.Add(-24 * time.Hour)})
		s.observed.Absences = append(s.observed.Absences, fleet.Absence{DropletID: id}.Again(noon.Add(-time.Second), true, "p"))
	}
}

// A missing droplet is shown: since when, and when it is made again. The next pass is due when a look counts again.
func TestLaw06WhatIsMissingIsShown(t *testing.T) {
	s := converged("db", "web-1", "web-2", "web-3", "web-4")
	s.desired.Policy.MaxLost = fleet.Limit{Value: 4}
	s.miss(102, 103, 104)
	s.unwant("db")
	s.miss(101)
	p := s.expect(t)
	if p.Settled() || p.Summary.Missing != 4 || !p.NextLook.Equal(p.Lapses) || !p.Lapses.Equal(noon.Add(59*time.Second)) {
		t.Errorf("settled %v, next look %v, lapses %v: %+v", p.Settled(), p.NextLook, p.Lapses, p.Summary)
	}
	for i, want := range []string{
		"missing from the account since 11:59:59; forgotten if still missing at 12:00:59",
		"missing from the account since 11:59:59; created again if still missing at 12:00:59",
	} {
		if says := p.Missing[i].Says(); says != want {
			t.Errorf("%s: %q, want %q", p.Missing[i].Name, says, want)
		}
	}
	if json := string(inJSON(t, p)); !strings.Contains(json, `"droplet_id": 102,`) || !strings.Contains(json, `"proved_at": "2026-11-23T12:00:59Z"`) {
		t.Errorf("json:\n%s", json)
	}
}

// More lost droplets than policy.max_lost allows are made again only when a person says so; those that may be gone in a minute count.
func TestLaw09LostDropletsAreHeld(t *testing.T) {
	for name, tt := range map[string]struct {
		limit         fleet.Limit
		gone, missing int
		held          bool
	}{
		"a quarter":                     {fleet.DefaultMaxLost, 2, 0, false},
		"more":                          {fleet.DefaultMaxLost, 3, 0, true},
		"more, counting missing ones":   {fleet.DefaultMaxLost, 1, 2, true},
		"a number":                      {fleet.Limit{Value: 3}, 3, 0, false},
		"beyond a number":               {fleet.Limit{Value: 3}, 4, 0, true},
		"at least one, without a limit": {fleet.Limit{}, 1, 0, false},
	} {
		s := converged("a", "b", "c", "d", "e", "f", "g", "h")
		s.desired.Policy.MaxLost = tt.limit
		for n := range tt.gone {
			s.vanish(101+int64(n), true)
		}
		for n := range tt.missing {
			s.miss(108 - int64(n))
		}
		s.desired.Specs = append(s.desired.Specs, specOf("new"))
		p := s.build(t)
		for _, a := range p.Actions {
			if lost := a.Name != "new"; a.Kind != Provision || a.Held != (lost && tt.held) || a.Held && (a.HeldBy != "lost" || !a.Approvable) || lost == (len(a.Lost) == 0) {
				t.Errorf("%s: %+v", name, a)
			}
		}
		if len(p.Actions) != tt.gone+1 {
			t.Errorf("%s: %d actions", name, len(p.Actions))
		}
	}
}

// An approval covers the lost droplets that the person saw, and no others that are lost later.
func TestLaw09AnApprovalCoversTheLostItSaw(t *testing.T) {
	s := converged("a", "b", "c", "d")
	s.vanish(101, true)
	s.miss(102)
	p := s.expect(t, "provision a held by lost")
	s.recorded.Grants = p.Grants(noon)
	s.expect(t, "provision a")
	s.observed.Missing, s.observed.Gone = nil, append(s.observed.Gone, 102)
	s.expect(t, "provision a", "provision b held by lost")
	s.vanish(103, true)
	s.expect(t, "provision a held by lost", "provision b held by lost", "provision c held by lost")
}

// A record of a droplet that is gone is needed until another is registered under its name.
func TestLaw06WhatIsGoneIsForgottenInTheEnd(t *testing.T) {
	s := converged("web-1", "web-2")
	s.vanish(101, true)
	if p := s.expect(t, "provision web-1"); len(p.Forget) != 0 || !slices.Equal(p.Actions[0].Lost, []int64{101}) {
		t.Errorf("forgets %v, in the place of %v", p.Forget, p.Actions[0].Lost)
	}
	s.register(201, "web-1")
	if p := s.expect(t); !slices.Equal(p.Forget, []int64{101}) {
		t.Errorf("forgets %v", p.Forget)
	}
	// A renamed group takes the place of what is gone.
	s = converged("web")
	s.vanish(101, true)
	s.desired.Specs[0].Name, s.desired.Specs[0].Was = "api", "web"
	if p := s.expect(t, "provision api"); len(p.Forget) != 0 || !slices.Equal(p.Actions[0].Lost, []int64{101}) {
		t.Errorf("forgets %v, in the place of %v", p.Forget, p.Actions[0].Lost)
	}
}

// A database that knows of nothing may have been lost: the fleet's tag tells.
func TestLaw07TheTagTellsOfALostDatabase(t *testing.T) {
	lost := func() *scene {
		s := newScene("web-1", "web-2")
		s.observed.Traces = &fleet.Traces{}
		return s
	}
	s := lost()
	s.expect(t, "provision web-1", "provision web-2")
	s.observed.Traces = &fleet.Traces{Exists: true, Droplets: 1}
	s.seeTagged(101, "web-1")
	s.expect(t, "adopt web-1 101", "provision web-2")
	s.observed.Traces.Droplets = 2
	if p := s.expect(t, "adopt web-1 101", "provision web-2 held by lost"); !p.Actions[1].Approvable {
		t.Errorf("%+v", p.Actions[1])
	}
	s = lost()
	s.observed.Traces = &fleet.Traces{Exists: true}
	s.observed.Absences = []fleet.Absence{fleet.Absence{}.Again(noon, false, "p")}
	if p := s.expect(t, "provision web-1 held by confirm", "provision web-2 held by confirm"); !p.Lapses.Equal(noon.Add(time.Minute)) ||
		!strings.Contains(p.Actions[0].HeldReason, "created if that is still so at 12:05:00") {
		t.Errorf("lapses %v: %s", p.Lapses, p.Actions[0].HeldReason)
	}
	s.observed.Absences[0].GoneAt = noon
	s.expect(t, "provision web-1", "provision web-2")
}

// Where so much is missing that a person will be asked, the plan says so at once.
func TestLaw06WhatIsMissingSaysThatAPersonIsAsked(t *testing.T) {
	s := converged("a", "b", "c", "d", "e", "f", "g", "h")
	s.miss(101, 102, 103)
	want := "missing from the account since 11:59:59; if still missing at 12:00:59, it waits for your approval: more than policy.max_lost are missing"
	if says := s.expect(t).Missing[0].Says(); says != want {
		t.Errorf("%q, want %q", says, want)
	}
}
