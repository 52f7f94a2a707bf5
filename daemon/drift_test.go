package daemon

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/simulator"
)

// deviations reads what the database remembers, as status does.
func (w *world) deviations() []fleet.Drift {
	w.t.Helper()
	list, err := w.reader().Deviations(context.Background())
	w.must(err)
	return list
}

// look has a pass now.
func (w *world) look() {
	w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
	time.Sleep(5 * time.Second)
	synctest.Wait()
}

// asked counts the requests for the actions of droplets, from now on.
func (w *world) asked() (count func() int) {
	n := make(chan int, 1)
	n <- 0
	w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/actions") {
			n <- <-n + 1
		}
		return on.RoundTrip(r)
	})
	return func() int {
		v := <-n
		n <- v
		return v
	}
}

// What somebody does in the console is told with when it was noticed and what did it, through a restart, until it is put back.
func TestDriftIsRemembered(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db", "name: web, count: 3", "name: quiet"))
		w.start()
		w.rest()
		id := func(name string) int64 { return w.sim.Named(name)[0].ID }
		db, resized, off, tagged := id("db"), id("web-1"), id("web-2"), id("web-3")
		asked := w.asked()
		w.look()
		if list := w.deviations(); len(list) != 0 || asked() != 0 {
			t.Errorf("a converged pass notices %+v, and asks for the actions of %d droplets", list, asked())
		}
		changed := time.Now()
		w.sim.Rename(db, "mine")
		w.sim.Resize(resized, "s-2vcpu-2gb")
		w.sim.PowerOff(off)
		w.sim.Tag(tagged, "theirs")
		time.Sleep(time.Minute)
		noticed := time.Now()
		w.look()

		want := map[string]string{
			"db name":      "db -> mine, rename",
			"web-1 size":   "s-1vcpu-1gb -> s-2vcpu-2gb, resize",
			"web-2 status": "active -> off, power_off",
			"web-3 tags":   " -> theirs",
		}
		wantNoticed := func() {
			t.Helper()
			list := w.deviations()
			if len(list) != len(want) {
				t.Errorf("%d deviations, want %d: %+v", len(list), len(want), list)
			}
			for _, d := range list {
				told := fmt.Sprintf("%s -> %s", d.Recorded, d.Seen)
				if kind, rest, ok := strings.Cut(d.By, " "); ok {
					told += ", " + kind
					if at := changed.UTC().Format(time.RFC3339); !strings.Contains(rest, "in the console or by another tool at "+at+" (action ") {
						t.Errorf("%s: by %q, and it was at %s", d.Name, d.By, at)
					}
				}
				if told != want[d.Name+" "+d.Field] {
					t.Errorf("%s %s: %q, want %q", d.Name, d.Field, told, want[d.Name+" "+d.Field])
				}
				if !d.Since.Equal(noticed) {
					t.Errorf("%s %s: since %s, noticed at %s", d.Name, d.Field, d.Since, noticed)
				}
			}
		}
		wantNoticed()
		if n := asked(); n != 3 {
			t.Errorf("asked for the actions of %d droplets, want those of 3", n)
		}
		time.Sleep(time.Hour)
		w.stop()
		w.start()
		time.Sleep(time.Hour)
		wantNoticed()
		if n := asked(); n != 3 {
			t.Errorf("asked %d times for the actions of 3 droplets", n)
		}
		plan := w.life.h.loop.Last().Outcome.Pass.Plan
		for _, d := range plan.Drift {
			for _, c := range d.Changes {
				if !c.Since.Equal(noticed) || (c.By == "") != (c.Field == "tags") {
					t.Errorf("the plan tells of %s: %+v", d.Name, c)
				}
			}
		}

		w.sim.Rename(db, "db")
		w.sim.PowerOn(off)
		w.sim.Untag(tagged, "theirs")
		w.look()
		want = map[string]string{"web-1 size": "s-1vcpu-1gb -> s-2vcpu-2gb, resize"}
		wantNoticed()
		w.sim.Delete(resized)
		time.Sleep(time.Hour)
		w.rest()
		if list := w.deviations(); len(list) != 0 {
			t.Errorf("noticed of what is gone: %+v", list)
		}
	})
}

// While a saga works on a droplet, what was noticed of it before is not forgotten.
func TestDriftOutlivesASaga(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db"))
		w.start()
		w.rest()
		time.Sleep(time.Hour)
		w.sim.Resize(w.sim.Named("db")[0].ID, "s-2vcpu-2gb")
		w.look()
		before := w.deviations()
		w.must(w.sim.Script("POST /v2/tags/{tag}/resources", -1, simulator.Status(http.StatusInternalServerError)))
		w.edit(fleetOf("name: db, tags: [ours]"))
		time.Sleep(time.Hour)
		if n := len(w.life.h.engine.Live()); n != 1 {
			t.Fatalf("%d sagas are live", n)
		}
		w.sim.ClearScript()
		w.rest()
		if after := w.deviations(); len(after) != 1 || len(before) != 1 || after[0] != before[0] {
			t.Errorf("noticed before  %+v\nand afterwards %+v", before, after)
		}
	})
}

// Drift is noticed while writes are paused, too.
func TestDriftIsNoticedInAPause(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db"))
		w.start()
		w.rest()
		w.must(w.life.h.pause(context.Background(), true))
		w.sim.PowerOff(w.sim.Named("db")[0].ID)
		w.look()
		if list := w.deviations(); len(list) != 1 || list[0].Field != "status" {
			t.Errorf("noticed: %+v", list)
		}
	})
}

// Of many changes at once a few are asked about in each pass; that the API does not tell is no failure of a pass.
func TestDriftIsExplainedAFewAtATime(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 25"))
		w.start()
		w.rest()
		time.Sleep(time.Minute) // what happens as a saga ends may be the saga's
		for _, d := range w.sim.Droplets() {
			w.sim.PowerOff(d.ID)
		}
		w.must(w.sim.Script("GET /v2/droplets/{id}/actions", -1, simulator.Status(http.StatusInternalServerError)))
		w.look()
		if r := w.life.h.loop.Last(); r.Err != nil || len(w.deviations()) != 25 {
			t.Errorf("%d noticed; the pass: %v", len(w.deviations()), r.Err)
		}
		w.sim.ClearScript()
		asked := w.asked()
		for pass, want := range []int{10, 20, 25, 25} {
			w.look()
			known := 0
			for _, d := range w.deviations() {
				if strings.HasPrefix(d.By, "power_off ") {
					known++
				}
			}
			if known != want || asked() != want {
				t.Errorf("after pass %d: %d of 25 are explained, by %d requests; want %d", pass+1, known, asked(), want)
			}
		}
	})
}

// A droplet that shuts itself down leaves no action, and that is not blamed on the last one that was about its power.
func TestDriftThatNoActionExplains(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: db"))
		w.start()
		w.rest()
		id := w.sim.Named("db")[0].ID
		w.sim.PowerOff(id)
		w.sim.PowerOn(id)
		w.sim.ShutDown(id)
		w.look()
		list := w.deviations()
		if len(list) != 1 || list[0].By != "" || !list[0].Asked {
			t.Errorf("noticed: %+v", list)
		}
	})
}
