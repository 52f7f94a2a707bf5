package daemon

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// The account of the rows: 50 ms a request, 5 s until a droplet is active.
const (
	rowLatency    = 50 * time.Millisecond
	rowActivation = 5 * time.Second
	rowShutdown   = 2 * time.Second // and any other action
	rowAtOnce     = 10              // requests in flight
	rowBeside     = 10              // requests that a plan and its looks cannot do without
)

// whenDone waits until no saga runs and so many droplets are there, and tells how long that took, to a hundredth of a second.
func (w *world) whenDone(droplets int) time.Duration {
	w.t.Helper()
	began := time.Now()
	for w.life.h.engine.Busy() || len(w.sim.Droplets()) != droplets {
		if time.Since(began) > time.Hour {
			w.t.Fatalf("not done after an hour: %s", w.describe())
		}
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}

// tell logs a row for scripts/measure: what was done, with how many requests and in which time, and both as ratios to the least that it takes.
func (w *world) tell(what string, requests, least int, took, soonest time.Duration) {
	w.t.Logf("row:%s\t%d\t%.2f\t%.2f s\t%.2f", what, requests, float64(requests)/float64(least), took.Seconds(), took.Seconds()/soonest.Seconds())
}

// waves is how long so many writes take.
func waves(n int) time.Duration { return time.Duration((n+rowAtOnce-1)/rowAtOnce) * rowLatency }

// What creates and destroys take, counted in requests and in virtual time, from the change of the file to the last saga's end; the pass after
// it counts too. It stays near the least: the writes, the time until a droplet is active, and ten requests.
func TestRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n                 int
		limits            simulator.Limits
		creates, destroys int // requests at most; 0: no matter
		created           time.Duration
		waits             time.Duration // for the limits
	}{
		{n: 10, limits: plenty, creates: 20, created: 7 * time.Second, destroys: 25},
		{n: 100, limits: plenty, creates: 115, created: 8 * time.Second},
		{n: 500, limits: plenty, created: 11 * time.Second},
		{n: 300, creates: 318, created: 71 * time.Second, waits: time.Minute},
	} {
		if tt.n > 100 && underRace {
			continue // a sweep: all of them are made without the race detector
		}
		name := fmt.Sprint(tt.n)
		if tt.waits > 0 {
			name += " under 250 a minute"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			thrifty(t, simulator.Options{Activation: rowActivation, Latency: rowLatency, Limits: tt.limits}, func(w *world, v *witness) {
				w.o.SyncSchedule, w.o.Concurrency = seldom, rowAtOnce
				w.edit(many(tt.n))
				w.start()
				took := w.whenDone(tt.n)
				time.Sleep(10 * time.Second) // the pass after it
				over := max(0, tt.n+rowBeside-250)
				soonest := rowBeside*rowLatency + waves(tt.n) + rowActivation
				if tt.waits > 0 {
					soonest = tt.waits + waves(over) + rowActivation + rowBeside*rowLatency
				}
				w.tell("create "+name, v.requests(), tt.n+rowBeside, took, soonest)
				if took > tt.created || tt.creates > 0 && v.requests() > tt.creates {
					t.Errorf("%d creates took %v and %d requests, want %v and %d: %v", tt.n, took, v.requests(), tt.created, tt.creates, v.kinds())
				}
				if n := v.answered(429); n > 0 {
					t.Errorf("%d requests were refused", n)
				}
				if tt.waits > 0 {
					return
				}

				time.Sleep(10 * time.Minute)
				before := v.requests()
				v.forget()
				w.edit(fleetOf())
				took = w.whenDone(0)
				time.Sleep(10 * time.Second)
				w.tell("destroy "+name, v.requests()-before, tt.n+rowBeside, took, waves(tt.n)+rowBeside*rowLatency)
				if took > 5*time.Second || tt.destroys > 0 && v.requests()-before > tt.destroys {
					t.Errorf("%d destroys took %v and %d requests: %v", tt.n, took, v.requests()-before, v.kinds())
				}
				w.check()
			})
		})
	}
}

