package daemon

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// scenario is something that a fleet goes through, and during which the process may die at any point.
type scenario struct {
	name    string
	sim     simulator.Options
	before  func(w *world)                  // until the process that may die starts; it may run others
	during  func(w *world)                  // what happens once it runs; nil: nothing
	crashed func(w *world, passed []string) // sees the world while no process runs, and what the last one passed; nil: nobody does
	recover func(w *world)                  // what a person does after the crash; nil: nothing
	after   func(w *world)                  // more that must be true in the end; nil: nothing
}

// settled runs a daemon on a fleet file until all is at rest.
func settled(file string) func(w *world) {
	return func(w *world) {
		w.edit(file)
		w.start()
		w.rest()
		w.stop()
	}
}

func scenarios() []scenario {
	return append(slices.Concat(transferScenarios(), approvalScenarios(), updateScenarios(), rolloutScenarios(), endScenarios(), addressScenarios(), undoScenarios(), keepScenarios()), []scenario{
		{name: "provision", before: func(w *world) { w.edit(fleetOf("name: a")) }},
		{name: "provision two", before: func(w *world) {
			w.o.ahead = 1 // the second waits for its turn
			w.edit(fleetOf("name: a", "name: b, protect: true"))
		}},
		{name: "destroy", before: func(w *world) {
			settled(fleetOf("name: a", "name: b"))(w)
			w.edit(fleetOf("name: a"))
		}},
		{name: "replace", before: func(w *world) {
			settled(fleetOf("name: a"))(w)
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb"))
		}},
		{name: "replace when ready", before: func(w *world) {
			settled(fleetOf("name: a, ready: {tcp: 22}"))(w)
			w.sim.SetFaults(simulator.Faults{ReadyAfter: 70 * time.Second})
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb, ready: {tcp: 22}"))
		}},
		{name: "never ready", before: func(w *world) {
			settled(fleetOf("name: b, ready: {tcp: 22}"))(w)
			w.sim.SetFaults(simulator.Faults{NeverReady: []string{"a"}})
			w.edit(fleetOf("name: a, ready: {tcp: 22, within: 90s}", "name: b, ready: {tcp: 22}"))
		}, during: func(w *world) {
			time.Sleep(3 * time.Minute)
			w.sim.SetFaults(simulator.Faults{})
		}, recover: func(w *world) { w.sim.SetFaults(simulator.Faults{}) }},
		{name: "adopt", before: func(w *world) {
			settled(fleetOf("name: a", "name: b"))(w)
			w.loseDatabase()
		}},
		{name: "scale up", before: func(w *world) {
			settled(fleetOf("name: web, count: 1"))(w)
			w.edit(fleetOf("name: web, count: 3"))
		}},
		{name: "scale down", before: func(w *world) {
			settled(fleetOf("name: web, count: 3"))(w)
			w.edit(fleetOf("name: web, count: 1"))
		}},
		{name: "compensation", before: func(w *world) {
			w.sim.SetFaults(simulator.Faults{ActionErrored: true})
			w.edit(fleetOf("name: a"))
		}, during: func(w *world) {
			time.Sleep(9 * time.Minute) // 96 polls of 5 s, and some for the way back
			w.sim.SetFaults(simulator.Faults{})
		}, recover: func(w *world) { w.sim.SetFaults(simulator.Faults{}) }},
		{name: "edited in mid-create", sim: simulator.Options{Activation: 30 * time.Second}, before: func(w *world) {
			w.edit(fleetOf("name: a"))
		}, during: func(w *world) {
			time.Sleep(15 * time.Second)
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb"))
		}, recover: func(w *world) { w.edit(fleetOf("name: a, size: s-1vcpu-2gb")) }},
		{name: "leftover", before: func(w *world) {
			settled(fleetOf("name: b"))(w)
			w.sim.SetFaults(simulator.Faults{ListVisibleAfter: 4 * time.Minute, TagVisibleAfter: 4 * time.Minute})
			w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut().After())) // shows when it was sent again
			w.edit(fleetOf("name: a", "name: b"))
			w.start()
			time.Sleep(3 * time.Minute)
			w.stop()
			w.sim.SetFaults(simulator.Faults{})
		}, after: func(w *world) {
			if n := len(w.sim.Ended()); n != 1 || w.posts() != 3 {
				w.t.Errorf("%d creates for two droplets, %d destroyed", w.posts(), n)
			}
		}},
		{name: "lost answer", before: func(w *world) {
			w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut().After()))
			w.edit(fleetOf("name: a"))
		}},
		{name: "late tags and lists", before: func(w *world) {
			w.sim.SetFaults(simulator.Faults{TagVisibleAfter: 20 * time.Second, ListVisibleAfter: 15 * time.Second, Get404For: 5 * time.Second})
			w.edit(fleetOf("name: a"))
		}},
		{name: "slow destroy", before: func(w *world) {
			settled(fleetOf("name: a", "name: b"))(w)
			w.sim.SetFaults(simulator.Faults{DeleteLag: 70 * time.Second, DeleteListLag: 10 * time.Second})
			w.edit(fleetOf("name: a"))
		}},
		{name: "protection", before: func(w *world) {
			settled(fleetOf("name: a, protect: true"))(w)
			w.edit(fleetOf("name: a, protect: false"))
		}},
		{name: "left tags", before: func(w *world) {
			w.o.SyncSchedule = seldom
			settled(fleetOf("name: a", "name: b", "name: c"))(w)
			settled(fleetOf("name: a"))(w)
			time.Sleep(8 * 24 * time.Hour)
		}},
		{name: "resume", before: func(w *world) {
			w.edit(fleetOf("name: a"))
			w.startWith(&taps{crash: 14})
			w.rested()
			w.stop()
		}},
	}...)
}

