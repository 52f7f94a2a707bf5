package provision_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const routeMove = "POST /v2/reserved_ips/{ip}/actions"

// addressed is spec(name) with a reserved IP, of a droplet that ends at once.
func addressed(name, ip string) fleet.Spec {
	s := hard(name)
	s.ReservedIP = ip
	return s
}

// hanging is what a plan is made of, with what hangs on the droplets.
func (y *stage) hanging() (fleet.Recorded, fleet.Observed) {
	y.t.Helper()
	recorded, observed := y.observe()
	attachments, _, err := y.inv.Attachments(y.t.Context(), 0)
	y.must(err)
	observed.Attachments = attachments
	return recorded, observed
}

// move carries out the only action of a plan that knows where the reserved IPs are.
func (y *stage) move(kind plan.Kind, specs ...fleet.Spec) (id string) {
	y.t.Helper()
	y.want(specs...)
	return y.begin(y.hanging())(kind)[0]
}

// at is the droplet that a reserved IP points to; 0: none.
func (y *stage) at(ip string) int64 {
	y.t.Helper()
	for _, r := range y.sim.ReservedIPs() {
		if r.IP == ip {
			return r.Droplet
		}
	}
	y.t.Fatalf("the account has no reserved IP %s", ip)
	return 0
}

// answers says, at each request, when the address points to no droplet that serves.
func (y *stage) answers(ip string) {
	y.sim.Before(func(r *http.Request) {
		for _, a := range y.sim.ReservedIPs() {
			if a.IP == ip && !y.sim.Serves(a.Droplet) {
				y.t.Errorf("at %s %s the reserved IP points to droplet %d, which does not serve", r.Method, r.URL.Path, a.Droplet)
			}
		}
	})
}

// A new droplet gets the reserved IP of its name before it is registered, and the record says so.
func TestLaw20ANewDropletGetsItsAddress(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
		d := y.sim.Named("web")[0]
		if at := y.at(ip); at != d.ID {
			t.Errorf("it points to %d, want %d", at, d.ID)
		}
		if got := y.recorded(d.ID).Values[fleet.FieldReservedIP]; got != ip {
			t.Errorf("recorded as %q", got)
		}
		if n := len(y.sent(routeMove)); n != 1 {
			t.Errorf("%d requests moved it", n)
		}
		p, err := plan.Build(y.now())
		y.must(err)
		if !p.Empty() || len(p.Drift) != 0 || len(p.Records) != 0 {
			t.Errorf("the next plan has %+v, drift %+v, records %+v", p.Actions, p.Drift, p.Records)
		}
	})
}

// now is what a plan is made of, all that it may ask for included.
func (y *stage) now() (fleet.Fleet, fleet.Recorded, fleet.Observed, time.Time) {
	y.t.Helper()
	recorded, observed := y.hanging()
	return *y.desired.Load(), recorded, observed, time.Now()
}

// At every instant of a replace the address points to a droplet that serves, whatever becomes of its requests.
func TestLaw20AReplaceMovesTheAddress(t *testing.T) {
	for name, effect := range map[string]simulator.Effect{
		"all goes well":       simulator.Pass(),
		"500":                 simulator.Status(500),
		"500 after the work":  simulator.Status(500).After(),
		"cut":                 simulator.Cut(),
		"cut after the work":  simulator.Cut().After(),
		"half an answer":      simulator.Truncate(),
		"429":                 simulator.TooMany(time.Minute),
		"refused connection":  simulator.Refuse(),
		"busy":                simulator.Status(422).Saying("The reserved IP already has a pending event."),
		"refused for a while": simulator.Status(422).Saying("The Droplet is not ready."),
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			ip := y.sim.ReserveIPIn("syd1")
			y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
			old := y.sim.Named("web")[0]
			y.must(y.sim.Script(routeMove, 1, effect))
			y.answers(ip)
			s := addressed("web", ip)
			s.Image = "debian-12-x64"
			y.until(y.move(plan.Replace, s), saga.Completed)
			d := y.sim.Named("web")
			if len(d) != 1 || d[0].ID == old.ID || y.at(ip) != d[0].ID {
				t.Errorf("%s: the reserved IP points to %d of %+v", name, y.at(ip), d)
			}
			if n := len(y.sent(routeMove)); n > 3 {
				t.Errorf("%s: %d requests moved it", name, n)
			}
		})
	}
}