// A destroy asks the operating system first, which takes two seconds in the simulator unless it is told otherwise. That is one more write for
// each droplet, and those seconds; it stays near that.
func TestRowsOfShutdowns(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n        int
		requests int // at most
		took     time.Duration
	}{
		{n: 10, requests: 40, took: 5 * time.Second},
		{n: 100, requests: 230, took: 5 * time.Second},
		{n: 500, requests: 1050, took: 9 * time.Second},
	} {
		if tt.n > 100 && underRace {
			continue
		}
		t.Run(fmt.Sprint(tt.n), func(t *testing.T) {
			t.Parallel()
			thrifty(t, simulator.Options{Activation: rowActivation, ActionTime: rowShutdown, Latency: rowLatency, Limits: plenty}, func(w *world, v *witness) {
				w.o.SyncSchedule, w.o.Concurrency = seldom, rowAtOnce
				w.edit(shuttingDown(many(tt.n)))
				w.start()
				w.whenDone(tt.n)
				time.Sleep(10 * time.Minute)
				before := v.requests()
				v.forget()
				w.edit(shuttingDown(fleetOf()))
				took := w.whenDone(0)
				time.Sleep(10 * time.Second)
				requests := v.requests() - before
				w.tell(fmt.Sprintf("destroy %d, shut down in 2 s", tt.n), requests, 2*tt.n+rowBeside, took, 2*waves(tt.n)+rowShutdown+rowBeside*rowLatency)
				if took > tt.took || requests > tt.requests || v.answered(429) > 0 {
					t.Errorf("%d destroys took %v and %d requests, %d were refused: %v", tt.n, took, requests, v.answered(429), v.kinds())
				}
				w.check()
			})
		})
	}
}

// A group of ten is replaced by batches of two, each of which is made, serves, and ends the old ones by a shutdown; or goes first and is made again.
func TestRowsOfReplaces(t *testing.T) {
	t.Parallel()
	const n, batch = 10, 2
	for _, tt := range []struct {
		order    string
		requests int // at most
		took     time.Duration
	}{
		{"create_first", 125, 60 * time.Second},
		{"destroy_first", 130, 62 * time.Second},
	} {
		t.Run(tt.order, func(t *testing.T) {
			t.Parallel()
			thrifty(t, simulator.Options{Activation: rowActivation, ActionTime: rowShutdown, Latency: rowLatency, Limits: plenty}, func(w *world, v *witness) {
				w.o.SyncSchedule, w.o.Concurrency = seldom, rowAtOnce
				group := func(size string) string {
					return shuttingDown(fleetOf(fmt.Sprintf("name: web, count: %d, size: %s, on_change: replace, replace: %s", n, size, tt.order)))
				}
				w.edit(group("s-1vcpu-1gb"))
				w.start()
				w.whenDone(n)
				time.Sleep(10 * time.Minute)
				before, began := v.requests(), time.Now()
				v.forget()
				w.edit(group("s-1vcpu-2gb"))
				for w.sized("s-1vcpu-2gb") != n || len(w.sim.Droplets()) != n || w.life.h.engine.Busy() {
					if time.Since(began) > time.Hour {
						t.Fatalf("not done after an hour: %s", w.describe())
					}
					time.Sleep(10 * time.Millisecond)
					synctest.Wait()
				}
				took := time.Since(began)
				time.Sleep(10 * time.Second)
				requests := v.requests() - before
				w.tell(fmt.Sprintf("replace %d, %s", n, tt.order), requests, 3*n+rowBeside, took, n/batch*(rowActivation+rowShutdown)+rowBeside*rowLatency)
				if took > tt.took || requests > tt.requests {
					t.Errorf("%d replaces took %v and %d requests: %v", n, took, requests, v.kinds())
				}
				w.check()
			})
		})
	}
}

// sized is how many droplets have that size.
func (w *world) sized(size string) (n int) {
	for _, d := range w.sim.Droplets() {
		if d.Size == size {
			n++
		}
	}
	return n
}

// shuttingDown is the fleet file with the shutdown that destroys have by default.
func shuttingDown(file string) string {
	return strings.Replace(file, ", destroy: {shutdown: false}", "", 1)
}

// The next process knows from the journal how long new droplets took, and looks accordingly.
func TestWhatDropletsTookOutlastsARestart(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 3 * time.Second}, func(w *world) {
		w.o.WaitInterval = 10 * time.Second
		w.edit(fleetOf("name: web, count: 4"))
		w.start()
		w.rest()
		w.edit(fleetOf("name: web, count: 5"))
		w.rest()
		w.stop()
		w.start()
		time.Sleep(time.Second)
		if first := time.Until(w.life.h.inventory.Active(time.Now())); first < 7*time.Second || first > 10*time.Second {
			t.Errorf("the first look comes after %v", first)
		}
	})
}
