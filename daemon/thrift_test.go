package daemon

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/reconcile"
	"arcadiad/simulator"
)

// plenty are limits that no test here comes near.
var plenty = simulator.Limits{Hour: 10_000_000, Minute: 500_000}

// thrifty runs a test in a world whose requests are seen.
func thrifty(t *testing.T, o simulator.Options, test func(w *world, v *witness)) {
	t.Helper()
	inWorld(t, o, func(w *world) {
		v := &witness{}
		w.wire = v.on
		test(w, v)
	})
}

// many is a fleet of n droplets.
func many(n int) string {
	var stanzas []string
	for i := 0; n > 0; i++ {
		stanzas = append(stanzas, fmt.Sprintf("name: %c, count: %d", 'a'+i, min(n, 1000)))
		n -= 1000
	}
	return fleetOf(stanzas...)
}

// settle waits until no saga runs, and tells how long that took. It asks the engine and not the plan: a pass costs requests.
func (w *world) settle(droplets int, most time.Duration) time.Duration {
	w.t.Helper()
	began := time.Now()
	for w.life.h.engine.Busy() || len(w.sim.Droplets()) != droplets {
		if time.Since(began) > most {
			w.t.Fatalf("not settled after %v: %s", most, w.describe())
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
	return time.Since(began)
}

// pagesOf is how many requests a whole listing of n droplets takes: the pages, and the list of the GPU droplets.
func pagesOf(n int) int { return max(1, (n+199)/200) + 1 }

// Creates and destroys cost one write each. Whatever else they need, they ask for together: no more than min(waiters, pages)
// requests at a tick.
func TestNothingIsAskedForEachDroplet(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10, 150, 500} {
		if n > 10 && underRace {
			continue // a sweep
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			thrifty(t, simulator.Options{Activation: time.Minute, Limits: plenty}, func(w *world, v *witness) {
				w.o.Concurrency = n // all writes of an edit go out in one moment
				w.edit(many(n))
				w.start()
				w.settle(n, time.Hour)
				w.rest()
				w.holdsTo(v, n, aCreate)

				v.forget()
				w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
				time.Sleep(time.Second)
				synctest.Wait()
				if got, want := v.kinds(), pagesOf(n); got[aPage] != want || got[account] != 1 || len(got) != 2 {
					t.Errorf("a pass at rest took %v, want the account and %d pages", got, want)
				}

				v.forget()
				w.edit(fleetOf())
				w.settle(0, time.Hour)
				w.rest()
				w.holdsTo(v, n, aDestroy)
				w.check()
			})
		})
	}
}

// holdsTo checks what was seen since forget: n writes of one kind, and no moment that asked more than it needed.
func (w *world) holdsTo(v *witness, n int, write what) {
	w.t.Helper()
	all := v.kinds()
	if all[write] != n || all[aCreate]+all[aDestroy] != n || all[other] != 0 || all[catalogue] > 2 {
		w.t.Errorf("%v, want %d of %s and no other write", all, n, write)
	}
	if lists := all[attachments]; lists != 0 && write == aCreate || lists != 3 && write == aDestroy {
		w.t.Errorf("%d requests for what hangs on the droplets; want 3 when some are destroyed, and none otherwise", lists)
	}
	for at, m := range v.moments() {
		// A pass begins with the account. One that makes something looks at the fleet's tag as well (law 7). A tick that shows that a
		// droplet is gone proves it by the account, once for all of them (law 6).
		passes := m[account]
		most := passes*pagesOf(n) + min(n, pagesOf(n))
		if m[aPage]+m[anID] > most || passes > 2 || m[aTagPage] > pagesOf(n)-1 {
			w.t.Errorf("%s: %v in one moment, want at most %d looks", at.Format(time.TimeOnly), m, most)
		}
	}
}

