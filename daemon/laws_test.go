package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/reconcile"
	"arcadiad/simulator"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// A bad file changes nothing; after a restart with one, no fleet is in force, and what is there is left alone.
func TestLaw08BadFileChangesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		w.rest()
		good := w.file
		writes := w.sim.Writes()
		for _, bad := range []string{"", "version: 1\n", "<<<<<<< HEAD\n" + good, good + "\n---\n" + good, good[:len(good)/2]} {
			w.edit(bad)
			time.Sleep(time.Hour)
			if w.life.h.loop.Last().FileErr == nil {
				t.Errorf("nobody says that %q is no fleet file", bad)
			}
		}
		w.stop()
		w.start() // the last of the bad ones
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, ok := w.life.h.loop.Desired(); ok {
			t.Error("a bad file is in force")
		}
		if last := w.life.h.loop.Last(); last.Err != nil || !last.Outcome.Saved || len(w.resources()) != 2 {
			t.Errorf("the inventory is not kept without a file in force: %+v", last)
		}
		if n := w.sim.Writes(); n != writes {
			t.Errorf("%d writes under bad files", n-writes)
		}
		w.edit(good)
		w.rest()
		w.check()
		if n := w.sim.Writes(); n != writes {
			t.Errorf("%d writes for a file that asks for what is there", n-writes)
		}
	})
}

// A destroy that was journaled before the file changed its mind, and begins after, is not carried out.
func TestLaw17TheFilesPresentWordCounts(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: time.Minute}, func(w *world) {
		w.edit(fleetOf("name: a"))
		w.start()
		time.Sleep(30 * time.Second) // the create is under way
		w.edit(fleetOf())
		w.rest()
		w.check()
		if left := w.sim.Droplets(); len(left) != 0 {
			t.Errorf("left over: %+v", left)
		}
	})
}

// A daemon whose database was swapped beneath it stops.
func TestLaw11SwappedDatabaseStopsTheDaemon(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: a"))
		w.start()
		w.rest()
		other := filepath.Join(fastDir(t), "other.db")
		store, err := sqlite.Open(context.Background(), other, sqlite.Options{})
		w.must(err)
		w.must(store.Close())
		w.must(os.Rename(other, w.o.State))
		w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		err = <-w.life.done
		var lost *reconcile.LostError
		if !errors.As(err, &lost) || !errors.Is(err, state.ErrSwapped) {
			t.Errorf("the daemon ended with: %v", err)
		}
		w.life.cancel()
		w.life.store.Close()
		w.life = nil
	})
}

// With the database lost, the tags alone bring the whole fleet back: no create, no destroy.
func TestLaw16DatabaseLost(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: bastion", "name: web, count: 5", "name: db, protect: true"))
		w.start()
		w.rest()
		w.stop()
		w.loseDatabase()
		writes := w.sim.Writes()
		w.start()
		w.rest()
		w.check()
		if n := w.sim.Writes(); n != writes {
			t.Errorf("%d writes to adopt a fleet", n-writes)
		}
		for _, r := range w.resources() {
			if r.Protect != (r.Name == "db") {
				t.Errorf("%s: protected %v", r.Name, r.Protect)
			}
		}
	})
}

// A shutdown in the middle of everything leaves sagas that the next start carries on, and compensates none of them.
// Whoever stops the daemon before it has started is not told of a failure; what is wrong is told all the same.
func TestLaw12StoppedWhileItStarts(t *testing.T) {
	dir := fastDir(t)
	o := Options{
		State: filepath.Join(dir, "arcadiad.db"), APIURL: "http://127.0.0.1:1", Fleet: filepath.Join(dir, "fleet.yaml"),
		Token: func() (string, error) { return "dop_v1_test", nil },
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, o); err != nil {
		t.Errorf("stopped while it started: %v", err)
	}
	o.APIURL = "http://192.0.2.1"
	if err := Run(ctx, o); err == nil {
		t.Error("a URL that would show the token is fine when it is stopped")
	}
}

func TestLaw12StopIsNoFailure(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 3 * time.Minute, Latency: 2 * time.Second}, func(w *world) {
		w.edit(fleetOf("name: web, count: 8"))
		for range 10 {
			w.start()
			time.Sleep(23 * time.Second)
			w.stop()
		}
		w.start()
		w.rest()
		w.check()
		if n := w.sim.Requests()["POST /v2/droplets"]; n != 8 {
			t.Errorf("%d creates for 8 droplets", n)
		}
		if n := w.sim.Requests()["DELETE /v2/droplets/{id}"]; n != 0 {
			t.Errorf("%d destroys", n)
		}
	})
}
