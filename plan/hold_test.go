package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/scripts/goldentest"
)

// The runbook "Held" has every hold, with what lets go of it.
func TestLaw09TheRunbookHasEveryHold(t *testing.T) {
	var table strings.Builder
	table.WriteString("| held by | because | what lets it go |\n|---|---|---|\n")
	for _, h := range Holds() {
		if h.Name == "" || h.Says == "" || h.Ends == "" {
			t.Errorf("the row says too little: %+v", h)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", h.Name, h.Says, h.Ends)
		if says := strings.Contains(h.Ends, "arcadiad approve PLAN") || strings.Contains(h.Ends, "#missing-droplets"); says != h.Liftable {
			t.Errorf("%s: an approval lifts it: %v, and the row says %v", h.Name, h.Liftable, says)
		}
	}
	goldentest.Part(t, "../docs/operations.md", "holds", table.String())
}

// heldByEach has a world for each hold, in which it holds the first action of the plan.
var heldByEach = map[string]func() *scene{
	"tags": func() *scene {
		s := newScene("web-1")
		s.see(7, "web-1", fleet.FleetTag("demo"))
		return s
	},
	"protect": func() *scene {
		s := losing()
		s.recorded.Records[0].Protect = true
		return s
	},
	"stopped": func() *scene {
		s := edited("db-1", "db-2")
		s.begin("db")
		s.recorded.Rollouts[0].Phase = fleet.RolloutPaused
		return s
	},
	"window": func() *scene {
		s := edited("db-1", "db-2")
		s.desired.Windows = fleet.Windows{{Days: [7]bool{true, true, true, true, true, true, true}, From: 22 * time.Hour, To: 4 * time.Hour}}
		return s
	},
	"ready": func() *scene {
		s := edited("db-1", "db-2")
		s.probe(fleet.Ready{Port: 22})
		return s
	},
	"volumes": func() *scene {
		s := losing()
		s.droplet(101).VolumeIDs = []string{"v1"}
		return s
	},
	"reserved_ip": func() *scene {
		s := losing()
		s.observed.Attachments = &fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{101: {{Kind: fleet.AttachedReservedIP, ID: "203.0.113.1"}}}}
		return s
	},
	"origin": func() *scene {
		s := newScene()
		s.seeTagged(7, "stray")
		return s
	},
	"name_taken": func() *scene {
		s := newScene("web-1")
		s.see(7, "web-1")
		return s
	},
	"rename": func() *scene { return swapped([]string{"web-1"}, []string{"api-1"}) },
	"lost": func() *scene {
		s := converged("a", "b")
		s.vanish(101, true)
		s.vanish(102, true)
		return s
	},
	"loop": func() *scene {
		s := resized()
		s.ended(300, fleet.SagaReplace, "db", "completed", s.spec("db").Hash(), time.Minute)
		return s
	},
	"stalled": func() *scene {
		s := newScene("web-1")
		for i := range int64(stallAfter) {
			s.ended(i+1, fleet.SagaProvision, "web-1", "compensated", specOf("web-1").Hash(), 100*time.Hour).Undone = true
		}
		return s
	},
	"confirm": func() *scene {
		s := converged("web-1")
		s.desired.Policy.Drift = fleet.DriftCorrect
		s.droplet(101).Status = fleet.StatusOff
		return s
	},
	"backoff": func() *scene {
		s := newScene("web-1")
		s.ended(1, fleet.SagaProvision, "web-1", "compensated", specOf("web-1").Hash(), time.Second)
		return s
	},
	"preflight": func() *scene {
		s := newScene("web-1")
		s.offer()
		s.spec("web-1").Size = "s-retired"
		return s
	},
	"max_destroy": func() *scene {
		s := losing()
		s.desired.Policy.MaxDestroy = fleet.Limit{}
		return s
	},
	"max_droplets": func() *scene {
		s := converged("web-1")
		s.desired.Specs = append(s.desired.Specs, specOf("a"))
		s.desired.Policy.MaxDroplets = 1
		return s
	},
	"max_monthly_cost": func() *scene {
		s := newScene("web-1")
		s.desired.Policy.MaxMonthly = fleet.Dollar
		return s
	},
	"account_limit": func() *scene {
		s := newScene("web-1")
		s.see(7, "theirs")
		s.observed.Account.DropletLimit = 1
		return s
	},
	"turn": func() *scene {
		s := converged("web-1")
		s.desired.Policy.Drift, s.recorded.Hurry = fleet.DriftCorrect, true
		s.droplet(101).Name, s.droplet(101).Status = "mine-now", fleet.StatusNew
		return s
	},
}

// losing is a fleet that loses a droplet and keeps another.
func losing() *scene {
	s := converged("db", "web-1")
	s.unwant("db")
	return s
}

// resized is a fleet whose droplet is to have another size.
func resized() *scene {
	s := converged("db", "web-1")
	s.spec("db").Size = "s-2vcpu-2gb"
	return s
}

// Each hold holds what it is for. A person lifts those that the table says, for the plan that was seen, and no others.
func TestLaw09EveryHoldHolds(t *testing.T) {
	for _, h := range Holds() {
		world := heldByEach[h.Name]
		if world == nil {
			t.Errorf("%s: no test has it hold anything", h.Name)
			continue
		}
		s := world()
		p := s.build(t)
		if len(p.Actions) == 0 || p.Actions[0].HeldBy != h.Name {
			t.Errorf("%s does not hold: %s", h.Name, inText(p))
			continue
		}
		checkSound(t, s, p)
		a := p.Actions[0]
		if a.Hold().Name != h.Name || a.Approvable != h.Liftable || a.Waits() != h.Waits || a.HeldReason == "" {
			t.Errorf("%s: approvable %v, waits %v, because %q", h.Name, a.Approvable, a.Waits(), a.HeldReason)
		}
		if waits := !p.Lapses.IsZero(); waits && !h.Waits {
			t.Errorf("%s: another pass is due at %v, as if it ended by itself", h.Name, p.Lapses)
		}
		s.recorded.Approved = []string{p.ID}
		if approved := s.build(t).Actions[0]; approved.Held == h.Liftable {
			t.Errorf("%s: approved, and held: %v", h.Name, approved.Held)
		}
	}
	if len(heldByEach) != len(Holds()) {
		t.Errorf("there are %d worlds for %d holds", len(heldByEach), len(Holds()))
	}
}
