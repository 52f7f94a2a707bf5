package provision_test

import (
	"net/http"
	"sync/atomic"

	"arcadiad/inventory"
	"arcadiad/saga"
)

// stride is how many deaths lie between two that a test plays. Under the race detector it plays some of them, and `make test` plays all without
// it, by the list SWEEPS in the Makefile.
func stride() int {
	if underRace {
		return 29
	}
	return 1
}

// visits tells whether a sweep visits its i-th case.
func visits(i int) bool { return i%stride() == 0 }

// places are where a process may die, each with what hears of passing one.
func places() map[string]func(y *stage, heard func()) {
	return map[string]func(y *stage, heard func()){
		"transition": func(y *stage, heard func()) { y.hook = func(saga.Event) { heard() } },
		"request":    func(y *stage, heard func()) { y.sim.Before(onWrites(heard)) },
		"answer":     func(y *stage, heard func()) { y.sim.After(onWrites(heard)) },
	}
}

// onWrites hears of requests that write.
func onWrites(heard func()) func(*http.Request) {
	return func(r *http.Request) {
		if r.Method != http.MethodGet {
			heard()
		}
	}
}

// dieAt kills the process at the n-th place that it passes, from 0, and counts down to that.
func (y *stage) dieAt(n int, hear func(y *stage, heard func())) (left *atomic.Int64) {
	left = &atomic.Int64{}
	left.Store(int64(n) + 1)
	hear(y, func() {
		if left.Add(-1) == 0 {
			y.kill()
		}
	})
	return left
}

// stillServed says when neither the old droplet of the name nor another one serves.
func (y *stage) stillServed(name string, old int64) {
	y.t.Helper()
	if y.sim.Serves(old) {
		return
	}
	for _, d := range y.sim.Named(name) {
		if y.sim.Serves(d.ID) {
			return
		}
	}
	y.t.Errorf("no droplet of %s serves: %+v", name, y.sim.Named(name))
}

// targets are the probes of the droplets of that name.
func (y *stage) targets(name string) (list []inventory.Target) {
	for _, d := range y.sim.Named(name) {
		list = append(list, inventory.Target{DropletID: d.ID, Address: d.PublicIPv4, Ready: *probed(name).Ready})
	}
	return list
}
