package provision_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/simulator"
)

const routeAddress = "GET /v2/reserved_ips/{ip}"

// onMove calls f once, before the first request from now on that moves the address.
func (y *stage) onMove(ip string, f func()) {
	y.sim.Before(func(r *http.Request) {
		if r.Method == http.MethodPost && strings.Contains(r.URL.Path, ip) && f != nil {
			do := f
			f = nil
			do()
		}
	})
}

// That the account does not have the address is believed only after a while: said wrongly, a replace would go back, and leave the address where
// it has moved it.
func TestLaw20AnAddressThatIsSaidToBeGone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		ip := y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", ip)), saga.Completed)
		old := y.sim.Named("web")[0]
		y.onMove(ip, func() { y.must(y.sim.Script(routeAddress, 20, simulator.Status(404))) })
		s := addressed("web", ip)
		s.Image = "debian-12-x64"
		y.until(y.move(plan.Replace, s), saga.Completed)
		if d := y.sim.Named("web"); len(d) != 1 || d[0].ID == old.ID || y.at(ip) != d[0].ID {
			t.Errorf("the reserved IP points to %d of %+v", y.at(ip), d)
		}
	})
}

// A droplet that somebody destroyed gets nothing back.
func TestLaw20NothingGoesBackToADropletThatIsGone(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		first, second := y.sim.ReserveIPIn("syd1"), y.sim.ReserveIPIn("syd1")
		y.until(y.move(plan.Provision, addressed("web", first)), saga.Completed)
		id := y.sim.Named("web")[0].ID
		y.onMove(second, func() { y.sim.Delete(id) })
		y.until(y.move(plan.Update, addressed("web", second)), saga.Compensated)
		if y.at(first) != 0 || y.at(second) != 0 {
			t.Errorf("%s points to %d and %s to %d", first, y.at(first), second, y.at(second))
		}
	})
}

// What was asked for without an answer may come late: going back takes the address away in any case.
func TestLaw20WhatComesLateGoesBackToo(t *testing.T) {
	inStage(t, simulator.Options{}, func(y *stage) {
		y.until(y.move(plan.Provision, addressed("web", "")), saga.Completed)
		ip, id := y.sim.ReserveIPIn("syd1"), y.sim.Named("web")[0].ID
		y.must(y.sim.Script(routeMove, 1, simulator.Cut()))
		y.onMove(ip, func() {
			y.want(addressed("web", ""))
			y.onMove(ip, func() { y.sim.Assign(ip, id) })
		})
		y.until(y.move(plan.Update, addressed("web", ip)), saga.Superseded)
		if n := len(y.sent(routeMove)); n != 2 || y.at(ip) != 0 {
			t.Errorf("it points to %d after %d requests", y.at(ip), n)
		}
	})
}

// While a new droplet does not get the address yet the file gives it to another name, which takes it: the new one goes on without.
func TestLaw20TheFileGivesTheAddressToAnotherNameMeanwhile(t *testing.T) {
	for name, faults := range map[string]simulator.Faults{
		"refused": {AssignRefusedFor: 9 * time.Minute},
		"locked":  {EndlessActions: []string{"unassign_ip"}},
	} {
		inStage(t, simulator.Options{}, func(y *stage) {
			app := y.made(hard("app")).ID
			time.Sleep(time.Hour)
			ip := y.sim.ReserveIPIn("syd1")
			if y.sim.SetFaults(faults); name == "locked" {
				y.sim.Assign(ip, app)
				_, err := y.api.Client(digitalocean.PrioritySaga).UnassignIP(y.t.Context(), ip, nil)
				y.must(err)
			}
			web := y.move(plan.Provision, hard("app"), addressed("web", ip))
			time.Sleep(3 * time.Minute)
			y.want(addressed("app", ip), hard("web"))
			y.sim.SetFaults(simulator.Faults{AssignRefusedFor: faults.AssignRefusedFor})
			y.sim.Assign(ip, app)
			y.until(web, saga.Completed)
			if at := y.at(ip); at != app {
				t.Errorf("%s: it points to %d, want %d", name, at, app)
			}
			if got := y.recorded(y.sim.Named("web")[0].ID).Values[fleet.FieldReservedIP]; got != "" {
				t.Errorf("%s: recorded as %q", name, got)
			}
		})
	}
}
