package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// manager is a service manager that writes down what it is told.
type manager struct {
	mu   sync.Mutex
	told []string // assignments, in order
	at   map[string]time.Time
}

func (m *manager) notify(assignments string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == nil {
		m.at = map[string]time.Time{}
	}
	for _, a := range strings.Split(assignments, "\n") {
		m.told = append(m.told, a)
		name, _, _ := strings.Cut(a, "=")
		m.at[name] = time.Now()
	}
	return nil
}

// heard gives the assignments of that name, in order.
func (m *manager) heard(name string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.told), func(a string) bool { return !strings.HasPrefix(a, name+"=") })
}

// last gives the last assignment of that name; empty: none.
func (m *manager) last(name string) string {
	if all := m.heard(name); len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// supervised runs a test in a world whose daemon has a service manager with a watchdog of three minutes.
func supervised(t *testing.T, o simulator.Options, test func(w *world, m *manager)) {
	t.Helper()
	inWorld(t, o, func(w *world) {
		m := &manager{}
		w.o.Notify, w.o.Watchdog = m.notify, 3*time.Minute
		test(w, m)
	})
}

func TestReadyWhenTheFirstPassIsPlanned(t *testing.T) {
	t.Parallel()
	supervised(t, simulator.Options{Latency: 20 * time.Second}, func(w *world, m *manager) {
		w.edit(fleetOf("name: web, count: 2"))
		w.start()
		time.Sleep(30 * time.Second) // the look at the account takes longer
		synctest.Wait()
		if m.last("READY") != "" || !strings.HasPrefix(m.last("EXTEND_TIMEOUT_USEC"), "EXTEND_TIMEOUT_USEC=") {
			t.Errorf("before the first pass has ended: %q", m.told)
		}
		if got := m.last("STATUS"); got != "STATUS=test: looking at the account for the first time" {
			t.Errorf("status: %q", got)
		}
		w.rest()
		if ready := m.heard("READY"); len(ready) != 1 {
			t.Errorf("ready %d times, want once", len(ready))
		}
		time.Sleep(time.Minute)
		if got := m.last("STATUS"); !strings.HasPrefix(got, "STATUS=test: 2 as desired; last pass ") {
			t.Errorf("status at rest: %q", got)
		}
		w.stop()
		if m.last("STOPPING") == "" {
			t.Errorf("it stopped without a word: %q", m.told)
		}
	})
}

// A first pass that fails makes the service ready too: it tries again, and says so.
func TestReadyThoughTheAPIIsDown(t *testing.T) {
	t.Parallel()
	supervised(t, simulator.Options{}, func(w *world, m *manager) {
		w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"account:read"}})
		w.edit(fleetOf("name: web"))
		w.start()
		time.Sleep(time.Minute)
		synctest.Wait()
		if m.last("READY") == "" || !strings.Contains(m.last("STATUS"), "failed, trying again: ") {
			t.Errorf("told: %q", m.told)
		}
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
	})
}

// The watchdog is fed by a daemon that works and by one that rests, through creates that take an hour and days without work.
func TestWatchdogIsFed(t *testing.T) {
	t.Parallel()
	long := 26 * time.Hour
	if underRace {
		long = 3 * time.Hour
	}
	supervised(t, simulator.Options{Activation: 50 * time.Minute}, func(w *world, m *manager) {
		w.edit(fleetOf("name: slow"))
		w.start()
		for began := time.Now(); time.Since(began) < long; {
			time.Sleep(time.Minute)
			synctest.Wait()
			m.mu.Lock()
			silent := time.Since(m.at["WATCHDOG"])
			m.mu.Unlock()
			if silent > w.o.Watchdog {
				t.Fatalf("no sign of life for %v after %v: %v", silent, time.Since(began), w.life.h.hung())
			}
		}
		w.check()
	})
}

// block is a wall that calls run against until it is taken away.
type block struct{ gone chan struct{} }

func (b block) wait() { <-b.gone }

type blockedJournal struct {
	saga.Journal
	block
}

func (j blockedJournal) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	j.wait()
	return j.Journal.Commit(ctx, s, rows)
}

type blockedStore struct {
	reconcile.Store
	block
}

func (s blockedStore) Save(ctx context.Context, o fleet.Observed) error {
	s.wait()
	return s.Store.Save(ctx, o)
}

