package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// hours lets hours pass.
func (w *world) hours() {
	time.Sleep(time.Hour)
	synctest.Wait()
}

// alive says when a droplet is not there any more.
func (w *world) alive(id int64, why string) {
	w.t.Helper()
	if _, there := w.sim.Droplet(id); !there {
		w.t.Errorf("droplet %d was destroyed: %s\n%s", id, why, w.describe())
	}
}

// records are the records of a name.
func (w *world) records(name string) (records []fleet.Record) {
	w.t.Helper()
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	return slices.DeleteFunc(recorded.Records, func(r fleet.Record) bool { return fleet.Key(r.Name) != fleet.Key(name) })
}

// begun waits until a saga is live.
func (w *world) begun() saga.Saga {
	w.t.Helper()
	for range 10 * 60 * 10 {
		if live := w.life.h.engine.Live(); len(live) > 0 {
			return live[0]
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("no saga began: %s", w.describe())
	return saga.Saga{}
}

// replacing brings a replace of db so far that its new droplet is registered and the old one is not destroyed yet.
func replacing(t *testing.T, test func(w *world, old, fresh simulator.Droplet)) {
	t.Helper()
	inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
		w.edit(fleetOf("name: db", "name: web, count: 3"))
		w.start()
		w.rest()
		old := w.sim.Named("db")[0]
		w.edit(fleetOf("name: db, size: s-2vcpu-2gb", "name: web, count: 3"))
		for began := time.Now(); len(w.records("db")) < 2; time.Sleep(100 * time.Millisecond) {
			if time.Since(began) > 10*time.Minute {
				t.Fatalf("the new droplet was never registered: %s", w.describe())
			}
		}
		now := w.sim.Named("db")
		if len(now) != 2 || now[0].ID != old.ID {
			t.Fatalf("droplets %+v", now)
		}
		test(w, old, now[1])
	})
}

// A replace waits while its new droplet is being made. Protection added meanwhile ends it, and what it made goes; silence after that
// lifts nothing.
func TestLaw17ProtectionEndsAReplaceThatMakes(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 3 * time.Minute}, func(w *world) {
		w.edit(fleetOf("name: db"))
		w.start()
		w.rest()
		old := w.sim.Named("db")[0]
		w.edit(fleetOf("name: db, size: s-2vcpu-2gb"))
		time.Sleep(time.Minute)
		protected := w.version()
		protected.Fleet.Specs = slices.Clone(protected.Fleet.Specs)
		yes := true
		protected.Fleet.Specs[0].Protect = &yes
		w.must(w.life.h.loop.Executor.Protect(context.Background(), protected.Fleet)) // in force for a moment that no saga saw
		w.hours()
		w.alive(old.ID, "its record protects it")
		if now := w.sim.Named("db"); len(now) != 1 {
			t.Errorf("what the replace made is left: %+v", now)
		}
	})
	inWorld(t, simulator.Options{Activation: 3 * time.Minute}, func(w *world) {
		w.edit(fleetOf("name: db"))
		w.start()
		w.rest()
		old := w.sim.Named("db")[0]
		w.edit(fleetOf("name: db, size: s-2vcpu-2gb"))
		time.Sleep(time.Minute)
		w.edit(fleetOf("name: db, size: s-2vcpu-2gb, protect: true"))
		w.hours()
		w.alive(old.ID, "the file protects it")
		if now := w.sim.Named("db"); len(now) != 1 || !now[0].HasTag(fleet.ProtectTag) {
			t.Errorf("%+v", now)
		}
		if r := w.records("db"); len(r) != 1 || r[0].DropletID != old.ID || !r[0].Protect {
			t.Errorf("recorded: %+v", r)
		}
	})
}