// What cannot be assigned goes back, and the address with it: the old droplet serves, and the new one is gone.
func TestLaw20GoingBackMovesItBack(t *testing.T) {
	for name, tt := range map[string]struct {
		effect simulator.Effect
		from   string
	}{
		"refused":            {simulator.Status(422).Saying("No."), "web"},
		"errored afterwards": {simulator.Pass(), "web"},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			ip := y.sim.ReserveIPIn("syd1")
			y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
			old := y.sim.Named("web")[0]
			y.answers(ip)
			if tt.effect != simulator.Pass() {
				y.must(y.sim.Script(routeMove, -1, tt.effect))
			} else {
				y.sim.SetFaults(simulator.Faults{ErroredActions: []string{"assign_ip"}})
			}
			s := addressed("web", ip)
			s.Image = "debian-12-x64"
			y.until(y.move(plan.Replace, s), saga.Compensated)
			if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != old.ID || y.at(ip) != old.ID {
				t.Errorf("%s: the reserved IP points to %d of %+v", name, y.at(ip), left)
			}
		})
	}
	inStage(t, simulator.Options{}, func(y *stage) { // the file moves on when it has been assigned already
		ip := y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
		old := y.sim.Named("web")[0]
		y.answers(ip)
		s := addressed("web", ip)
		s.Image = "debian-12-x64"
		y.hook = func(e saga.Event) {
			if e.Step == "RegisterDroplet" {
				y.want(addressed("web", ip))
			}
		}
		y.until(y.move(plan.Replace, s), saga.Superseded)
		if left := y.sim.Named("web"); len(left) != 1 || left[0].ID != old.ID || y.at(ip) != old.ID {
			t.Errorf("the reserved IP points to %d of %+v", y.at(ip), left)
		}
	})
}

// An address is never taken from a droplet that is not this fleet's, whoever it was that gave it to that one, and when.
func TestLaw20AStrangerKeepsTheAddress(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) { // between the plan and the step
		stranger := y.sim.Add(simulator.Droplet{Name: "other", Region: "syd1"})
		ip := y.sim.ReserveIPIn("syd1")
		id := y.move(plan.Provision, addressed("web", ip))
		y.sim.Assign(ip, stranger.ID)
		s := y.until(id, saga.Stuck)
		if want := fmt.Sprintf("points to droplet %d, which is not this fleet's", stranger.ID); !strings.Contains(s.Error, want) {
			t.Errorf("it says %q, want %q", s.Error, want)
		}
		if n := len(y.sent(routeMove)); n != 0 {
			t.Errorf("%d requests moved it", n)
		}
		y.sim.Unassign(ip)
		y.until(id, saga.Completed)
	})
	for _, ours := range []bool{false, true} {
		inStage(t, simulator.Options{}, func(y *stage) { // after an answer that was lost: to whomever, somebody moved it there
			app := y.made(hard("app"))
			other := y.sim.Add(simulator.Droplet{Name: "other", Region: "syd1"}).ID
			if ours {
				other = app.ID
			}
			ip := y.sim.ReserveIPIn("syd1")
			y.must(y.sim.Script(routeMove, 1, simulator.Cut()))
			y.sim.Before(func(r *http.Request) {
				if r.Method == http.MethodPost && strings.Contains(r.URL.Path, "reserved_ips") {
					y.sim.Assign(ip, other)
				}
			})
			id := y.move(plan.Provision, hard("app"), addressed("web", ip))
			y.until(id, saga.Stuck)
			if at := y.at(ip); at != other || len(y.sent(routeMove)) != 1 {
				t.Errorf("it points to %d after %d requests", at, len(y.sent(routeMove)))
			}
		})
	}
}

// Somebody gives an address back to DigitalOcean while it moves.
func TestLaw20AnAddressThatIsGone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		id := y.move(plan.Provision, addressed("web", ip))
		y.sim.ReleaseIP(ip)
		if s := y.until(id, saga.Compensated); !strings.Contains(s.Error, "reserved IP "+ip+" is not in the account") {
			t.Errorf("it says %q", s.Error)
		}
		y.none("web")
	})
}

