package daemon

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/simulator"
	"arcadiad/view"
)

// lacking has droplets missing from every read, as if they were gone.
func lacking(ids ...int64) simulator.Faults {
	var f simulator.Faults
	for _, id := range ids {
		f.HiddenFromLists = append(f.HiddenFromLists, fmt.Sprint(id))
		f.HiddenFromGet = append(f.HiddenFromGet, fmt.Sprint(id))
	}
	return f
}

// standing fails the test unless all these droplets are there, and no more of the fleet.
func (w *world) standing(before []simulator.Droplet) {
	w.t.Helper()
	for _, d := range before {
		if _, there := w.sim.Droplet(d.ID); !there {
			w.t.Errorf("%s (droplet %d) was destroyed", d.Name, d.ID)
		}
	}
	if now := w.sim.Droplets(); len(now) != len(before) {
		w.t.Errorf("%d droplets, there were %d", len(now), len(before))
	}
}

// missed waits until the daemon's last pass tells of so many missing droplets.
func (w *world) missed(n int) plan.Plan {
	w.t.Helper()
	for range 600 {
		if p := w.life.h.loop.Last().Outcome.Pass.Plan; p.Summary.Missing == n {
			return p
		}
		time.Sleep(time.Second)
		synctest.Wait()
	}
	w.t.Fatalf("no pass misses %d droplets: %s", n, w.describe())
	return plan.Plan{}
}

// oldest is the droplet that was made first: all others are witnesses.
func (w *world) oldest() simulator.Droplet { return w.sim.Droplets()[0] }

// replaced waits until another droplet than the one that is gone is registered under the name, and gives the time that it took.
func (w *world) replaced(name string, gone int64) time.Duration {
	w.t.Helper()
	for began := time.Now(); time.Since(began) < time.Hour; time.Sleep(time.Second) {
		recorded, err := w.reader().Load(context.Background())
		w.must(err)
		for _, r := range recorded.Records {
			if r.Name == name && r.DropletID != gone {
				return time.Since(began)
			}
		}
	}
	w.t.Fatalf("%s is not made again in an hour: %s", name, w.describe())
	return 0
}

// Reads of droplets are blank, and everything else is well: whatever the daemon looks for meanwhile, nothing is destroyed or made.
func TestLaw06BlankReadsProveNothing(t *testing.T) {
	t.Parallel()
	for i, long := range []time.Duration{1500 * time.Millisecond, 3 * time.Second, 20 * time.Second, 75 * time.Second, 5 * time.Minute} {
		if !visits(i) {
			continue
		}
		t.Run(long.String(), func(t *testing.T) {
			inWorld(t, simulator.Options{Activation: 30 * time.Second}, func(w *world) {
				w.o.SyncSchedule = "* * * * *"
				w.file = strings.Replace(fleetOf("name: db, protect: true", "name: web, count: 7"), "max_destroy: 100%", "max_destroy: 0", 1)
				w.start()
				w.rest()
				time.Sleep(2 * time.Hour)
				time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute - long/2)))
				before, writes := w.sim.Droplets(), w.sim.Writes()
				w.sim.SetFaults(simulator.Faults{BlankReads: true})
				w.look() // of a person, and then those of the schedule
				time.Sleep(long)
				w.sim.SetFaults(simulator.Faults{})
				time.Sleep(time.Hour)
				synctest.Wait()
				w.standing(before)
				if n := w.sim.Writes() - writes; n != 0 {
					t.Errorf("%d writes", n)
				}
				w.rest()
				w.check()
			})
		})
	}
}

// GET by id lies while the listing is right, and the other way round: nothing is missing.
func TestLaw06OneLyingReadIsNoAbsence(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: db", "name: web, count: 3")
		w.start()
		w.rest()
		time.Sleep(time.Hour)
		writes := w.sim.Writes()
		for _, f := range []simulator.Faults{{HiddenFromGet: []string{"*"}}, {HiddenFromLists: []string{"*"}}} {
			w.sim.SetFaults(f)
			time.Sleep(2 * time.Hour)
			w.sim.SetFaults(simulator.Faults{})
			w.rest()
			if w.sim.Writes() != writes {
				t.Errorf("%+v: %d writes", f, w.sim.Writes()-writes)
			}
		}
	})
}