// loseDatabase deletes the state database.
func (w *world) loseDatabase() {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(w.o.State + suffix)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// crashAt plays a scenario whose process dies at the points given, one life after the other, lets the last life come to rest, and
// checks the laws. It gives the points that the last life but one passed, and whether it lived on past its crash point.
func crashAt(t *testing.T, s scenario, crashes ...int) (passed []string, survived bool) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, s.sim)
		watchServing(w)
		defer w.stop()
		w.addForeign("a", fleet.ManagedTag, fleet.FleetTag("another"))
		w.addForeign("theirs")
		s.before(w)
		for i, at := range crashes {
			tap := &taps{crash: at}
			w.startWith(tap)
			if i == 0 && s.during != nil {
				s.during(w)
			}
			if i > 0 && s.recover != nil {
				s.recover(w)
			}
			if !w.rested() {
				t.Errorf("not at rest: %s", w.describe())
			}
			w.stop()
			passed, survived = tap.points, !tap.ended
			if s.crashed != nil {
				s.crashed(w, tap.points)
			}
		}
		w.start()
		if s.recover != nil {
			s.recover(w)
		}
		if !w.rested() {
			t.Errorf("not at rest: %s", w.describe())
		}
		w.check()
		if s.after != nil {
			s.after(w)
		}
		if t.Failed() {
			t.Errorf("scenario %q, crashes at %v; the last was at point %d of:\n%s", s.name, crashes, crashes[len(crashes)-1], numbered(passed))
		}
	})
	return passed, survived
}

func numbered(points []string) string {
	out := ""
	for i, p := range points {
		out += fmt.Sprintf("  %3d %s\n", i, p)
	}
	return out
}

// pairs asks for every second crash inside the recovery from every first one, which takes minutes.
var pairs = flag.Bool("pairs", false, "crash a second time at every point of every recovery")

// every bounds a sweep of pairs: it visits every so many-th first crash, and of each recovery every so many-th second one.
var every = flag.Int("every", 0, "visit every n-th crash point, of pairs both; 0: every second one, and with -pairs each")

// apart is how many crash points lie between two that are visited: `make test` visits every second, and `make crash` each of them.
func apart() int {
	switch {
	case *every > 0:
		return *every
	case *pairs:
		return 1
	case underRace:
		return stride() // each scenario begins at another
	}
	return 2
}

// TestCrashPoints visits the crash points of every scenario.
func TestCrashPoints(t *testing.T) {
	var played, singles, doubles atomic.Int64
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				played.Add(1)
				first, second := crashEverywhere(t, s, i%min(apart(), 10)) // each has that many
				singles.Add(first)
				doubles.Add(second)
				t.Logf("%d crash points, %d pairs of them", first, second)
				if first == 0 || first < 10/int64(apart()) && *every == 0 {
					t.Error("so few crash points: the taps are loose")
				}
			})
		}
	})
	fmt.Printf("visited %d crash points and %d pairs of them in %d scenarios\n", singles.Load(), doubles.Load(), played.Load())
}

// crashEverywhere crashes a scenario at one point after the other, from the given one, until it comes through, and, if pairs are asked for,
// does the same to each recovery.
func crashEverywhere(t *testing.T, s scenario, from int) (singles, doubles int64) {
	for at := from; !t.Failed(); at += apart() {
		_, survived := crashAt(t, s, at)
		if survived {
			break
		}
		singles++
		if underRace {
			break // one for each scenario
		}
		// The second crashes begin at another point of each recovery.
		for again := at / apart() % apart(); *pairs && !t.Failed(); again += apart() {
			if _, survived := crashAt(t, s, at, again); survived {
				break
			}
			doubles++
		}
	}
	return singles, doubles
}
