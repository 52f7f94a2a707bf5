package daemon

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// beside is a command beside the daemon of this world: loopback sockets stop the clock of a bubble.
func (w *world) beside() *control.Client {
	return control.NewClient(control.InProcess(control.Handler(running{w.life.h, w.life.h.store})))
}

// What somebody destroyed is made again by an apply within 75 s, by a daemon within 90 s of the first look that misses it, whichever look that
// was: of an apply, a plan or a sync beside it, or of its own schedule.
func TestLaw06LossHealsInTime(t *testing.T) {
	t.Parallel()
	apply := func(run func(ctx context.Context, w *world, c control.Conduct) (control.Applied, error)) func(context.Context, *world) {
		return func(ctx context.Context, w *world) {
			began := time.Now()
			applied, err := run(ctx, w, control.Conduct{Confirm: func(plan.Plan) (bool, error) { return true, nil }, Progress: func(control.Progress) {}})
			if took := time.Since(began); err != nil || !applied.Converged || took > 75*time.Second {
				w.t.Errorf("%v, converged %v, after %v", err, applied.Converged, took)
			}
		}
	}
	for how, look := range map[string]func(context.Context, *world){
		"apply alone": apply(func(ctx context.Context, w *world, c control.Conduct) (control.Applied, error) {
			w.stop()
			defer w.start()
			return Apply(ctx, w.disk(w.file), c)
		}),
		"apply beside the daemon": apply(func(ctx context.Context, w *world, c control.Conduct) (control.Applied, error) {
			return control.Apply(ctx, w.beside(), c)
		}),
		"a plan": func(ctx context.Context, w *world) {
			_, err := w.beside().Plan(ctx, control.PlanRequest{})
			w.must(err)
		},
		"a sync": func(ctx context.Context, w *world) {
			_, err := w.beside().Sync(ctx)
			w.must(err)
		},
		"the schedule": func(_ context.Context, w *world) {
			asked := time.Now()
			w.until("a pass", func() bool { return w.life.h.loop.Last().At.After(asked) })
		},
	} {
		for i, age := range []time.Duration{0, 25 * time.Hour} {
			if !visits(i) {
				continue
			}
			t.Run(fmt.Sprintf("%s, %v old", how, age), func(t *testing.T) {
				inWorld(t, simulator.Options{Activation: 5 * time.Second, Latency: 100 * time.Millisecond}, func(w *world) {
					w.file = fleetOf("name: web, count: 12")
					w.start()
					w.rest()
					time.Sleep(age)
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					all := w.sim.Droplets()
					w.sim.Delete(all[0].ID)
					w.sim.Delete(all[1].ID)
					began := time.Now()
					look(ctx, w)
					if how == "the schedule" {
						began = time.Now()
					}
					for _, d := range all[:2] {
						w.replaced(d.Name, d.ID)
					}
					if took := time.Since(began); took > 90*time.Second {
						t.Errorf("made again after %v", took)
					}
					w.rest()
					w.check()
					cancel()
					synctest.Wait()
				})
			})
		}
	}
}

// A droplet that is destroyed by hand while it is being made, or taken back by DigitalOcean, is made again after the quarter of
// an hour that proves it where nothing newer is shown, and not after as long again on the way back.
func TestLaw06ACreateThatVanishedIsProvedOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
		w.file = fleetOf("name: a", "name: b")
		w.start()
		w.rest()
		w.edit(fleetOf("name: a", "name: b", "name: c"))
		w.until("c is made", func() bool { return len(w.sim.Named("c")) == 1 })
		time.Sleep(10 * time.Second)
		gone := w.sim.Named("c")[0]
		w.sim.Delete(gone.ID)
		began := time.Now()
		w.until("it is given up", func() bool { return len(w.life.h.engine.Live()) == 0 })
		if took := time.Since(began); took < 15*time.Minute-10*time.Second || took > 15*time.Minute+30*time.Second {
			t.Errorf("given up after %v", took)
		}
		w.rest()
		w.check()
	})
}
