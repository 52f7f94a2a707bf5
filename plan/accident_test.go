package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// Somebody renames a droplet in the console, and the file follows: only the record is behind.
func TestLaw02ARenameThatTheFileFollows(t *testing.T) {
	renamed := func(file ...string) *scene {
		s := converged("web", "db")
		s.droplet(101).Name = "Shop"
		s.unwant("web")
		for _, name := range file {
			s.desired.Specs = append(s.desired.Specs, specOf(name))
		}
		return s
	}
	p := renamed("shop").build(t)
	if len(p.Actions) != 0 || len(p.Drift) != 0 || len(p.Records) != 1 || p.Records[0].Name != "shop" || p.Records[0].DropletID != 101 {
		t.Errorf("actions %v, drift %v, records %+v", p.Actions, p.Drift, p.Records)
	}
	if _, twice := p.Records[0].Values["name"]; twice {
		t.Error("the record has its name twice")
	}

	// A size that was changed in the same two places is recorded with it.
	s := renamed("shop")
	s.droplet(101).Size, s.spec("shop").Size = "s-2vcpu-2gb", "s-2vcpu-2gb"
	if p := s.build(t); len(p.Actions) != 0 || len(p.Records) != 1 || p.Records[0].Values["size"] != "s-2vcpu-2gb" {
		t.Errorf("renamed and resized: actions %v, records %+v", p.Actions, p.Records)
	}

	// What stands in the way of that: the old name is still desired, or the new one has a droplet.
	s = renamed("shop", "web")
	if p := s.build(t); len(p.Records) != 0 || len(p.Actions) != 1 || said(p.Actions[0]) != said(Action{Kind: Provision, Name: "shop"}) {
		t.Errorf("both names wanted: %v", p.Actions)
	}
	s = renamed("shop")
	s.register(103, "shop")
	if p := s.build(t); len(p.Records) != 0 || len(p.Actions) != 1 || p.Actions[0].Kind != Destroy || p.Actions[0].DropletID != 101 {
		t.Errorf("the new name has a droplet: %v", p.Actions)
	}
}

// A droplet that lost arcadiad's tag and kept the fleet's is no reason to make another beside it, even with a lost database.
func TestLaw07AStrippedDropletHoldsItsName(t *testing.T) {
	s := newScene("web")
	s.see(7, "web", fleet.FleetTag("demo"), fleet.SagaTag(sagaID(7)))
	p := s.build(t)
	if len(p.Actions) != 1 || p.Actions[0].HeldBy != "tags" || p.Actions[0].Approvable ||
		!strings.Contains(p.Actions[0].HeldReason, "droplet 7 has the name and the tag arcadia-fleet-demo, but not managed-by-arcadia-cloud: put that tag back") {
		t.Errorf("%+v", p.Actions)
	}
	s.droplet(7).Tags = []string{fleet.FleetTag("another")}
	if p := s.build(t); p.Summary.Held != 0 {
		t.Errorf("another fleet's droplet holds the name: %+v", p.Actions)
	}
}

// Creates that the account has no room for are not sent.
func TestAccountLimitHoldsCreates(t *testing.T) {
	s := converged("a")
	for i := range 5 {
		s.desired.Specs = append(s.desired.Specs, specOf(fmt.Sprintf("web-%d", i+1)))
	}
	s.spec("a").Size = "s-2vcpu-2gb"
	s.see(1, "theirs")
	live := s.ended(400, fleet.SagaProvision, "web-1", "running", "", time.Minute) // not listed yet
	live.Live = true
	s.observed.Account.DropletLimit = 5
	var free, held []string
	for _, a := range s.build(t).Actions {
		if a.HeldBy == "account_limit" && !a.Approvable && strings.Contains(a.HeldReason, "the account has 2 of at most 5 droplets: ask DigitalOcean") {
			held = append(held, a.Name)
		} else {
			free = append(free, a.Name)
		}
	}
	if fmt.Sprint(free, held) != "[a web-2] [web-3 web-4 web-5]" {
		t.Errorf("free %v, held %v", free, held)
	}
}