// Protection added when the new droplet is registered keeps the old one, in service and recorded. The new one was registered: it loses
// its record, and is not destroyed for that.
func TestLaw17ProtectionEndsARegisteredReplace(t *testing.T) {
	t.Parallel()
	for i, how := range []string{"protected and silent again", "protected", "paused, protected, resumed"} {
		if !visits(i) {
			continue
		}
		replacing(t, func(w *world, old, fresh simulator.Droplet) {
			protected, silent := fleetOf("name: db, size: s-2vcpu-2gb, protect: true", "name: web, count: 3"), fleetOf("name: db, size: s-2vcpu-2gb", "name: web, count: 3")
			if how != "protected" {
				w.must(w.life.h.pause(context.Background(), true))
			}
			w.edit(protected)
			if how == "protected and silent again" {
				time.Sleep(time.Second)
				w.edit(silent)
			}
			if how != "protected" {
				time.Sleep(10 * time.Minute)
				w.must(w.life.h.pause(context.Background(), false))
			}
			w.hours()
			w.alive(old.ID, how)
			w.alive(fresh.ID, how+": it was registered")
			if r := w.records("db"); len(r) != 1 || r[0].DropletID != old.ID || !r[0].Protect {
				t.Errorf("%s: recorded: %+v", how, r)
			}
		})
	}
}

// Any other edit lets a registered replace go forward: its new droplet is never taken back.
func TestLaw17ARegisteredReplaceGoesForward(t *testing.T) {
	t.Parallel()
	for what, file := range map[string]string{
		"another size":   fleetOf("name: db, size: s-4vcpu-8gb", "name: web, count: 3"),
		"changed back":   fleetOf("name: db", "name: web, count: 3"),
		"other rules":    fleetOf("name: db, size: s-2vcpu-2gb, replace: destroy_first", "name: web, count: 3"),
		"another policy": strings.Replace(fleetOf("name: db, size: s-2vcpu-2gb", "name: web, count: 3"), "max_destroy: 100%", "max_destroy: 0", 1),
		"gone":           fleetOf("name: web, count: 3"),
	} {
		replacing(t, func(w *world, old, fresh simulator.Droplet) {
			id := w.begun().ID
			w.edit(file)
			w.hours()
			s, err := w.life.h.store.Saga(context.Background(), id)
			w.must(err)
			if _, there := w.sim.Droplet(old.ID); there || s.Status != saga.Completed {
				t.Errorf("%s: the saga is %s, and the old droplet is there: %v", what, s.Status, there)
			}
		})
	}
}

// Before the first DELETE a person may take back a replace: the old droplet stays, and so does the new one, which was registered.
func TestLaw13AnAbortIsAWayOut(t *testing.T) {
	t.Parallel()
	replacing(t, func(w *world, old, fresh simulator.Droplet) {
		w.must(w.life.h.pause(context.Background(), true))
		w.must(w.life.h.engine.Abort(context.Background(), w.begun().ID))
		w.edit(fleetOf("name: db, size: s-2vcpu-2gb, protect: true", "name: web, count: 3"))
		time.Sleep(5 * time.Minute)
		w.must(w.life.h.pause(context.Background(), false))
		w.hours()
		w.alive(old.ID, "the replace was aborted")
		w.alive(fresh.ID, "it was registered")
	})
	inWorld(t, simulator.Options{}, func(w *world) { // after it there is no way back
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		w.rest()
		w.sim.SetFaults(simulator.Faults{DeleteIgnored: true})
		w.edit(fleetOf("name: a"))
		for w.sim.Requests()["DELETE /v2/droplets/{id}"] == 0 {
			time.Sleep(100 * time.Millisecond)
		}
		if err := w.life.h.engine.Abort(context.Background(), w.begun().ID); !errors.Is(err, saga.ErrPivot) {
			t.Errorf("after a DELETE: %v", err)
		}
	})
}

