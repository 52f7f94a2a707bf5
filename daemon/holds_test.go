package daemon

import (
	"context"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/simulator"
)

// lost counts the droplets that are not there any more.
func (w *world) lost(before []simulator.Droplet) (n int) {
	for _, d := range before {
		if _, there := w.sim.Droplet(d.ID); !there {
			n++
		}
	}
	return n
}

// Law 9: an approval that nobody acted on for days, about max_destroy, does not destroy what got a volume since.
func TestLaw09AnApprovalIsForWhatWasSeen(t *testing.T) {
	t.Parallel()
	for _, later := range []time.Duration{time.Hour, 72 * time.Hour} {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.edit(careful("name: db", "name: web, count: 3"))
			w.start()
			w.rest()
			w.edit(careful("name: web, count: 2")) // 2 of 4
			time.Sleep(time.Minute)
			p := w.life.h.loop.Last().Outcome.Pass.Plan
			if p.Summary.Held != 2 {
				t.Fatalf("%+v", p.Summary)
			}
			w.stop()
			w.must(Approve(context.Background(), w.o, p.ID))
			db := w.sim.Named("db")[0]
			time.Sleep(later)
			w.sim.AttachVolume(db.ID)
			w.start()
			w.hours()
			if _, there := w.sim.Droplet(db.ID); !there {
				t.Errorf("after %s: db was destroyed with a volume that nobody saw", later)
			}
		})
	}
}

// Law 9: beside a daemon the approval is for each action: one that joins the plan, or a volume, does not undo what a person let through,
// and is not let through with it.
func TestLaw09AnApprovalStaysWithItsActions(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(careful("name: web, count: 6"))
		w.start()
		w.rest()
		w.edit(careful("name: web, count: 3"))
		time.Sleep(time.Minute)
		held := w.life.h.loop.Last().Outcome.Pass.Plan
		w.must(w.life.h.pause(context.Background(), true))
		w.must(w.life.h.approve(context.Background(), held.ID))
		five := w.sim.Named("web-5")[0]
		w.sim.AttachVolume(five.ID)
		w.edit(careful("name: web, count: 1"))
		time.Sleep(time.Minute)
		w.must(w.life.h.pause(context.Background(), false))
		w.hours()
		for name, want := range map[string]int{"web-2": 1, "web-3": 1, "web-4": 0, "web-5": 1, "web-6": 0} {
			if n := len(w.sim.Named(name)); n != want {
				t.Errorf("%d droplets %s, want %d", n, name, want)
			}
		}
	})
}

// Law 9: what a later version of the file puts back is no longer approved, also within the day and when that version was in force for a
// moment only.
func TestLaw09APutBackWithdrawsTheApproval(t *testing.T) {
	t.Parallel()
	for _, long := range []time.Duration{0, time.Hour} {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.edit(careful("name: web, count: 6"))
			w.start()
			w.rest()
			before := w.sim.Droplets()
			w.edit(careful("name: web, count: 3"))
			time.Sleep(time.Minute)
			w.must(w.life.h.pause(context.Background(), true))
			w.must(w.life.h.approve(context.Background(), w.life.h.loop.Last().Outcome.Pass.Plan.ID))
			time.Sleep(time.Minute)
			w.edit(careful("name: web, count: 6"))
			time.Sleep(long)
			w.edit(careful("name: web, count: 3"))
			time.Sleep(time.Minute)
			w.must(w.life.h.pause(context.Background(), false))
			w.hours()
			if n := w.lost(before); n != 0 {
				t.Errorf("put back for %s: %d droplets were destroyed by an approval of what was asked before", long, n)
			}
		})
	}
}

// Law 9: a reserved IP that a person assigns while a destroy waits holds it like one that was there before.
func TestLaw09AReservedIPHoldsADestroyThatWaits(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Latency: time.Second}, func(w *world) {
		w.edit(fleetOf("name: db", "name: web"))
		w.start()
		w.rest()
		db := w.sim.Named("db")[0]
		w.edit(fleetOf("name: web"))
		w.begun()
		w.must(w.life.h.pause(context.Background(), true))
		time.Sleep(time.Minute)
		w.alive(db.ID, "writes are paused")
		w.sim.ReserveIP(db.ID)
		time.Sleep(time.Hour)
		w.must(w.life.h.pause(context.Background(), false))
		w.hours()
		w.alive(db.ID, "it has a reserved IP")
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		if len(p.Actions) != 1 || p.Actions[0].HeldBy != "reserved_ip" {
			t.Fatalf("%+v", p.Actions)
		}
		w.must(w.life.h.approve(context.Background(), p.ID))
		w.hours()
		if _, there := w.sim.Droplet(db.ID); there {
			t.Error("it was approved with its address, and is still there")
		}
		w.stop()
		time.Sleep(time.Minute)
	})
}

