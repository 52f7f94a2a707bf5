package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// carefulOf is fleetOf under a policy that destroys nothing unasked but leftovers.
func carefulOf(stanzas ...string) string {
	return strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 0", 1)
}

// held are the actions of the last plan that the rule holds.
func (w *world) held(rule string) (list []plan.Action) {
	for _, a := range w.life.h.loop.Last().Outcome.Pass.Plan.Actions {
		if a.Held && a.HeldBy == rule {
			list = append(list, a)
		}
	}
	return list
}

// stands demands that a droplet is still there.
func (w *world) stands(id int64, what string) {
	w.t.Helper()
	if _, there := w.sim.Droplet(id); !there {
		w.t.Errorf("droplet %d was destroyed: %s\n%s", id, what, w.describe())
	}
}

// until waits until something is so.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	for began := time.Now(); !so(); time.Sleep(100 * time.Millisecond) {
		synctest.Wait()
		if time.Since(began) > 2*time.Hour {
			w.t.Fatalf("not so after two hours: %s\n%s", what, w.describe())
		}
	}
}

// Somebody copies all the tags of one of ours onto a droplet of theirs: in the console, with doctl, with Terraform, by an autoscaler.
func TestLaw05CopiedTagsDestroyNothing(t *testing.T) {
	t.Parallel()
	for what, theirs := range map[string]simulator.Droplet{
		"under another name":       {Name: "web-1-debug"},
		"under its name":           {Name: "web-1"},
		"protected":                {Name: "web-1", Tags: []string{fleet.ProtectTag}},
		"protected, another name":  {Name: "x", Tags: []string{fleet.ProtectTag}},
		"under the name of others": {Name: "web-2"},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.edit(carefulOf("name: web, count: 3"))
				w.start()
				w.rest()
				theirs.Region, theirs.Tags = "syd1", slices.Concat(theirs.Tags, w.sim.Named("web-1")[0].Tags)
				made := w.sim.Add(theirs)
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				w.stands(made.ID, "no saga made it")
				if n := len(w.sim.Ended()); n != 0 {
					t.Errorf("%d droplets were destroyed", n)
				}
				p, said := w.lastPlan()
				if len(p.HeldBack()) != 1 || !strings.Contains(said, fmt.Sprint(made.ID)) {
					t.Errorf("nobody is told of it:\n%s", said)
				}
				if protected := slices.Contains(made.Tags, fleet.ProtectTag); protected != (len(w.held("protect")) == 1) || protected == (len(w.held("origin")) == 1) {
					t.Errorf("it is held by something else:\n%s", said)
				}
			})
		})
	}
}

// A person who approves the end of a copy ends that copy, and nothing else.
func TestLaw05ACopyIsDestroyedByApproval(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(carefulOf("name: web, count: 3"))
		w.start()
		w.rest()
		theirs := w.sim.Add(simulator.Droplet{Name: "web-1", Region: "syd1", Tags: w.sim.Named("web-1")[0].Tags})
		w.until("it is held", func() bool { return len(w.held("origin")) == 1 })
		w.must(w.life.h.approve(context.Background(), w.life.h.loop.Last().Outcome.Pass.Plan.ID))
		w.rest()
		w.check()
		if _, there := w.sim.Droplet(theirs.ID); there || len(w.sim.Ended()) != 1 {
			t.Errorf("the copy is there: %v; ended: %+v", there, w.sim.Ended())
		}
	})
}

// An answer that was lost, and found again by its tag, is the one droplet of its create: a copy of the tag is not another.
func TestLaw05FoundAndThenCopied(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(carefulOf("name: a"))
		w.start()
		w.rest()
		w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut().After()))
		w.edit(carefulOf("name: a", "name: db"))
		w.rest()
		db := w.sim.Named("db")[0]
		theirs := w.sim.Add(simulator.Droplet{Name: "db", Region: "syd1", Tags: db.Tags})
		time.Sleep(2 * time.Hour)
		w.stands(db.ID, "it is registered")
		w.stands(theirs.ID, "no saga made it")
		w.edit(carefulOf("name: a")) // and neither of them is, when nobody wants the name
		time.Sleep(2 * time.Hour)
		w.stands(db.ID, "max_destroy is 0")
		w.stands(theirs.ID, "no saga made it")
	})
}

