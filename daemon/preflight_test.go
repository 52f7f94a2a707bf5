package daemon

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// What cannot work is said before the first POST, and the rest goes ahead. It is looked at again in every pass, on a fresh word, and
// goes ahead as soon as it can.
func TestPreflightHoldsWhatCannotWork(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: good, count: 2", "name: small, size: s-1vcpu-512mb-10gb, image: docker-20-04", "name: typo, size: s-1vcpu-1g",
			"name: keyed, ssh_keys: ['1234567']", "name: astray, vpc_uuid: '"+w.sim.VPC("nyc3")+"'"))
		w.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.sim.Requests()["POST /v2/droplets"]; n != 2 || len(w.sim.Droplets()) != 2 {
			t.Errorf("%d creates, %d droplets; want the two good ones", n, len(w.sim.Droplets()))
		}
		held := map[string]string{}
		for _, a := range w.life.h.loop.Last().Outcome.Pass.Plan.Actions {
			if a.HeldBy == "preflight" {
				held[a.Name] = a.HeldReason
			}
		}
		for name, want := range map[string]string{"small": "line 7: image docker-20-04 needs a disk of 25 GB", "typo": "line 8: there is no size",
			"keyed": "line 9: the account has no SSH key 1234567", "astray": "line 10: VPC"} {
			if !strings.Contains(held[name], want) {
				t.Errorf("%s is held because %q, want %q", name, held[name], want)
			}
		}
		id, _ := w.sim.AddKey("late")
		w.edit(fleetOf("name: good, count: 2", "name: keyed, ssh_keys: ['"+strconv.FormatInt(id, 10)+"']"))
		w.rest()
		w.check()
	})
}

// At the account's droplet limit the creates beyond it wait, without a single POST that DigitalOcean would refuse.
func TestPreflightDropletLimit(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{DropletLimit: 3}, func(w *world) {
		w.addForeign("theirs")
		w.edit(fleetOf("name: web, count: 5"))
		w.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		if posts := w.sim.Requests()["POST /v2/droplets"]; posts != 2 || len(w.sim.Droplets()) != 3 {
			t.Errorf("%d creates, %d droplets", posts, len(w.sim.Droplets()))
		}
		w.sim.SetDropletLimit(10)
		w.rest()
		w.check()
	})
}

// The catalogue costs a few requests for a day of creates, and none where nothing is made.
func TestCatalogueCosts(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		catalogue := func() int {
			n := w.sim.Requests()
			return n["GET /v2/sizes"] + n["GET /v2/images/{image}"] + n["GET /v2/account/keys"] + n["GET /v2/vpcs/{vpc}"]
		}
		w.edit(fleetOf())
		w.start()
		w.rest()
		if n := catalogue(); n != 0 {
			t.Errorf("an empty fleet took %d requests for the catalogue", n)
		}
		for _, stanza := range []string{"name: web, count: 2", "name: web, count: 4", "name: web, count: 1", "name: web, count: 3, size: s-1vcpu-2gb"} {
			w.edit(fleetOf(stanza))
			w.rest()
		}
		w.check()
		if n := catalogue(); n != 2 {
			t.Errorf("%d requests for the catalogue, want one for the sizes and one for the image: %v", n, w.sim.Requests())
		}
	})
}

func TestLaw09MaxMonthlyCostHoldsCreates(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		capped := func(dollars string) string {
			return strings.Replace(fleetOf("name: web, count: 4"), "policy: {", "policy: {max_monthly_cost: "+dollars+", ", 1)
		}
		w.edit(capped("12.50"))
		w.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(w.sim.Droplets()); n != 2 {
			t.Errorf("%d droplets of $6 under a cap of $12.50", n)
		}
		if c := w.life.h.loop.Last().Outcome.Pass.Plan.Cost; c.Before.Monthly != 12*fleet.Dollar || c.Held.Monthly != 12*fleet.Dollar {
			t.Errorf("cost %+v", c)
		}
		w.edit(capped("24"))
		w.rest()
		w.check()
	})
}