// Law 9: a yes is for the plan that its caller was shown, whatever others were shown since.
func TestLaw09AYesIsForWhatWasShown(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(careful("name: web, count: 4"))
		w.start()
		w.rest()
		h := w.life.h
		shown := func(stanza string) plan.Plan {
			w.edit(careful("name: web, count: 4", stanza))
			time.Sleep(5 * time.Second)
			p, err := h.loop.Preview(context.Background(), true)
			w.must(err)
			h.shown.Store(&p.Plan)
			return p.Plan
		}
		w.sim.SetFaults(simulator.Faults{Size422: true}) // what is planned fails, and stays planned
		first := shown("name: big, size: s-2vcpu-2gb")
		second := shown("name: huge, size: s-2vcpu-2gb")
		if out, err := h.passAgreed(context.Background(), first.ID); err == nil || len(out.Started) > 0 {
			t.Errorf("a yes to %s carried out %s", first.ID, out.Pass.Plan.ID)
		}
		if out, err := h.passAgreed(context.Background(), "0123456789ab"); err == nil || len(out.Started) > 0 {
			t.Errorf("a yes to a plan that was never shown carried out %s", out.Pass.Plan.ID)
		}
		if out, err := h.passAgreed(context.Background(), second.ID); err != nil || len(out.Started) != 1 {
			t.Errorf("a yes to %s: %v, started %d", second.ID, err, len(out.Started))
		}
	})
}

// Law 9: with the default policy no edit takes a whole small fleet unasked.
func TestLaw09ASmallFleetIsNotTakenUnasked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ before, after []string }{
		"emptied":            {[]string{"name: db"}, nil},
		"counted to none":    {[]string{"name: db, count: 1"}, []string{"name: db, count: 0"}},
		"renamed":            {[]string{"name: db"}, []string{"name: database"}},
		"counted now":        {[]string{"name: db"}, []string{"name: db, count: 1"}},
		"one of two renamed": {[]string{"name: db", "name: web"}, []string{"name: database", "name: web"}},
		"two emptied":        {[]string{"name: db", "name: web"}, nil},
		"all of it is new":   {[]string{"name: db"}, []string{"name: db, region: nyc3, size: s-2vcpu-2gb, image: debian-12-x64"}},
		"misspelt was":       {[]string{"name: db", "name: web"}, []string{"name: database, was: dv, size: s-2vcpu-2gb", "name: web"}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.edit(careful(tt.before...))
				w.start()
				w.rest()
				before := w.sim.Droplets()
				w.edit(careful(tt.after...))
				w.hours()
				if n := w.lost(before); n > 0 {
					t.Errorf("%d of %d droplets were destroyed unasked", n, len(before))
				}
				if n := len(w.sim.Droplets()); n > len(before) {
					t.Errorf("%d droplets, were %d: one half of a rename went ahead", n, len(before))
				}
			})
		})
	}
}

// Law 9: what somebody changes outside arcadiad, one droplet after the other, replaces no more than max_destroy, until a person approves.
func TestLaw09CorrectionsDoNotTrickle(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 20 * time.Second}, func(w *world) {
		w.edit(strings.Replace(careful("name: web, count: 12"), "max_destroy: 25%", "max_destroy: 25%, drift: replace", 1))
		w.start()
		w.rest()
		before := w.sim.Droplets()
		for _, d := range before {
			w.sim.Resize(d.ID, "s-2vcpu-2gb")
			w.look()
			time.Sleep(2 * time.Minute)
		}
		w.hours()
		if n := w.lost(before); n != 3 {
			t.Errorf("%d of 12 droplets were replaced, want 3", n)
		}
		w.must(w.life.h.approve(context.Background(), w.life.h.loop.Last().Outcome.Pass.Plan.ID))
		w.hours()
		if n := w.lost(before); n != 12 {
			t.Errorf("%d of 12 droplets were replaced after a person let them, want 12", n)
		}
	})
}

// Law 9: nothing is made beside a droplet of that name that arcadiad does not manage, until a person says so.
func TestLaw09NothingIsMadeBesideAStranger(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		theirs := w.addForeign("web-1")
		w.addForeign("web-2", fleet.ManagedTag, fleet.FleetTag("other"))
		w.edit(careful("name: web, count: 3"))
		w.start()
		w.hours()
		if n := len(w.sim.Droplets()); n != 4 || len(w.sim.Named("web-1")) != 1 {
			t.Errorf("%d droplets, want 4: web-1, two web-2 and web-3\n%s", n, w.describe())
		}
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		if len(p.Actions) != 1 || p.Actions[0].HeldBy != "name_taken" || !strings.Contains(p.Actions[0].HeldReason, "arcadiad adopt web-1 takes it over") {
			t.Errorf("%+v", p.Actions)
		}
		w.must(w.life.h.approve(context.Background(), p.ID))
		w.rest()
		w.check()
		if _, there := w.sim.Droplet(theirs.ID); !there {
			t.Error("the stranger is gone")
		}
	})
}