// A create is held somewhere on its way, times out, and is carried out so much later. What it makes is a leftover where the name is taken or
// not desired any more, however late: the saga remembers that it sent it.
func TestLaw05APostThatLandsLate(t *testing.T) {
	t.Parallel()
	for i, late := range []time.Duration{3 * time.Minute, 10 * time.Minute, 24 * time.Hour, 8 * 24 * time.Hour, 100 * 24 * time.Hour} {
		if !visits(i) {
			continue
		}
		for _, then := range []string{"kept", "removed", "changed"} {
			t.Run(fmt.Sprintf("%s %s", late, then), func(t *testing.T) {
				inWorld(t, simulator.Options{Limits: simulator.Unlimited()}, func(w *world) {
					w.o.SyncSchedule = "0 */6 * * *"
					w.edit(fleetOf("name: a", "name: c"))
					w.start()
					w.rest()
					var held, landed atomic.Bool
					w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
						if r.Method != http.MethodPost || r.URL.Path != "/v2/droplets" || !held.CompareAndSwap(false, true) {
							return on.RoundTrip(r)
						}
						body, _ := io.ReadAll(r.Body)
						again := r.Clone(context.Background())
						again.Body = io.NopCloser(bytes.NewReader(body))
						go func() {
							time.Sleep(late)
							if resp, err := on.RoundTrip(again); err == nil {
								landed.Store(resp.StatusCode == http.StatusAccepted)
								resp.Body.Close()
							}
						}()
						<-r.Context().Done()
						return nil, errors.Join(r.Context().Err(), errors.New("timed out"))
					})
					w.edit(fleetOf("name: a", "name: b", "name: c"))
					time.Sleep(90 * time.Second)
					switch then {
					case "removed":
						w.edit(fleetOf("name: a", "name: c"))
					case "changed":
						w.edit(fleetOf("name: a", "name: b, size: s-2vcpu-2gb", "name: c"))
					}
					time.Sleep(20 * time.Minute)
					before := w.sim.Named("b")
					time.Sleep(late + 13*time.Hour)
					synctest.Wait()
					want := 1
					if then == "removed" {
						want = 0
					}
					if now := w.sim.Named("b"); !landed.Load() || len(now) != want {
						t.Errorf("landed: %v; %d droplets b, want %d\n%s", landed.Load(), len(now), want, w.describe())
					} else if late > time.Hour && want == 1 && now[0].ID != before[0].ID {
						t.Errorf("b was %d, and is %d", before[0].ID, now[0].ID)
					}
				})
			})
		}
	}
}

// Tags may come very late. A droplet whose id was in the answer to our create is ours without them, and is not destroyed for lacking them.
func TestLaw01TagsThatComeLate(t *testing.T) {
	t.Parallel()
	for i, late := range []time.Duration{9 * time.Minute, time.Minute, 15 * time.Minute, 50 * time.Minute} {
		if !visits(i) {
			continue
		}
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answer lost: %v", late, lost), func(t *testing.T) {
				inWorld(t, simulator.Options{}, func(w *world) {
					w.edit(fleetOf("name: a"))
					w.start()
					w.rest()
					w.sim.SetFaults(simulator.Faults{TagVisibleAfter: late})
					if lost {
						w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Cut().After()))
					}
					w.edit(fleetOf("name: a", "name: b"))
					w.rest()
					w.check()
					if w.posts() != 2 || w.deletes() != 0 {
						t.Errorf("%d creates for two droplets, %d destroys", w.posts(), w.deletes())
					}
				})
			})
		}
	}
	t.Run("never", func(t *testing.T) {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.edit(fleetOf("name: a"))
			w.start()
			w.rest()
			w.sim.SetFaults(simulator.Faults{TagVisibleAfter: 5 * time.Hour})
			w.edit(fleetOf("name: a", "name: b"))
			time.Sleep(3 * time.Hour)
			live := w.life.h.engine.Live()
			if w.posts() != 2 || w.deletes() != 0 || len(live) != 1 || !strings.Contains(live[0].Error, "shows none of its tags") {
				t.Errorf("%d creates, %d destroys, sagas %+v", w.posts(), w.deletes(), live)
			}
			w.sim.SetFaults(simulator.Faults{})
			w.rest()
			w.check()
		})
	})
}

// The protection of the file does not cover a leftover, which nothing was ever kept on; the tag is put on with the registration.
func TestLaw05ALeftoverUnderAProtectedName(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.sim.SetFaults(simulator.Faults{ActionErrored: true})
		w.edit(carefulOf("name: db, protect: true"))
		w.start()
		w.until("the create failed", func() bool { return len(w.sim.Ended()) > 0 })
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
		db := w.sim.Named("db")
		if len(db) != 1 || !db[0].HasTag(fleet.ProtectTag) {
			t.Errorf("db: %+v", db)
		}
		for _, d := range w.sim.Ended() {
			if d.HasTag(fleet.ProtectTag) {
				t.Errorf("droplet %d was destroyed under its protection", d.ID)
			}
		}
	})
}

