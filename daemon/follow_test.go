package daemon

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// An apply without a daemon goes by the file's present word, too: what is edited while it waits is taken in, and what is not asked for any
// more, or protected, is not destroyed.
func TestLaw17ApplyReadsTheFileAgain(t *testing.T) {
	t.Parallel()
	const db, bigger = "name: db", "name: db, size: s-2vcpu-2gb"
	for name, tt := range map[string]struct{ before, then string }{
		"a destroy, wanted again":     {"", db},
		"a destroy, protected":        {"", db + ", protect: true"},
		"a replace, protected":        {bigger, bigger + ", protect: true"},
		"a replace, no longer wanted": {bigger, db},
	} {
		inWorld(t, simulator.Options{Latency: 2 * time.Second}, func(w *world) {
			file := func(stanza string) string {
				if stanza == "" {
					return fleetOf("name: web, count: 3")
				}
				return fleetOf(stanza, "name: web, count: 3")
			}
			o := w.disk(file(db))
			waits := false
			conduct := control.Conduct{Confirm: func(plan.Plan) (bool, error) { return true, nil }, Progress: func(p control.Progress) {
				if waits && p.Name == "db" {
					waits = false
					w.must(os.WriteFile(o.Fleet, []byte(file(tt.then)), 0o600))
				}
			}}
			_, err := Apply(context.Background(), o, conduct)
			w.must(err)
			old := w.sim.Named("db")[0]
			w.must(os.WriteFile(o.Fleet, []byte(file(tt.before)), 0o600))
			waits = true
			applied, err := Apply(context.Background(), o, conduct)
			if waits {
				t.Errorf("%s: no saga began: %v", name, err)
			}
			if _, there := w.sim.Droplet(old.ID); !there {
				t.Errorf("%s: it was destroyed: %+v", name, applied)
			}
			if n := len(w.sim.Named("db")); n != 1 {
				t.Errorf("%s: %d droplets", name, n)
			}
		})
	}
}

// A file that is edited while the question stands is another one: a yes is for what was shown.
func TestLaw09AYesIsForTheFileThatWasShown(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		o := w.disk(fleetOf("name: a"))
		_, err := Apply(context.Background(), o, control.Conduct{Progress: func(control.Progress) {}, Confirm: func(plan.Plan) (bool, error) {
			return true, os.WriteFile(o.Fleet, []byte(fleetOf("name: b")), 0o600)
		}})
		if !changed(err) || w.sim.Writes() != 0 {
			t.Errorf("%v, %d writes", err, w.sim.Writes())
		}
	})
}

// An apply whose DELETE got no answer waits for seconds.
func TestLaw06AnApplyAfterALostDelete(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		conduct := control.Conduct{Confirm: func(plan.Plan) (bool, error) { return true, nil }, Progress: func(control.Progress) {}}
		o := w.disk(fleetOf("name: a", "name: b"))
		_, err := Apply(context.Background(), o, conduct)
		w.must(err)
		w.must(os.WriteFile(o.Fleet, []byte(fleetOf("name: a")), 0o600))
		w.must(w.sim.Script("DELETE /v2/droplets/{id}", 1, simulator.Cut().After()))
		began := time.Now()
		applied, err := Apply(context.Background(), o, conduct)
		if took := time.Since(began); err != nil || !applied.Converged || took > time.Minute {
			t.Errorf("%v: converged %v, %v", took, applied.Converged, err)
		}
	})
}

// A process that dies again and again still settles an unanswered create, and still gives up a droplet that never gets active.
func TestLaw04ARestartStorm(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"never active", "lost answer"} {
		for _, every := range []time.Duration{25 * time.Second, 45 * time.Second} {
			t.Run(fmt.Sprintf("%s, every %v", what, every), func(t *testing.T) {
				inWorld(t, simulator.Options{}, func(w *world) {
					w.edit(fleetOf("name: a"))
					w.start()
					w.rest()
					if what == "never active" {
						w.sim.SetFaults(simulator.Faults{NeverActive: true})
					} else {
						w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut()))
					}
					w.edit(fleetOf("name: a", "name: b"))
					done := func() bool {
						if what == "never active" {
							return len(w.sim.Ended()) > 0
						}
						return len(w.sim.Named("b")) == 1
					}
					for began := time.Now(); !done() && time.Since(began) < 6*time.Hour; {
						time.Sleep(every)
						w.stop()
						w.start()
					}
					time.Sleep(time.Second)
					if !done() {
						t.Errorf("in six hours: %d droplets b, %d ended", len(w.sim.Named("b")), len(w.sim.Ended()))
					}
				})
			})
		}
	}
}
