package daemon

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// A droplet of somebody's that bears copied tags under a free name that the file wants is adopted, for a lost database would look the same.
// It differs from the file, and is not replaced for that, whichever of the tags were copied.
func TestLaw16ACopyUnderAFreeNameIsNotReplacedUnasked(t *testing.T) {
	t.Parallel()
	for what, left := range map[string]string{"all": "none", "without the saga's": "arcadia-saga-", "without the fleet's": "arcadia-fleet-"} {
		for _, older := range []bool{false, true} {
			t.Run(what, func(t *testing.T) {
				inWorld(t, simulator.Options{}, func(w *world) {
					theirs := simulator.Droplet{Name: "db", Region: "syd1", Size: "s-2vcpu-2gb", Image: "debian-12-x64"}
					if older {
						theirs = w.sim.Add(theirs)
						time.Sleep(time.Hour)
					}
					w.edit(fleetOf("name: web, count: 5"))
					w.start()
					w.rest()
					if !older {
						theirs = w.sim.Add(theirs)
					}
					for _, tag := range w.sim.Named("web-1")[0].Tags {
						if !strings.HasPrefix(tag, left) {
							w.sim.Tag(theirs.ID, tag)
						}
					}
					w.edit(fleetOf("name: web, count: 5", "name: db"))
					time.Sleep(2 * time.Hour)
					synctest.Wait()
					w.stands(theirs.ID, "no saga made it")
					if held := w.held("origin"); len(held) != 1 || held[0].DropletID != theirs.ID {
						t.Errorf("held by origin: %+v\n%s", held, w.describe())
					}
				})
			})
		}
	}
}

// The database is lost, and a replica shows some of the fleet: what it shows is adopted, and nothing is made of what it leaves out, by the count
// of the fleet's tag.
func TestLaw07ALostDatabaseBesideAReplicaThatShowsSome(t *testing.T) {
	t.Parallel()
	for what, lie := range map[string]func(ids ...int64) simulator.Faults{
		"hidden": lacking,
		"unlisted": func(ids ...int64) simulator.Faults {
			return simulator.Faults{HiddenFromLists: lacking(ids...).HiddenFromLists}
		},
		"ten behind": func(...int64) simulator.Faults { return simulator.Faults{ReadsBehind: 10 * time.Minute} },
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.file = fleetOf("name: db")
				w.start()
				w.rest()
				time.Sleep(time.Hour)
				old := w.sim.Named("db")[0]
				w.edit(fleetOf("name: db", "name: web, count: 6"))
				w.rest()
				before, posts := w.sim.Droplets(), w.posts()
				var ids []int64
				for _, d := range before {
					if d.ID != old.ID {
						ids = append(ids, d.ID)
					}
				}
				w.stop()
				w.loseDatabase()
				w.sim.SetFaults(lie(ids...))
				w.start()
				time.Sleep(8 * time.Minute)
				if adopts := w.sagas(); len(adopts) != 1 || adopts[0].Kind != fleet.SagaAdopt || len(w.held("lost")) != 6 {
					t.Errorf("sagas %+v\n%s", adopts, w.describe())
				}
				w.sim.SetFaults(simulator.Faults{})
				w.rest()
				w.standing(before)
				w.check()
				if n := w.posts() - posts; n != 0 {
					t.Errorf("%d creates", n)
				}
				w.edit(fleetOf("name: db", "name: web, count: 7")) // and then it makes what is asked for
				w.rest()
				w.check()
			})
		})
	}
}