// What a person gave back stays given back, though another tool puts the same tags on again. A person can have it back.
func TestLaw16WhatWasReleasedStaysReleased(t *testing.T) {
	t.Parallel()
	for _, desired := range []bool{false, true} {
		inWorld(t, simulator.Options{}, func(w *world) {
			without, with := carefulOf("name: web, count: 5"), carefulOf("name: db", "name: web, count: 5")
			w.edit(with)
			w.start()
			w.rest()
			db := w.sim.Named("db")[0]
			w.must(w.life.h.pause(context.Background(), true))
			if !desired {
				w.edit(without)
			}
			time.Sleep(time.Minute)
			w.hand(plan.Release, "db")
			w.must(w.life.h.pause(context.Background(), false))
			time.Sleep(time.Hour)
			for _, tag := range db.Tags {
				w.sim.Tag(db.ID, tag)
			}
			writes := w.sim.Writes()
			time.Sleep(2 * time.Hour)
			synctest.Wait()
			w.stands(db.ID, "a person released it")
			if n := w.sim.Writes() - writes; n != 0 {
				t.Errorf("%d writes since its tags show again", n)
			}
			for _, r := range w.resources() {
				if r.DropletID == db.ID && r.Recorded != desired { // its name is kept for it while the file wants that
					t.Errorf("wanted %v: it is recorded: %v", desired, r.Recorded)
				}
			}
			if _, said := w.lastPlan(); !strings.Contains(said, "released") {
				t.Errorf("nobody is told:\n%s", said)
			}
			w.edit(with)
			if !desired { // another is made, because nothing stands for the name
				w.until("db is made", func() bool { return len(w.sim.Named("db")) == 2 })
				return
			}
			time.Sleep(time.Minute)
			w.hand(plan.TakeOver, "db")
			w.rest()
			w.check()
		})
	}
}

// copyOf is another machine with a copy of the state as it was.
func (w *world) copyOf(files []string) *world {
	second := &world{t: w.t, sim: w.sim, o: w.o, log: w.log, file: w.file}
	second.o.State = filepath.Join(fastDir(w.t), filepath.Base(w.o.State))
	second.restore(files)
	return second
}

// backedUp is the state as `arcadiad backup` saves it at this moment.
func (w *world) backedUp() []string {
	w.t.Helper()
	path := filepath.Join(fastDir(w.t), "backup.db")
	w.must(w.life.store.Backup(context.Background(), path))
	content, err := os.ReadFile(path)
	w.must(err)
	return []string{filepath.Base(w.o.State) + "\x00" + string(content)}
}

// Two live copies of one state do not destroy each other's droplets, wherever its saga stood when it was copied.
func TestLaw16TwoCopiesOfOneState(t *testing.T) {
	t.Parallel()
	for how, script := range map[string]simulator.Effect{
		"before the create": simulator.Refuse(), "refused for now": simulator.TooMany(time.Minute), "answer lost": simulator.Cut().After(),
		"under way": simulator.Pass(), "hanging": simulator.Hang().After(),
	} {
		for i, after := range []time.Duration{50 * time.Millisecond, time.Second, 20 * time.Second} {
			if !visits(i) {
				continue
			}
			t.Run(fmt.Sprintf("%s, %s", how, after), func(t *testing.T) {
				inWorld(t, simulator.Options{Activation: 40 * time.Second}, func(w *world) {
					w.edit(fleetOf("name: web, count: 3"))
					w.start()
					w.rest()
					w.must(w.sim.Script("POST /v2/droplets", 1, script))
					w.edit(fleetOf("name: web, count: 3", "name: db"))
					w.until("it is begun", func() bool { return len(w.life.h.engine.Live()) == 1 })
					time.Sleep(after)
					w.stop()
					second := w.copyOf(w.files())
					w.start()
					second.start()
					defer second.stop()
					time.Sleep(12 * time.Hour)
					synctest.Wait()
					if n := len(w.sim.Ended()); n > 1 {
						t.Errorf("%d droplets were destroyed", n)
					}
					w.check()
					second.check()
				})
			})
		}
	}
}

// A state of seconds ago, from a snapshot of the volume or a replica, does not send again what was sent since.
func TestLaw16ARestoredCopyLooksFirst(t *testing.T) {
	t.Parallel()
	for _, marked := range []bool{false, true} {
		inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
			w.edit(fleetOf("name: web, count: 3"))
			w.start()
			w.rest()
			w.must(w.sim.Script("POST /v2/droplets", 1, simulator.Refuse())) // it waits five seconds for its next try
			w.edit(fleetOf("name: web, count: 3", "name: db, protect: true"))
			w.until("it is begun", func() bool { return len(w.life.h.engine.Live()) == 1 })
			time.Sleep(time.Second)
			synctest.Wait()
			files := w.files()
			if marked {
				files = w.backedUp()
			}
			w.rest()
			db := w.sim.Named("db")[0]
			w.stop()
			w.restore(files)
			w.start()
			w.rest()
			w.check()
			if now := w.sim.Named("db"); len(now) != 1 || now[0].ID != db.ID || w.posts() != 4 || len(w.sim.Ended()) != 0 {
				t.Errorf("marked %v: db was %d, and is %+v; %d creates for 4 droplets", marked, db.ID, now, w.posts())
			}
		})
	}
}

