package daemon

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// posts is how many creates arrived.
func (w *world) posts() int { return w.sim.Requests()["POST /v2/droplets"] }

// deletes is how many destroys arrived.
func (w *world) deletes() int { return w.sim.Requests()["DELETE /v2/droplets/{id}"] }

// A droplet that answers 404 for minutes after its 202 is waited for, and made once.
func TestFault404AfterCreate(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.sim.SetFaults(simulator.Faults{Get404For: 4 * time.Minute, ListVisibleAfter: 4 * time.Minute})
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		w.check()
		if n := w.posts(); n != 3 {
			t.Errorf("%d creates for 3 droplets", n)
		}
	})
}

// While the API is gone for hours, in the middle of everything, nothing is concluded from that.
func TestFaultLongOutage(t *testing.T) {
	t.Parallel()
	hours := 6
	if underRace {
		hours = 1
	}
	for _, outage := range []simulator.Faults{{Refuse: true}, {Hang: true}, {HTMLError: true}, {CutAfterWork: true, CutBeforeWork: true}} {
		inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
			w.edit(fleetOf("name: old, count: 2", "name: web, count: 2"))
			w.start()
			w.rest()
			w.edit(fleetOf("name: old, count: 1", "name: web, count: 4"))
			time.Sleep(7 * time.Second)
			w.sim.SetFaults(outage)
			time.Sleep(time.Duration(hours) * time.Hour)
			w.sim.SetFaults(simulator.Faults{})
			w.rest()
			w.check()
			if n := w.deletes(); n != 1 {
				t.Errorf("%+v: %d destroys arrived, want one", outage, n)
			}
		})
	}
}

// Refused requests are tried again when the API says, and nothing is sent twice.
func TestFault429(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		for _, route := range []string{"POST /v2/droplets", "GET /v2/droplets", "GET /v2/droplets/{id}"} {
			w.must(w.sim.Script(route, 2, simulator.TooMany(20*time.Second)))
			w.must(w.sim.Script(route, 1, simulator.TooMany(0)))
		}
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		w.check()
		if n := w.posts(); n != 3+3 {
			t.Errorf("%d creates, want three that were refused and three more", n)
		}
	})
}

// An account without room leaves the rest of the fleet alone, and is tried again with a backoff until there is room.
func TestFaultQuota(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{DropletLimit: 2}, func(w *world) {
		w.edit(fleetOf("name: web, count: 4"))
		w.start()
		time.Sleep(6 * time.Hour)
		if n := len(w.sim.Droplets()); n != 2 {
			t.Errorf("%d droplets where two are allowed", n)
		}
		if n := w.posts(); n > 40 {
			t.Errorf("%d creates in six hours: that is no backoff", n)
		}
		w.sim.SetDropletLimit(10)
		w.rest()
		w.check()
	})
}

// A token that is refused stops the writes, and its answers prove nothing.
func TestFaultDeadToken(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 2"))
		w.start()
		w.rest()
		w.must(w.sim.Script(simulator.AnyRoute, -1, simulator.Status(http.StatusUnauthorized)))
		w.edit(fleetOf("name: web, count: 3"))
		time.Sleep(3 * time.Hour)
		if err := w.life.h.loop.Last().Err; err == nil || !strings.Contains(err.Error(), "check that the token") {
			t.Errorf("the last pass says: %v", err)
		}
		if n := w.posts(); n != 2 {
			t.Errorf("%d creates under a dead token", n-2)
		}
		w.sim.ClearScript()
		w.rest()
		w.check()
	})
}

// A clock that jumps ahead by a month in mid-create, as after a suspended machine, doubles nothing.
func TestFaultClockJump(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: time.Minute}, func(w *world) {
		w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut().After()))
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		time.Sleep(8 * time.Second)
		w.stop()
		time.Sleep(30 * day)
		w.start()
		w.rest()
		w.check()
		if n := w.posts(); n != 3 {
			t.Errorf("%d creates for 3 droplets", n)
		}
	})
}

// A saga that no version can read is stuck alone: the other names go on.
func TestFaultPoisonSaga(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		store, err := sqlite.Open(context.Background(), w.o.State, sqlite.Options{})
		w.must(err)
		now := time.Now()
		w.must(store.Begin(context.Background(), saga.Saga{
			ID: "0badbadbadbadbadbadbadbadbadbad0", Kind: "ProvisionDroplet", Subject: "poison", Status: saga.Running,
			Steps: []string{"CreateDroplet"}, Context: []byte(`{"attempt": "nonsense"}`), CreatedAt: now, UpdatedAt: now,
		}))
		w.must(store.Close())
		w.edit(fleetOf("name: poison", "name: web, count: 3"))
		w.start()
		time.Sleep(time.Hour)
		for _, name := range []string{"web-1", "web-2", "web-3"} {
			if n := len(w.sim.Named(name)); n != 1 {
				t.Errorf("%d droplets named %s", n, name)
			}
		}
		if n := len(w.sim.Named("poison")); n != 0 {
			t.Errorf("%d droplets of a saga that nobody can read", n)
		}
		for _, s := range w.sagas() {
			if s.Subject == "poison" && (s.Status != saga.Stuck || !strings.Contains(s.Error, "context") || !bytes.Contains(s.Context, []byte("nonsense"))) {
				t.Errorf("the poison: %+v", s)
			}
		}
	})
}

// A droplet that no DELETE takes down is a stuck saga for all to see, and the work goes on: when it can be done, it is.
func TestFaultADestroyThatNeverWorks(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w *world){
		"a destroy": func(w *world) {
			settled(fleetOf("name: a", "name: b"))(w)
			w.edit(fleetOf("name: a"))
		},
		"a way back": func(w *world) {
			w.sim.SetFaults(simulator.Faults{ActionErrored: true})
			w.edit(fleetOf("name: a"))
		},
	} {
		inWorld(t, simulator.Options{}, func(w *world) {
			begin(w)
			w.must(w.sim.Script("DELETE /v2/droplets/{id}", -1, simulator.Status(http.StatusInternalServerError)))
			w.start()
			time.Sleep(time.Hour)
			live := w.life.h.engine.Live()
			if len(live) != 1 || live[0].Status != saga.Stuck || !strings.Contains(live[0].Error, "is still there") || !strings.Contains(live[0].Error, "500") {
				t.Fatalf("%s: after an hour: %s", name, w.describe())
			}
			if p, told := w.life.h.loop.Last().Outcome.Pass.Plan, w.life.h.observability.board.Counts()["stuck"]; p.Summary.Stuck != 1 || told != 1 {
				t.Errorf("%s: the plan tells of %d stuck, the notifier of %d", name, p.Summary.Stuck, told)
			}
			before := w.deletes()
			time.Sleep(time.Hour)
			if n := w.deletes() - before; n < 8 {
				t.Errorf("%s: %d DELETEs in another hour: it was given up", name, n)
			}
			w.sim.ClearScript()
			w.sim.SetFaults(simulator.Faults{})
			w.rest()
			w.check()
		})
	}
}