// A destroy that waits goes by the droplet's id: the droplet is renamed in the console, and the file follows.
func TestLaw17ADestroySeesARenameThatTheFileFollows(t *testing.T) {
	t.Parallel()
	for _, protect := range []string{"", ", protect: true"} {
		inWorld(t, simulator.Options{Latency: 2 * time.Second}, func(w *world) {
			w.edit(fleetOf("name: db", "name: web, count: 3"))
			w.start()
			w.rest()
			db := w.sim.Named("db")[0]
			w.edit(fleetOf("name: web, count: 3"))
			w.begun()
			w.must(w.life.h.pause(context.Background(), true))
			time.Sleep(time.Minute)
			w.sim.Rename(db.ID, "database")
			w.edit(fleetOf("name: database"+protect, "name: web, count: 3"))
			time.Sleep(20 * time.Minute)
			w.must(w.life.h.pause(context.Background(), false))
			w.hours()
			w.alive(db.ID, "it is wanted as database")
			if r := w.records("database"); len(r) != 1 || r[0].DropletID != db.ID || r[0].Protect != (protect != "") {
				t.Errorf("recorded: %+v", r)
			}
		})
	}
}

// Protection is recorded when the file is in force: also while writes are paused, beside a saga that waits, and for a name whose create
// is under way.
func TestLaw09ProtectionIsRecordedWhateverIsUnderWay(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 5 * time.Minute}, func(w *world) {
		w.edit(fleetOf("name: a", "name: web, count: 3"))
		w.start()
		w.rest()
		a := w.sim.Named("a")[0]
		w.must(w.life.h.pause(context.Background(), true))
		w.edit(fleetOf("name: a, protect: true", "name: web, count: 3"))
		time.Sleep(time.Second)
		if r := w.records("a"); len(r) != 1 || !r[0].Protect {
			t.Errorf("under a pause: %+v", r)
		}
		w.edit(fleetOf("name: web, count: 3")) // before the tag could be put on
		time.Sleep(time.Minute)
		w.must(w.life.h.pause(context.Background(), false))
		w.hours()
		w.alive(a.ID, "it was protected, and silence lifts nothing")

		w.edit(fleetOf("name: b, size: s-2vcpu-2gb", "name: web, count: 3"))
		time.Sleep(time.Minute) // its create is under way
		w.edit(fleetOf("name: b, size: s-2vcpu-2gb, protect: true", "name: web, count: 3"))
		w.hours()
		if r, d := w.records("b"), w.sim.Named("b"); len(r) != 1 || !r[0].Protect || len(d) != 1 || !d[0].HasTag(fleet.ProtectTag) {
			t.Errorf("protected during its create: %+v, %+v", r, d)
		}
	})
}

// A replace that is held does not let its other half switch the droplet off.
func TestLaw17AHeldReplaceSwitchesNothingOff(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db, resize: in_place, protect: true", "name: web, count: 3"))
		w.start()
		w.rest()
		db := w.sim.Named("db")[0]
		w.edit(fleetOf("name: db, resize: in_place, protect: true, size: s-2vcpu-2gb, region: nyc3", "name: web, count: 3"))
		w.hours()
		if now, _ := w.sim.Droplet(db.ID); now.Size != db.Size || now.Region != db.Region {
			t.Errorf("it was changed: %+v", now)
		}
		for _, s := range w.sagas() {
			if s.Labels[fleet.LabelDowntime] == "true" {
				t.Errorf("saga %s switched it off", fleet.Saga8(s.ID))
			}
		}
	})
}

// moments counts the journal's writes and the API's requests, and does something at one of them.
type moments struct {
	mu   sync.Mutex
	n    int
	at   int
	act  func()
	sent bool // the intent of the first DELETE is written, or is being written
	late bool // it was, when something was done
}

func (m *moments) pass(sent bool) {
	m.mu.Lock()
	m.sent = m.sent || sent
	act := m.act
	if m.n == m.at {
		m.late = m.sent
	} else {
		act = nil
	}
	m.n++
	m.mu.Unlock()
	if act != nil {
		act()
	}
}

type momentsJournal struct {
	m *moments
	saga.Journal
}