// A droplet that somebody destroys is made again within 90 s of the first look that misses it, whatever that look was for, even right
// after its create; and it is told from that look on.
func TestLaw06TheDaemonHealsBesideAWitness(t *testing.T) {
	t.Parallel()
	for _, look := range []string{"a pass", "a preview", "a poll of sagas"} {
		t.Run(look, func(t *testing.T) {
			inWorld(t, simulator.Options{Activation: 10 * time.Second}, func(w *world) {
				w.file = fleetOf("name: a", "name: b", "name: c")
				w.start()
				w.rest()
				w.edit(fleetOf("name: a", "name: b", "name: c", "name: d", "name: e"))
				w.rest()
				gone := w.sim.Named("d")[0]
				if e := w.sim.Named("e")[0]; e.ID < gone.ID {
					gone = e // the other one is the witness
				}
				w.sim.Delete(gone.ID)
				switch look {
				case "a pass":
					w.life.h.loop.Trigger("test", false)
				case "a preview":
					_, err := w.life.h.loop.Preview(context.Background(), false)
					w.must(err)
				case "a poll of sagas":
					w.sim.SetFaults(simulator.Faults{})
					w.edit(fleetOf("name: a", "name: b", "name: c", "name: d", "name: e", "name: web, count: 12"))
				}
				p := w.missed(1)
				if p.Missing[0].DropletID != gone.ID || p.Settled() {
					t.Errorf("%+v, settled %v", p.Missing, p.Settled())
				}
				if took := w.replaced(gone.Name, gone.ID); took > 90*time.Second || took < 55*time.Second {
					t.Errorf("made again after %v", took)
				}
				w.rest()
				w.check()
			})
		})
	}
}

// Without a witness it takes longer: five minutes for a fleet of one.
func TestLaw06AFleetOfOneHasNoWitness(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: db")
		w.start()
		w.rest()
		time.Sleep(2 * time.Hour)
		gone := w.sim.Named("db")[0]
		w.sim.Delete(gone.ID)
		w.life.h.loop.Trigger("test", false)
		w.missed(1)
		if took := w.replaced("db", gone.ID); took < 5*time.Minute-5*time.Second || took > 5*time.Minute+30*time.Second {
			t.Errorf("made again after %v", took)
		}
		w.rest()
		w.check()
	})
}

// A replica ten minutes behind shows old droplets and lacks new ones: these are younger than an hour, and have no witness.
func TestLaw06AReplicaTenMinutesBehind(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SyncSchedule = "* * * * *"
		w.file = fleetOf("name: db", "name: web, count: 2")
		w.start()
		w.rest()
		time.Sleep(time.Hour)
		w.edit(fleetOf("name: db", "name: web, count: 6"))
		w.rest()
		before, writes := w.sim.Droplets(), w.sim.Writes()
		w.sim.SetFaults(simulator.Faults{ReadsBehind: 10 * time.Minute})
		time.Sleep(14 * time.Minute)
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.standing(before)
		if n := w.sim.Writes() - writes; n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// A droplet that is hidden for 90 s is taken for gone after 60 s. It keeps its name if it shows before another is registered: the create
// goes back, and what it made is destroyed.
func TestLaw06TheOriginalShowsBeforeItsSuccessorIsRegistered(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 2 * time.Minute}, func(w *world) {
		w.o.SyncSchedule = "* * * * *"
		w.file = fleetOf("name: web, count: 5, protect: true")
		w.start()
		w.rest()
		time.Sleep(2 * time.Hour)
		before, original := w.sim.Droplets(), w.oldest()
		w.sim.SetFaults(lacking(original.ID))
		w.missed(1)
		time.Sleep(75 * time.Second)
		if n := len(w.sim.Named(original.Name)); n != 2 {
			t.Errorf("%d droplets of the name after 75 s", n)
		}
		time.Sleep(15 * time.Second)
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.standing(before)
		w.check()
		if s := w.sagas()[len(w.sagas())-1]; !s.Superseded || !strings.Contains(s.Error, "shows again") {
			t.Errorf("the create ended as %s: %s", s.Status, s.Error)
		}
	})
}

// The original shows again by its id alone, or in listings alone: before its successor is registered it keeps its name, and the create is not
// tried again and again; after that it is told of, and stays.
func TestLaw06TheOriginalShowsInOneKindOfReads(t *testing.T) {
	t.Parallel()
	for what, still := range map[string]func(*simulator.Faults){
		"by id":       func(f *simulator.Faults) { f.HiddenFromGet = nil },
		"in listings": func(f *simulator.Faults) { f.HiddenFromLists = nil },
	} {
		for i, after := range []time.Duration{68 * time.Second, 4 * time.Minute, 5 * time.Hour} {
			if !visits(i) {
				continue
			}
			t.Run(what+" after "+after.String(), func(t *testing.T) {
				inWorld(t, simulator.Options{Activation: 2 * time.Minute}, func(w *world) {
					w.o.SyncSchedule = "* * * * *"
					w.file = carefulOf("name: web, count: 5")
					w.start()
					w.rest()
					time.Sleep(2 * time.Hour)
					before, original, sagas := w.sim.Droplets(), w.oldest(), len(w.sagas())
					f := lacking(original.ID)
					w.sim.SetFaults(f)
					w.missed(1)
					time.Sleep(after)
					still(&f)
					w.sim.SetFaults(f)
					time.Sleep(30 * time.Minute)
					synctest.Wait()
					if n := len(w.sagas()) - sagas; n != 1 {
						t.Errorf("%d sagas", n)
					}
					if after < 2*time.Minute {
						w.standing(before)
						w.rest()
						w.check()
						return
					}
					w.stands(original.ID, "it was registered before")
					if held := w.held("origin"); len(held) != 1 || held[0].DropletID != original.ID {
						t.Errorf("nobody is told of it: %s", w.describe())
					}
				})
			})
		}
	}
}