// A commit that never returns, or a pass that nothing comes of, starves the watchdog, and says what hangs.
func TestWatchdogStarvesWhenSomethingHangs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		what string
		wrap func(*sqlite.Store, block) (saga.Journal, reconcile.Store)
		want string
	}{
		{"a saga's commit", func(s *sqlite.Store, b block) (saga.Journal, reconcile.Store) { return blockedJournal{s, b}, s }, "commit a step"},
		{"a pass", func(s *sqlite.Store, b block) (saga.Journal, reconcile.Store) { return s, blockedStore{s, b} }, "save the observation"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, simulator.Options{})
				m := &manager{}
				w.o.Notify, w.o.Watchdog = m.notify, 3*time.Minute
				wall := block{make(chan struct{})}
				w.wrap = func(s *sqlite.Store) (saga.Journal, reconcile.Store) { return tt.wrap(s, wall) }
				w.edit(fleetOf("name: web"))
				w.start()
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				m.mu.Lock()
				silent := time.Since(m.at["WATCHDOG"])
				m.mu.Unlock()
				if silent <= w.o.Watchdog {
					t.Errorf("the watchdog was fed %v ago", silent)
				}
				if err := w.life.h.hung(); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("hung: %v, want it to name %q", err, tt.want)
				}
				if !strings.HasPrefix(m.last("STATUS"), "STATUS=Hangs: ") {
					t.Errorf("status: %q", m.last("STATUS"))
				}
				close(wall.gone)
				w.rest()
				if err := w.life.h.hung(); err != nil {
					t.Errorf("at rest again: %v", err)
				}
				w.stop()
			})
		})
	}
}

// The watchdog alone: work that nothing comes of, a pass that is due, and what excuses.
func TestWatchdog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(p *watchdog)
		held bool
		hung bool
	}{
		{"rest", func(*watchdog) { time.Sleep(time.Hour) }, false, false},
		{"a saga whose step nothing comes of", func(p *watchdog) { p.begin("saga"); time.Sleep(workPatience + time.Minute) }, false, true},
		{"one that a rate limit holds", func(p *watchdog) { p.begin("saga"); time.Sleep(time.Hour) }, true, false},
		{"one that ended", func(p *watchdog) { p.begin("saga"); p.end("saga"); time.Sleep(time.Hour) }, false, false},
		{"one that wrote its intent lately", func(p *watchdog) { p.begin("saga"); time.Sleep(time.Hour); p.sign() }, false, false},
		{"a pass that is due", func(p *watchdog) { p.scheduled(time.Now(), 15*time.Minute); time.Sleep(26 * time.Minute) }, false, true},
		{"a pass that came", func(p *watchdog) {
			p.scheduled(time.Now(), 15*time.Minute)
			time.Sleep(16 * time.Minute)
			p.scheduled(time.Now(), 15*time.Minute)
			time.Sleep(20 * time.Minute)
		}, false, false},
		{"a call that returned", func(p *watchdog) { p.database("load")(); time.Sleep(time.Hour) }, false, false},
		{"a call that did not, whatever the rate limit", func(p *watchdog) { p.database("load"); time.Sleep(callPatience + time.Second) }, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newWatchdog(workPatience)
				tt.do(p)
				if err := p.hung(0, tt.held); (err != nil) != tt.hung {
					t.Errorf("hung: %v, want one: %v", err, tt.hung)
				}
			})
		})
	}
	t.Run("requests are signs of life", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newWatchdog(workPatience)
			p.begin("saga")
			for sent := range int64(100) {
				time.Sleep(time.Minute)
				if err := p.hung(sent, false); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// What needs a person stands in the status.
func TestStatusNamesWhatNeedsAPerson(t *testing.T) {
	t.Parallel()
	supervised(t, simulator.Options{}, func(w *world, m *manager) {
		status := func(want string) {
			t.Helper()
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := m.last("STATUS"); !strings.Contains(got, want) {
				t.Errorf("status: %q, want it to say %q", got, want)
			}
		}
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		w.edit(strings.Replace(fleetOf(), "100%", "1", 1))
		status("3 held (arcadiad plan)")
		w.edit("version: 1\nfleet: test\ndroplets: web\n")
		status("the fleet file is not usable (")
		w.must(w.life.h.pause(context.Background(), true))
		status("paused (arcadiad resume)")
		w.o.Notify = nil
	})
}

func TestManagerThatDoesNotListen(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.Notify = func(string) error { return errors.New("nobody there") }
		w.edit(fleetOf("name: web"))
		w.start()
		w.rest()
		w.check()
	})
}

// What is over leaves the database by itself, and what is needed stays.
func TestDaemonTidies(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SyncSchedule = seldom
		w.edit(fleetOf("name: stays", "name: goes"))
		w.start()
		w.rest()
		w.edit(fleetOf("name: stays"))
		w.rest()
		w.stop()
		names := func() string {
			var all []string
			for _, s := range w.sagas() {
				all = append(all, s.Subject)
			}
			return fmt.Sprint(all)
		}
		before := names()
		time.Sleep(80 * day)
		w.start()
		time.Sleep(2 * day)
		if got := names(); got != before {
			t.Errorf("sagas after 80 days: %s, want %s", got, before)
		}
		time.Sleep(10 * day)
		if got := names(); got != "[stays]" {
			t.Errorf("sagas after 90 days: %s, want those of what stays", got)
		}
		w.rest()
		w.check()
		w.stop()
		w.o.KeepDeleted = day
		w.start()
		time.Sleep(day)
		if got := w.resources(); len(got) != 1 || got[0].Name != "stays" {
			t.Errorf("rows of droplets: %+v", got)
		}
	})
}