// A droplet that another journal made, adopted although it differed, is not replaced for the spec that it differed from.
func TestLaw16AnAdoptedMisfitIsNotReplacedUnasked(t *testing.T) {
	misfit := func() *scene {
		s := converged("web")
		s.recorded.Sagas = nil
		s.spec("web").Size = "s-2vcpu-2gb"
		s.ended(300, fleet.SagaAdopt, "web", "completed", s.spec("web").Hash(), time.Hour).DropletID = 101
		return s
	}
	p := misfit().build(t)
	if len(p.Actions) != 1 || p.Actions[0].HeldBy != "origin" || !p.Actions[0].Approvable {
		t.Fatalf("%+v", p.Actions)
	}
	s := misfit()
	s.recorded.Approved = []string{p.ID}
	if p := s.build(t); p.Summary.Held != 0 {
		t.Errorf("approved, and still held: %+v", p.Actions)
	}
	s = misfit()
	s.spec("web").Size = "s-4vcpu-8gb" // the file changed after the adoption: that is asked for
	if p := s.build(t); p.Summary.Held != 0 || p.Summary.Replace != 1 {
		t.Errorf("a later edit: %+v", p.Actions)
	}
	s = misfit()
	s.ended(101, fleet.SagaProvision, "web", "compensated", "", 2*time.Hour) // its tag alone is no proof: it may be copied
	if p := s.build(t); p.Summary.Held != 1 {
		t.Errorf("a copied tag: %+v", p.Actions)
	}
	s = misfit()
	s.left("web", "compensated", 2*time.Hour, 101) // this journal made it after all
	if p := s.build(t); p.Summary.Held != 0 {
		t.Errorf("its own: %+v", p.Actions)
	}
}

// What is held back says what it costs to keep.
func TestHeldBackHasAPrice(t *testing.T) {
	s := converged("web-1", "web-2", "web-3", "web-4", "web-5", "web-6")
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 1}
	for id := int64(101); id <= 106; id++ {
		s.droplet(id).Price = sixDollars
	}
	s.unwant("web-4")
	s.unwant("web-5")
	s.unwant("web-6")
	p := s.build(t)
	if n, cost := len(p.HeldBack()), p.KeepMonthly(); n != 3 || cost != 18*fleet.Dollar {
		t.Errorf("%d held back, at %v", n, cost)
	}
	if got := string(inJSON(t, p)); !strings.Contains(got, `"keep_monthly": 6`) || !strings.Contains(got, `"keep_monthly": 18`) {
		t.Errorf("no prices in:\n%s", got)
	}
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 3}
	if p := s.build(t); len(p.HeldBack()) != 0 || p.KeepMonthly() != 0 {
		t.Errorf("nothing is held, and it costs %v", p.KeepMonthly())
	}
}

// A pause says what it leaves billed.
func TestLaw13APauseSaysWhatStaysBilled(t *testing.T) {
	s := converged("a")
	s.recorded.Paused = true
	for i := range 12 {
		id := int64(200 + i)
		s.seeTagged(id, fmt.Sprintf("web-%d", i+1))
		s.ended(id, fleet.SagaProvision, fmt.Sprintf("web-%d", i+1), "compensating", "", time.Minute).Live = true
	}
	want := "paused: half created, and billed meanwhile: web-1 (droplet 200), web-2 (droplet 201), "
	if p := s.build(t); len(p.Warnings) != 2 || !strings.HasPrefix(p.Warnings[1], want) || !strings.HasSuffix(p.Warnings[1], " and 2 more") {
		t.Errorf("%q", p.Warnings)
	}
}

// What is odd in the file is shown with every plan, and makes no other plan of it.
func TestThePlanShowsWhatIsOddInTheFile(t *testing.T) {
	s := converged("a")
	plain := s.build(t)
	s.desired.Warnings = []string{"web.yaml:4:1: odd"}
	if p := s.build(t); !slices.Equal(p.Warnings, s.desired.Warnings) || p.ID != plain.ID {
		t.Errorf("%q, %s and %s", p.Warnings, p.ID, plain.ID)
	}
}
