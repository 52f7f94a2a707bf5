package daemon

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// made counts the droplets of a group that were ever made, by names that begin with the stem.
func (w *world) made(stem string) (n int) {
	for _, d := range append(w.sim.Droplets(), w.sim.Ended()...) {
		if strings.HasPrefix(d.Name, stem+"-") {
			n++
		}
	}
	return n
}

// stalledBy gives the reason why a name is held by the rule stalled; empty: it is not.
func (w *world) stalledBy(name string) string {
	for _, a := range w.life.h.loop.Last().Outcome.Pass.Plan.Actions {
		if a.Name == name && a.HeldBy == "stalled" {
			return a.HeldReason
		}
	}
	return ""
}

// Law 14: what fails for each member of a group is tried by one round of them, and not by three.
func TestLaw14ABadImageStallsItsGroup(t *testing.T) {
	t.Parallel()
	for _, lift := range []string{"retry", "edit"} {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.sim.SetFaults(simulator.Faults{ActionErrored: true})
			w.edit(fleetOf("name: web, count: 6"))
			w.start()
			time.Sleep(24 * time.Hour)
			if n := w.made("web"); n != 6 {
				t.Errorf("%d droplets were made of a spec that fails, want 6", n)
			}
			if n := len(w.sim.Droplets()); n != 0 {
				t.Errorf("%d of them are left", n)
			}
			why := w.stalledBy("web-4")
			id := regexp.MustCompile(`^6 droplets of web were created .* or: arcadiad saga retry ([0-9a-f]{8})$`).FindStringSubmatch(why)
			if id == nil {
				t.Fatalf("the hold says: %q", why)
			}

			w.sim.SetFaults(simulator.Faults{})
			w.edit(fleetOf("name: web, count: 6", "name: db, count: 2, size: s-2vcpu-2gb"))
			time.Sleep(time.Hour)
			if w.made("db") != 2 || w.made("web") != 6 {
				t.Errorf("beside it %d of another group were made, want 2; of its own %d, want 6 still", w.made("db"), w.made("web"))
			}
			if lift == "retry" {
				var full string
				for _, s := range w.sagas() {
					if strings.HasPrefix(s.ID, id[1]) {
						full = s.ID
					}
				}
				if err := w.life.h.retry(context.Background(), full); err != nil {
					t.Fatal(err)
				}
			} else {
				w.edit(fleetOf("name: web, count: 6, image: debian-12-x64", "name: db, count: 2, size: s-2vcpu-2gb"))
			}
			w.rest()
			w.check()
			if n := w.made("web"); n != 12 {
				t.Errorf("after the %s %d were made in all, want 12", lift, n)
			}
		})
	}
}

// Law 13: two creates that have to be taken back at the same time look for reserved IPs one after the other, also where answers take long.
func TestLaw13TwoCompensationsAtOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Latency: time.Second}, func(w *world) {
		w.sim.SetFaults(simulator.Faults{ActionErrored: true})
		w.edit(fleetOf("name: web, count: 4"))
		w.start()
		time.Sleep(12 * time.Hour)
		if n, left := w.made("web"), len(w.sim.Droplets()); n != 4 || left != 0 || len(w.life.h.engine.Live()) != 0 {
			t.Errorf("%d were made, want 4, and %d are left\n%s", n, left, w.describe())
		}
		w.stop()
		time.Sleep(time.Minute) // requests that nobody waits for any more
	})
}
