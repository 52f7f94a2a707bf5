package daemon

import (
	"context"
	"net/http"
	"testing"
	"time"

	"arcadiad/simulator"
)

// A pause is in force when it returns, even in the middle of a pass that had loaded its state before; a resume lets all go on.
func TestLaw13APauseInMidPass(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Latency: 100 * time.Millisecond}, func(w *world) {
		w.edit(fleetOf("name: a"))
		w.start()
		w.rest()
		before := w.sim.Writes()
		paused := make(chan error, 1)
		w.sim.Before(func(r *http.Request) {
			if r.URL.Query().Get("type") == "gpus" && len(paused) == 0 { // the last request of a look
				paused <- w.life.h.pause(context.Background(), true)
			}
		})
		w.edit(fleetOf("name: a", "name: b"))
		time.Sleep(time.Hour)
		w.must(<-paused)
		if n := w.sim.Writes() - before; n != 0 {
			t.Errorf("%d writes under a pause", n)
		}
		w.sim.Before(nil)
		w.must(w.life.h.pause(context.Background(), false))
		w.rest()
		w.check()
	})
}

// A pass that is still under way does not open the gate of a daemon that stops, nor does a resume.
func TestLaw12AShutdownIsTheLastWord(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf())
		w.start()
		w.rest()
		h := w.life.h
		h.shut(errShutdown)
		h.shut(nil)
		h.gate(w.sim.TeamUUID(), nil)
		if closed := h.budget.State().Closed; closed != errShutdown {
			t.Errorf("the gate is closed by %v", closed)
		}
	})
}