// A backup that is taken while forty creates are under way, and restored when all forty are up: no create is sent twice, and nothing is
// destroyed. The first listings after the restore may be late, too.
func TestLaw16ABackupOfFortyCreates(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, 90 * time.Second} {
		for _, after := range []time.Duration{time.Second, 3 * time.Second, 10 * time.Second} {
			inWorld(t, simulator.Options{Activation: 40 * time.Second, Latency: time.Second}, func(w *world) {
				w.edit(fleetOf("name: web, count: 40"))
				w.start()
				w.until("all are begun", func() bool { return w.life != nil && len(w.life.h.engine.Live()) == 40 })
				time.Sleep(after)
				files := w.backedUp()
				begun := w.posts()
				w.until("all are made", func() bool { return w.posts() == 40 })
				if lag == 0 {
					w.rest()
				} else { // restored at once, while nothing that was just made is listed yet
					w.sim.SetFaults(simulator.Faults{ListVisibleAfter: lag, TagVisibleAfter: lag})
				}
				w.stop()
				w.restore(files)
				w.start()
				w.rest()
				w.check()
				if w.posts() != 40 || len(w.sim.Ended()) != 0 {
					t.Errorf("backed up with %d of 40 creates sent: %d were sent in the end, and %d droplets were destroyed", begun, w.posts(), len(w.sim.Ended()))
				}
			})
		}
	}
}

// A backup that caught a replace is restored a week later, under a file that asks for another image by now. The droplet that serves is not
// destroyed by the saga that once made it.
func TestLaw16ABackupThatCaughtAReplace(t *testing.T) {
	t.Parallel()
	for _, when := range []time.Duration{time.Second, 20 * time.Second, 45 * time.Second} {
		for _, moved := range []bool{false, true} { // the file moved on, and was carried out, before the restore
			inWorld(t, simulator.Options{Activation: 40 * time.Second}, func(w *world) {
				w.o.SyncSchedule = "0 */6 * * *"
				w.edit(carefulOf("name: db", "name: web, count: 8"))
				w.start()
				w.rest()
				old := w.sim.Named("db")[0]
				file := func(image string) string { return fleetOf("name: db, image: "+image, "name: web, count: 8") }
				w.edit(file("debian-12-x64"))
				w.until("the replace is begun", func() bool { return len(w.life.h.engine.Live()) == 1 })
				time.Sleep(when)
				files := w.backedUp()
				w.rest()
				if moved {
					w.edit(file("debian-13-x64"))
					w.rest()
				}
				time.Sleep(7 * 24 * time.Hour)
				db := w.sim.Named("db")[0]
				w.stop()
				w.restore(files)
				w.file = strings.Replace(file("debian-13-x64"), "max_destroy: 100%", "max_destroy: 0", 1)
				w.start()
				time.Sleep(13 * time.Hour)
				synctest.Wait()
				w.stands(db.ID, "it serves, and max_destroy is 0")
				if _, there := w.sim.Droplet(old.ID); there {
					t.Error("the story is another one")
				}
				w.edit(file("debian-13-x64"))
				w.rest()
				w.check()
			})
		}
	}
}

// An original that was taken for gone shows again when its successor is registered: it is not destroyed because another has its name.
func TestLaw05AnOriginalThatShowsAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(carefulOf("name: db, protect: true", "name: web, count: 5"))
		w.start()
		w.rest()
		db := w.sim.Named("db")[0]
		hidden := []string{fmt.Sprint(db.ID)}
		w.sim.SetFaults(simulator.Faults{HiddenFromLists: hidden, HiddenFromGet: hidden})
		w.until("its successor is made", func() bool { return len(w.sim.Named("db")) == 2 })
		time.Sleep(10 * time.Minute)
		w.sim.SetFaults(simulator.Faults{})
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		w.stands(db.ID, "it was registered once")
		if n := len(w.sim.Ended()); n != 0 || len(w.held("protect")) != 1 {
			t.Errorf("%d destroyed; %s", n, w.describe())
		}
		w.sim.Untag(db.ID, fleet.ProtectTag)
		time.Sleep(time.Hour)
		w.stands(db.ID, "it was registered once")
		if held := w.held("origin"); len(held) != 1 || !strings.Contains(held[0].HeldReason, "was registered before") {
			t.Errorf("held by origin: %+v", held)
		}
	})
}