func (j momentsJournal) Commit(ctx context.Context, s saga.Saga, rows []any) error {
	j.m.pass(strings.Contains(string(s.Context), `"sent":true`))
	return j.Journal.Commit(ctx, s, rows)
}

// Whenever a droplet is protected, until the first DELETE's intent, no DELETE follows: at each write of the journal and each request.
func TestLaw17ProtectAtEachMoment(t *testing.T) {
	t.Parallel()
	const plain, bigger = "name: db", "name: db, size: s-2vcpu-2gb"
	for name, tt := range map[string]struct{ before, after string }{
		"destroy":       {plain, ""},
		"replace":       {plain, bigger},
		"destroy_first": {plain + ", replace: destroy_first", bigger + ", replace: destroy_first"},
		"resize":        {plain + ", resize: in_place", bigger + ", resize: in_place"},
	} {
		for _, pause := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, paused %v", name, pause), func(t *testing.T) {
				t.Parallel()
				saved := 0
				for at := 0; ; at += stride() {
					passed := 0
					inWorld(t, simulator.Options{Latency: 100 * time.Millisecond}, func(w *world) {
						m := &moments{at: -1}
						w.wrap = func(s *sqlite.Store) (saga.Journal, reconcile.Store) { return momentsJournal{m, s}, s }
						file := func(stanza string) string {
							if stanza == "" {
								return fleetOf("name: web, count: 3")
							}
							return fleetOf(stanza, "name: web, count: 3")
						}
						w.edit(file(tt.before))
						w.start()
						w.rest()
						old := w.sim.Named("db")[0]
						deletes := w.sim.Requests()["DELETE /v2/droplets/{id}"]
						m.mu.Lock()
						m.n, m.at = 0, at
						m.act = func() {
							if pause {
								w.must(w.life.h.pause(context.Background(), true))
								time.AfterFunc(10*time.Minute, func() { w.must(w.life.h.pause(context.Background(), false)) })
							}
							stanza := tt.after
							if stanza == "" {
								stanza = plain
							}
							w.file = file(stanza + ", protect: true")
							w.life.h.loop.Follow(context.Background(), w.version())
						}
						m.mu.Unlock()
						w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
							m.pass(false)
							return on.RoundTrip(r)
						})
						w.edit(file(tt.after))
						time.Sleep(10 * time.Second)
						m.mu.Lock()
						done := m.n <= at // it was over before that moment, or went on by itself
						m.mu.Unlock()
						w.hours()
						passed = m.n
						if done && passed <= at {
							return
						}
						if !m.late {
							saved++
							w.alive(old.ID, fmt.Sprintf("protected at moment %d", at))
							if n := w.sim.Requests()["DELETE /v2/droplets/{id}"] - deletes; n > 0 && name != "replace" {
								t.Errorf("%d DELETEs", n)
							}
						}
					})
					if t.Failed() || passed <= at || at > 60 {
						break
					}
				}
				if saved < max(1, 5/stride()) {
					t.Errorf("only %d moments before the first DELETE", saved)
				}
			})
		}
	}
}

// Law 9: the protection of the file reaches a droplet by the name that it got in the console in the meantime, in the pass that sees it.
func TestLaw09ProtectionFollowsARenameInTheConsole(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db", "name: web"))
		w.start()
		w.rest()
		db := w.sim.Named("db")[0]
		w.must(w.life.h.pause(context.Background(), true))
		w.edit(fleetOf("name: web"))
		time.Sleep(time.Minute)
		w.sim.Rename(db.ID, "store")
		w.edit(fleetOf("name: store, protect: true", "name: web"))
		time.Sleep(time.Minute)
		w.edit(fleetOf("name: web"))
		time.Sleep(time.Minute)
		w.must(w.life.h.pause(context.Background(), false))
		w.hours()
		w.alive(db.ID, "it was protected as store for a minute")
	})
}