// A running droplet gets another address, and none.
func TestLaw20TheFileChangesTheAddress(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		first, second := y.sim.ReserveIPIn("syd1"), y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", first)), saga.Completed)
		d := y.sim.Named("web")[0]
		y.until(y.move(plan.Update, addressed("web", second)), saga.Completed)
		if y.at(first) != 0 || y.at(second) != d.ID || y.recorded(d.ID).Values[fleet.FieldReservedIP] != second {
			t.Errorf("%s points to %d and %s to %d", first, y.at(first), second, y.at(second))
		}
		y.until(y.move(plan.Update, addressed("web", fleet.NoAddress)), saga.Completed)
		if y.at(second) != 0 || y.recorded(d.ID).Values[fleet.FieldReservedIP] != "" {
			t.Errorf("%s still points to %d", second, y.at(second))
		}
	})
	inStage(t, simulator.Options{}, func(y *stage) { // two names exchange theirs
		a, b := y.sim.ReserveIPIn("syd1"), y.sim.ReserveIPIn("syd1")
		y.want(addressed("app", a), addressed("web", b))
		for _, id := range y.begin(y.hanging())(plan.Provision, plan.Provision) {
			y.until(id, saga.Completed)
		}
		app, web := y.sim.Named("app")[0], y.sim.Named("web")[0]
		y.want(addressed("app", b), addressed("web", a))
		for _, id := range y.begin(y.hanging())(plan.Update, plan.Update) {
			y.until(id, saga.Completed)
		}
		if y.at(a) != web.ID || y.at(b) != app.ID {
			t.Errorf("%s points to %d and %s to %d, want %d and %d", a, y.at(a), b, y.at(b), web.ID, app.ID)
		}
	})
}

// A saga that dies at any of its transitions, or around any of its writes, moves the address once, and it answers all the time.
func TestLaw20AMoveDiesAnywhere(t *testing.T) {
	for where, hear := range places() {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			deaths := 0
			for alive := false; !alive; deaths += stride() {
				inStage(t, simulator.Options{}, func(y *stage) {
					ip := y.sim.ReserveIPIn("syd1")
					y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
					old := y.sim.Named("web")[0]
					s := addressed("web", ip)
					s.Image = "debian-12-x64"
					left := y.dieAt(deaths, hear)
					id := y.move(plan.Replace, s)
					for left.Load() > 0 && y.saga(id).Status.Live() {
						time.Sleep(time.Second)
					}
					alive = left.Load() > 0
					if !y.sim.Serves(y.at(ip)) {
						t.Errorf("death %d: the address points to droplet %d, which does not serve", deaths, y.at(ip))
					}
					y.end()
					y.hook = nil
					y.answers(ip)
					y.start()
					y.observe()
					y.until(id, saga.Completed)
					if d := y.sim.Named("web"); len(d) != 1 || d[0].ID == old.ID || y.at(ip) != d[0].ID {
						t.Errorf("death %d: the reserved IP points to %d of %+v", deaths, y.at(ip), d)
					}
				})
			}
			if deaths < 4 {
				t.Errorf("it died %d times only", deaths)
			}
		})
	}
}

// The old droplet stays while somebody has moved the address back to it.
func TestLaw20TheOldDropletStaysWithTheAddress(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
		old := y.sim.Named("web")[0]
		s := addressed("web", ip)
		s.Image = "debian-12-x64"
		var once sync.Once
		y.hook = func(e saga.Event) {
			if e.Step == "DestroyDroplet" {
				once.Do(func() { y.sim.Assign(ip, old.ID) })
			}
		}
		id := y.move(plan.Replace, s)
		time.Sleep(10 * time.Minute)
		if n := len(y.sent(routeDelete)); n != 0 || !y.sim.Serves(old.ID) {
			t.Errorf("%d DELETEs", n)
		}
		for _, d := range y.sim.Named("web") {
			if d.ID != old.ID {
				y.sim.Assign(ip, d.ID)
			}
		}
		y.until(id, saga.Completed)
	})
}

// An address that the droplet is to lose is not taken from another one, to which somebody has moved it since the plan.
func TestLaw20WhatMovedAlreadyIsNotTakenAway(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		y.want(addressed("app", ""), addressed("web", ip))
		for _, id := range y.begin(y.hanging())(plan.Provision, plan.Provision) {
			y.until(id, saga.Completed)
		}
		app := y.sim.Named("app")[0].ID
		y.want(addressed("app", ""), addressed("web", fleet.NoAddress))
		begin := y.begin(y.hanging())
		y.sim.Assign(ip, app)
		y.until(begin(plan.Update)[0], saga.Completed)
		if at := y.at(ip); at != app {
			t.Errorf("it points to %d, want %d", at, app)
		}
	})
}

// A list of addresses from before a move is not believed after it, however old it may be.
func TestLaw20AListFromBeforeAMoveIsNotBelieved(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		points := func() int64 {
			all, _, err := y.inv.Addresses(y.t.Context(), time.Hour)
			y.must(err)
			return all.Addresses[ip].DropletID
		}
		id := y.move(plan.Provision, addressed("web", ip))
		if at := points(); at != 0 {
			t.Errorf("it points to %d", at)
		}
		y.until(id, saga.Completed)
		if at, want := points(), y.sim.Named("web")[0].ID; at != want {
			t.Errorf("it points to %d, want %d", at, want)
		}
	})
}