// Under the real limits the writes are the measure: the fleet is there within 5 % of what the limits less the reserve allow at best.
func TestCreatesTakeWhatTheLimitsAllow(t *testing.T) {
	t.Parallel()
	const activation, interval = 20 * time.Second, 5 * time.Second
	for i, tt := range []struct {
		name         string
		n, strangers int
		limits       simulator.Limits
		looks        int // requests that the looks of those who wait cannot do without
	}{
		{"for hours", 300, 0, simulator.Limits{Hour: 160, Minute: 8}, 0},
		{"a thousand", 1000, 0, simulator.Limits{}, 0},
		// As a thousand beside ten thousand under the real limits. Beside the creates there must be one look at them all, when the last
		// is active, and the turns that polls get in a rush under the limits: every 25th slot.
		{"beside many others", 100, 1000, simulator.Limits{Hour: 500, Minute: 25}, 7 + 100/24},
	} {
		if !visits(i) {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			thrifty(t, simulator.Options{Activation: activation, Limits: tt.limits, Latency: 50 * time.Millisecond}, func(w *world, v *witness) {
				for i := range tt.strangers {
					w.sim.Add(simulator.Droplet{Name: fmt.Sprint("theirs-", i)})
				}
				w.edit(many(tt.n))
				began := time.Now()
				w.start()
				w.settle(tt.n+tt.strangers, 12*time.Hour)
				took := time.Since(began)

				// An empty database looks twice before it creates anything, and once more by tag (law 7).
				before := 2*(1+pagesOf(tt.strangers)) + 1
				best := atBest(before+tt.n+tt.looks, tt.limits, 0.2) + activation + interval
				t.Logf("%d droplets took %v, at best %v; %v", tt.n, took, best, v.kinds())
				if took > best+best/20 {
					t.Errorf("%d droplets took %v, and the limits allow %v", tt.n, took, best)
				}
				if refused := v.answered(429); refused > 0 {
					t.Errorf("%d requests were refused with 429", refused)
				}
			})
		})
	}
}

// atBest is when the last of so many requests can go out, under rolling limits less the reserve, if nothing else is asked.
func atBest(requests int, l simulator.Limits, reserve float64) time.Duration {
	hour, minute := 5000, 250
	if l.Hour > 0 {
		hour, minute = l.Hour, l.Minute
	}
	hour, minute = int(float64(hour)*(1-reserve)), int(float64(minute)*(1-reserve))
	hours, rest := (requests-1)/hour, (requests-1)%hour
	return time.Duration(hours)*time.Hour + time.Duration(rest/minute)*time.Minute
}

// Days of edits, 500 changes on each, in an account that is shared, and not one 429. ARCADIAD_TEST_DAYS=30 makes it a month.
func TestDaysOfChanges(t *testing.T) {
	t.Parallel()
	days := 2
	if underRace {
		days = 1
	}
	if n, err := strconv.Atoi(os.Getenv("ARCADIAD_TEST_DAYS")); err == nil {
		days = n
	}
	thrifty(t, simulator.Options{Activation: 20 * time.Second}, func(w *world, v *witness) {
		const changes, edits, web = 500, 25, 30
		w.addForeign("theirs")
		w.edit(fleetOf(fmt.Sprintf("name: web, count: %d", web)))
		w.start()
		w.settle(1+web, time.Hour)
		before := w.sim.Writes()
		for edit := range days * edits { // up, and down again
			w.edit(fleetOf(fmt.Sprintf("name: web, count: %d", web+changes/edits*(1-edit%2))))
			v.forget()
			time.Sleep(24 * time.Hour / edits)
			synctest.Wait()
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: %d", web+changes/edits*(days*edits%2))))
		w.rest()
		t.Logf("%d days: %d requests, %d of them writes", days, v.requests(), w.sim.Writes()-before)
		if got := w.sim.Writes() - before; got < days*changes {
			t.Errorf("%d writes for %d changes", got, days*changes)
		}
		if n := v.answered(429); n > 0 {
			t.Errorf("%d requests of ours were refused with 429", n)
		}
		w.check()
	})
}

// What a plan says of its requests is right within a factor of two.
func TestEstimateOfRequests(t *testing.T) {
	t.Parallel()
	const web = "name: web, count: 5"
	for name, change := range map[string][2]string{
		"creates":  {fleetOf("name: db"), fleetOf("name: db", web)},
		"tags":     {fleetOf(web), fleetOf(web + ", tags: [x]")},
		"replaces": {fleetOf(web), fleetOf(web + ", image: debian-12-x64")},
		"resizes":  {fleetOf(web), fleetOf(web + ", size: s-2vcpu-2gb, resize: in_place")},
		"destroys": {fleetOf(web), fleetOf("name: web, count: 2")},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
				w.o.SyncSchedule = seldom
				w.edit(strings.ReplaceAll(change[0], "destroy: {shutdown: false}", "destroy: {shutdown: true}"))
				w.start()
				w.rest()
				w.sim.ResetRequests()
				w.edit(strings.ReplaceAll(change[1], "destroy: {shutdown: false}", "destroy: {shutdown: true}"))
				time.Sleep(time.Second)
				synctest.Wait()
				estimated := w.life.h.loop.Last().Outcome.Pass.Plan.Effort.Requests
				w.rest()
				used := len(w.sim.RequestLog())
				t.Logf("%s: estimated %d, used %d", name, estimated, used)
				if estimated > 2*used || used > 2*estimated {
					t.Errorf("estimated %d requests, and %d were used", estimated, used)
				}
			})
		})
	}
}