// Whoever was approved for and is lost in eight of nine: told at once, held, never made by time, made when a person says so.
func TestLaw06EightOfNineLost(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{Activation: 10 * time.Second}, func(w *world) {
		w.file = fleetOf("name: db", "name: web, count: 8")
		w.start()
		w.rest()
		time.Sleep(24 * time.Hour)
		for n := range 8 {
			w.sim.Delete(w.sim.Named(fmt.Sprintf("web-%d", n+1))[0].ID)
		}
		w.life.h.loop.Trigger("test", false)
		w.missed(8)
		if c := w.life.h.observability.board.Counts(); c[condition.Missing] != 8 {
			t.Errorf("conditions after the first look: %v", c)
		}
		time.Sleep(24 * time.Hour)
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		if len(p.Actions) != 8 || slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return !a.Held || a.HeldBy != "lost" || !a.Approvable }) {
			t.Fatalf("a day later: %s", w.describe())
		}
		w.must(w.life.h.approve(context.Background(), p.ID))
		w.rest()
		w.check()
	})
}

// Those that are lost and show again are simply there.
func TestLaw06EightOfNineShowAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: db", "name: web, count: 8")
		w.start()
		w.rest()
		time.Sleep(24 * time.Hour)
		before, writes := w.sim.Droplets(), w.sim.Writes()
		var ids []int64
		for _, d := range before[1:] {
			ids = append(ids, d.ID)
		}
		w.sim.SetFaults(lacking(ids...))
		time.Sleep(24 * time.Hour)
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
		w.standing(before)
		if n := w.sim.Writes() - writes; n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// The process dies every 45 s: the evidence is durable.
func TestLaw06ARestartStormProvesIt(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a", "name: b", "name: c")
		w.start()
		w.rest()
		time.Sleep(24 * time.Hour)
		gone := w.oldest()
		w.sim.Delete(gone.ID)
		began := time.Now()
		for len(w.sim.Named(gone.Name)) == 0 && time.Since(began) < 10*time.Minute {
			w.stop()
			w.start()
			time.Sleep(45 * time.Second)
		}
		if took := time.Since(began); took > 5*time.Minute {
			t.Errorf("made again after %v", took)
		}
		w.rest()
		w.check()
	})
}

// A listing that never holds still: the fleet's own listing and answers by id serve.
func TestLaw06AnAccountThatNeverHoldsStill(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a", "name: b", "name: c")
		w.start()
		w.rest()
		time.Sleep(2 * time.Hour)
		w.sim.SetFaults(simulator.Faults{TotalMoves: true})
		gone := w.oldest()
		w.sim.Delete(gone.ID)
		w.life.h.loop.Trigger("test", false)
		w.missed(1)
		if took := w.replaced(gone.Name, gone.ID); took > 2*time.Minute {
			t.Errorf("made again after %v", took)
		}
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
	})
}

// Apply without a daemon waits for the proof, says so, keeps its looks, and makes the droplet again within 75 s.
func TestLaw06ApplyWaitsForTheProof(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a", "name: b", "name: c")
		w.start()
		w.rest()
		w.stop()
		gone := w.oldest()
		w.sim.Delete(gone.ID)
		o := w.disk(w.file)
		p, err := Plan(context.Background(), o)
		if err != nil || p.Settled() || len(p.Missing) != 1 {
			t.Errorf("the plan is settled: %v, misses %+v, %v", p.Settled(), p.Missing, err)
		}
		var waited []string
		conduct := control.Conduct{
			Confirm: func(p plan.Plan) (bool, error) { return true, nil }, Progress: func(control.Progress) {},
			Waiting: func(p plan.Plan) { waited = append(waited, view.Missing(p)) },
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		_, err = Apply(ctx, o, conduct)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "what has been observed is kept, and the next apply continues from it") {
			t.Errorf("interrupted: %v", err)
		}
		began := time.Now()
		applied, err := Apply(context.Background(), o, conduct)
		if err != nil || !applied.Converged {
			t.Errorf("%v: converged %v, failed %+v", err, applied.Converged, applied.Failed)
		}
		if took := time.Since(began); took > 150*time.Second {
			t.Errorf("took %v", took)
		}
		if len(waited) < 2 || !strings.Contains(waited[0], fmt.Sprintf("%s (droplet %d): missing from the account since ", gone.Name, gone.ID)) {
			t.Errorf("said %q", waited)
		}
		again := w.sim.Named(gone.Name)[0]
		w.sim.Delete(again.ID)
		began = time.Now()
		applied, err = Apply(context.Background(), o, conduct)
		if took := time.Since(began); err != nil || !applied.Converged || took < 15*time.Minute || took > 15*time.Minute+30*time.Second {
			t.Errorf("the newest one, which is young and has no witness: %v, converged %v, %v", err, applied.Converged, took)
		}
	})
}