// Law 17: `was` follows two renames in a row, whatever the first of them came to.
func TestLaw17TwoRenamesInARow(t *testing.T) {
	t.Parallel()
	one := careful("name: api, was: web", "name: a", "name: b", "name: c")
	two := careful("name: svc, was: api", "name: a", "name: b", "name: c")
	for how, play := range map[string]func(w *world){
		"in flight": func(w *world) {
			w.edit(one)
			for len(w.life.h.engine.Live()) == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(2 * time.Second)
			w.edit(two)
		},
		"paused": func(w *world) {
			w.must(w.life.h.pause(context.Background(), true))
			w.edit(one)
			time.Sleep(time.Minute)
			w.edit(two)
			time.Sleep(time.Minute)
			w.must(w.life.h.pause(context.Background(), false))
		},
		"at once": func(w *world) {
			w.edit(one)
			w.edit(two)
		},
		"restarted between": func(w *world) {
			w.must(w.life.h.pause(context.Background(), true))
			w.edit(one)
			time.Sleep(time.Second)
			w.stop()
			w.file = two
			w.start()
			time.Sleep(time.Minute)
			w.must(w.life.h.pause(context.Background(), false))
		},
		"a destroy waits": func(w *world) {
			w.edit(careful("name: a", "name: b", "name: c"))
			for len(w.life.h.engine.Live()) == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			w.must(w.life.h.pause(context.Background(), true))
			w.edit(one)
			w.edit(two)
			time.Sleep(time.Minute)
			w.must(w.life.h.pause(context.Background(), false))
		},
	} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, simulator.Options{Latency: time.Second}, func(w *world) {
				w.edit(careful("name: web", "name: a", "name: b", "name: c"))
				w.start()
				w.rest()
				old := w.sim.Named("web")[0]
				play(w)
				w.rest()
				w.check()
				if d, there := w.sim.Droplet(old.ID); !there || d.Name != "svc" {
					t.Errorf("web → api → svc: droplet %d is there: %v, as %q", old.ID, there, d.Name)
				}
			})
		})
	}
}

// Law 17: a version that the daemon never saw leaves a `was` that leads nowhere: nothing is destroyed.
func TestLaw17ARenameThatWasMissed(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(careful("name: web", "name: a", "name: b", "name: c"))
		w.start()
		w.rest()
		before := w.sim.Droplets()
		w.stop()
		w.file = careful("name: svc, was: api", "name: a", "name: b", "name: c")
		w.start()
		w.hours()
		if n := w.lost(before); n != 0 || len(w.sim.Droplets()) != 4 {
			t.Errorf("%d droplets are lost\n%s", n, w.describe())
		}
	})
}

// Law 9: a rename back without `was`, and one that is saved while a saga works on the droplet, are held like any other.
func TestLaw09ARenameIsSeenWhateverCameBefore(t *testing.T) {
	t.Parallel()
	for how, play := range map[string]func(w *world) (name string){
		"back to its first name": func(w *world) string {
			w.edit(fleetOf("name: database, was: db", "name: web, count: 3"))
			w.rest()
			w.edit(fleetOf("name: db", "name: web, count: 3"))
			return "database"
		},
		"amid a change of its tags": func(w *world) string {
			w.edit(fleetOf("name: db, tags: [a, b, c]", "name: web, count: 3"))
			w.begun()
			w.edit(fleetOf("name: database, tags: [a, b, c]", "name: web, count: 3"))
			return "db"
		},
		"with other tags": func(w *world) string {
			w.edit(fleetOf("name: database, tags: [a, b, c]", "name: web, count: 3"))
			return "db"
		},
	} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, simulator.Options{Latency: time.Second}, func(w *world) {
				w.edit(fleetOf("name: db", "name: web, count: 3"))
				w.start()
				w.rest()
				before := w.sim.Droplets()
				bears := play(w)
				w.hours()
				if n := w.lost(before); n > 0 || len(w.sim.Droplets()) != 4 || len(w.sim.Named(bears)) != 1 {
					t.Errorf("%d droplets are lost\n%s", n, w.describe())
				}
			})
		})
	}
}

// Law 18: of a group of three, two are up at any time, in whatever order a replace goes and whoever switched one off.
func TestLaw18AGroupStaysUp(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"destroy_first", "create_first"} {
		for _, off := range []bool{false, true} {
			inWorld(t, simulator.Options{Activation: time.Minute}, func(w *world) {
				group := "name: db, count: 3, replace: " + order
				w.edit(careful(group, "name: web, count: 9"))
				w.start()
				w.rest()
				before, want := w.sim.Droplets(), 2
				if off {
					w.sim.PowerOff(w.sim.Named("db-2")[0].ID)
					w.look()
					time.Sleep(time.Minute)
				}
				w.edit(careful(group+", size: s-2vcpu-2gb", "name: web, count: 9"))
				least := 3
				for range 1200 {
					time.Sleep(time.Second)
					up := 0
					for _, d := range w.sim.Droplets() {
						if strings.HasPrefix(d.Name, "db") && d.Status == "active" {
							up++
						}
					}
					least = min(least, up)
				}
				if least < want {
					t.Errorf("%s, one off %v: only %d of 3 were up at some time", order, off, least)
				}
				if n := w.lost(before); n != 3 {
					t.Errorf("%s, one off %v: %d of 3 were replaced\n%s", order, off, n, w.describe())
				}
			})
		}
	}
}
