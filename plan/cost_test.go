package plan

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

const dollar = fleet.Dollar

func TestCost(t *testing.T) {
	s := converged("keep", "grow", "go")
	s.desired.Specs = append(s.desired.Specs, specOf("new"))
	s.spec("new").UserData = "#!/bin/sh" // so that it is none of the others under another name
	s.spec("grow").Size = "s-2vcpu-2gb"
	s.unwant("go")
	s.see(7, "theirs") // foreign, and not ours to pay
	s.offer()
	p := s.expect(t, "destroy go 103", "replace grow 102", "provision new")
	if c := p.Cost; c.Before.Monthly != 18*dollar || c.After.Monthly != 30*dollar || c.Difference().Monthly != 12*dollar || c.Unpriced != 0 || c.Held != (fleet.Price{}) {
		t.Errorf("cost %+v", c)
	}
	if got := []fleet.Money{p.Actions[0].Cost.Monthly, p.Actions[1].Cost.Monthly, p.Actions[2].Cost.Monthly}; got[0] != -6*dollar || got[1] != 12*dollar || got[2] != 6*dollar {
		t.Errorf("prices of the actions: %v", got)
	}
	if want := fleet.Dollars(0.00893*2 + 0.02679); p.Cost.After.Hourly != want {
		t.Errorf("hourly %s, want %s", p.Cost.After.Hourly, want)
	}

	s.desired.Policy.MaxDestroy = fleet.Limit{}
	p = s.expect(t, "destroy go 103 held by max_destroy", "replace grow 102 held by max_destroy", "provision new")
	if c := p.Cost; c.After.Monthly != 24*dollar || c.Held.Monthly != 6*dollar {
		t.Errorf("with holds: %+v", c)
	}

	s.observed.Catalogue = nil
	if c := s.build(t).Cost; c.Unpriced != 2 || c.Before.Monthly != 18*dollar {
		t.Errorf("without a catalogue: %+v", c)
	}
}

// What waits for its turn is carried out without a person, and counts; what only a person lets through does not.
func TestCostOfARollout(t *testing.T) {
	s := edited("web-1", "web-2", "web-3")
	s.offer()
	for i := range s.desired.Specs {
		s.desired.Specs[i].Image, s.desired.Specs[i].Size = "ubuntu-24-04-x64", "s-2vcpu-2gb"
	}
	p := s.expect(t, "replace web-1 101", "replace web-2 102 held by turn", "replace web-3 103 held by turn")
	if c := p.Cost; c.Difference().Monthly != 3*12*dollar || c.Held.Monthly != 0 {
		t.Errorf("cost %+v", c)
	}
	s.begin("web").Phase = fleet.RolloutPaused
	if c := s.build(t).Cost; c.Difference().Monthly != 0 || c.Held.Monthly != 3*12*dollar {
		t.Errorf("paused: %+v", c)
	}
}

// What is under way counts, once: a droplet that is not seen yet by the list, the old half of a replace no more.
func TestCostUnderWay(t *testing.T) {
	s := converged("a", "b")
	s.desired.Specs = append(s.desired.Specs, specOf("c"), specOf("d"))
	s.spec("b").Size = "s-2vcpu-2gb"
	s.offer()
	create := s.ended(200, fleet.SagaProvision, "c", "running", specOf("c").Hash(), time.Minute)
	create.Live, create.DropletID = true, 0
	replace := s.ended(201, fleet.SagaReplace, "b", "running", s.spec("b").Hash(), time.Minute)
	replace.Live, replace.DropletID, replace.Replaces = true, 0, 102
	p := s.expect(t, "provision d")
	if c := p.Cost; c.Before.Monthly != 12*dollar || c.After.Monthly != (6+18+6+6)*dollar {
		t.Errorf("under way: %+v", c)
	}
	s.seeTagged(200, "c")
	if c := s.build(t).Cost; c.Before.Monthly != 18*dollar || c.After.Monthly != 36*dollar {
		t.Errorf("seen: %+v", c)
	}
}

func TestLaw09MaxMonthlyCost(t *testing.T) {
	s := newScene("a", "b", "c")
	s.register(101, "a")
	s.offer()
	s.desired.Policy.MaxMonthly = 12 * dollar
	p := s.expect(t, "provision b", "provision c held by max_monthly_cost")
	if why := p.Actions[1].HeldReason; !strings.Contains(why, "costs $6.00 a month, this adds $6.00 to $12.00, and policy.max_monthly_cost allows $12.00") {
		t.Errorf("held: %s", why)
	}
	if p.Actions[1].Approvable {
		t.Error("a cap of the file is lifted in the file")
	}

	// A cheaper create that comes later still fits, and so does a replace that saves.
	s.spec("b").Size = "s-2vcpu-2gb"
	s.expect(t, "provision b held by max_monthly_cost", "provision c")
	s.desired.Policy.MaxMonthly = 1 * dollar
	s.droplet(101).Size, s.droplet(101).Price.Monthly = "s-2vcpu-2gb", 18*dollar
	s.recorded.Records[0].Values["size"] = "s-2vcpu-2gb"
	s.expect(t, "replace a 101", "provision b held by max_monthly_cost", "provision c held by max_monthly_cost")

	// Without a price nobody can tell.
	s = newScene("a")
	s.desired.Policy.MaxMonthly = 100 * dollar
	s.expect(t, "provision a held by max_monthly_cost")
	s.offer()
	s.expect(t, "provision a")
}

func TestEffort(t *testing.T) {
	if e := converged("a").build(t).Effort; e != (Effort{}) {
		t.Errorf("nothing to do takes %+v", e)
	}
	s := newScene()
	for i := range 500 {
		s.desired.Specs = append(s.desired.Specs, specOf("web-"+string(rune('a'+i%26))+strings.Repeat("x", i/26)))
	}
	quick := s.build(t).Effort
	if quick.Requests < 500 || quick.Requests > 700 || quick.Time < time.Minute || quick.Time > 2*time.Minute {
		t.Errorf("500 droplets take %+v", quick)
	}
	s.observed.Pace = fleet.Pace{Minute: 100, Hour: 4000, Left: 4000}
	if slow := s.build(t).Effort; slow.Time < quick.Time+4*time.Minute {
		t.Errorf("at 100 requests a minute: %+v", slow)
	}
	s.observed.Pace.Left = 0
	if spent := s.build(t).Effort; spent.Time < time.Hour {
		t.Errorf("with the hour's share used up: %+v", spent)
	}
}
