package plan

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// Law 9: beside a droplet of that name which no arcadiad manages, none is made unasked, for a name that never had one.
func TestLaw09ACreateBesideAStrangerIsHeld(t *testing.T) {
	s := converged("keep")
	s.desired.Specs = append(s.desired.Specs, specOf("web-1"))
	s.see(7, "WEB-1")
	p := s.expect(t, "provision web-1 held by name_taken")
	want := "web-1 is droplet 7, which arcadiad does not manage: arcadiad adopt web-1 takes it over; arcadiad approve " + p.ID + " makes a second one"
	if a := p.Actions[0]; a.HeldReason != want || !a.Approvable || len(p.Warnings) != 0 {
		t.Errorf("because %q; warnings %q", a.HeldReason, p.Warnings)
	}
	s.recorded.Grants = p.Grants(s.now)
	if p := s.expect(t, "provision web-1"); len(p.Warnings) != 0 {
		t.Errorf("warnings %q", p.Warnings)
	}
	s.see(8, "web-1") // the person has not seen it
	if p := s.expect(t, "provision web-1 held by name_taken"); p.Actions[0].HeldReason != "2 droplets are called web-1, and arcadiad manages none of them (7 and 8): "+
		"rename those that are not meant; arcadiad approve "+p.ID+" makes one more" {
		t.Errorf("because %q", p.Actions[0].HeldReason)
	}
}

func TestLaw09WhatHoldsNoCreate(t *testing.T) {
	for name, change := range map[string]func(s *scene){
		"another fleet's":              func(s *scene) { s.see(7, "web-1", fleet.ManagedTag, fleet.FleetTag("other")) },
		"another fleet's, half tagged": func(s *scene) { s.see(7, "web-1", fleet.FleetTag("other")) },
		"a name that had a droplet": func(s *scene) {
			s.see(7, "web-1")
			s.ended(300, fleet.SagaProvision, "web-1", "completed", "", time.Hour)
		},
		"a name whose droplet is gone": func(s *scene) {
			s.register(300, "web-1")
			s.see(7, "web-1")
			s.vanish(300, true)
		},
	} {
		s := converged("keep")
		s.desired.Specs = append(s.desired.Specs, specOf("web-1"))
		change(s)
		if p := s.expect(t, "provision web-1"); len(p.Warnings) != 1 {
			t.Errorf("%s: warnings %q", name, p.Warnings)
		}
	}
	s := converged("keep")
	s.desired.Specs = append(s.desired.Specs, specOf("web-1"))
	s.see(7, "web-1")
	s.ended(300, fleet.SagaProvision, "web-1", "compensated", "", time.Hour) // it never had one
	s.expect(t, "provision web-1 held by name_taken")
}
