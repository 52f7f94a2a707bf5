package daemon

import (
	"testing"
	"time"

	"arcadiad/plan"
	"arcadiad/simulator"
)

var planText = plan.Options{}

func TestConverges(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		w.addForeign("someone-elses")
		w.edit(fleetOf("name: bastion", "name: web, count: 3"))
		w.start()
		w.rest()
		w.check()
		began := w.sim.Writes()
		time.Sleep(24 * time.Hour)
		if n := w.sim.Writes() - began; n != 0 {
			t.Errorf("%d writes in a day at rest", n)
		}
		w.edit(fleetOf("name: web, count: 2, size: s-1vcpu-2gb"))
		w.rest()
		w.check()
	})
}
