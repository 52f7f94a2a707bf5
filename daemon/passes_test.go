package daemon

import (
	"bytes"
	"context"
	"encoding/json"
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

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/simulator"
)

// hide takes a droplet out of the listings that the condition names, as if they lagged.
func (w *world) hide(id int64, from func(r *http.Request) bool) {
	w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
		resp, err := on.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || r.URL.Path != "/v2/droplets" || !from(r) {
			return resp, err
		}
		var page struct {
			Droplets []json.RawMessage `json:"droplets"`
			Links    json.RawMessage   `json:"links"`
			Meta     struct {
				Total int `json:"total"`
			} `json:"meta"`
		}
		w.must(json.NewDecoder(resp.Body).Decode(&page))
		all := len(page.Droplets)
		page.Droplets = slices.DeleteFunc(page.Droplets, func(raw json.RawMessage) bool {
			var d struct {
				ID int64 `json:"id"`
			}
			w.must(json.Unmarshal(raw, &d))
			return d.ID == id
		})
		page.Meta.Total -= all - len(page.Droplets)
		body, err := json.Marshal(page)
		w.must(err)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		return resp, nil
	})
}

// ofAccount tells whether a listing is that of the whole account, and not one by tag or name.
func ofAccount(r *http.Request) bool {
	q := r.URL.Query()
	return !q.Has("tag_name") && !q.Has("name") && !q.Has("type")
}

// bears gives the world's next daemons a token, and whoever calls the returned function exchanges it.
func (w *world) bears(token string) (exchange func(token string)) {
	var now atomic.Value
	now.Store(token)
	w.o.Token = func() (string, error) { return now.Load().(string), nil }
	return func(token string) { now.Store(token) }
}

// lostDatabase runs a test on a fleet of one droplet, a, whose database was lost.
func lostDatabase(t *testing.T, test func(w *world, a simulator.Droplet)) {
	t.Helper()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: a"))
		w.start()
		w.rest()
		w.stop()
		w.loseDatabase()
		test(w, w.sim.Named("a")[0])
	})
}

// A droplet that only the listing by tag shows keeps its name from being created again.
func TestLaw07ACreateNeedsBothListings(t *testing.T) {
	t.Parallel()
	lostDatabase(t, func(w *world, a simulator.Droplet) {
		w.hide(a.ID, ofAccount)
		w.start()
		time.Sleep(time.Hour)
		if n := w.posts(); n != 1 {
			t.Errorf("%d creates of one droplet", n)
		}
		w.leave()
		w.rest()
		w.check()
	})
}

// With an empty database a droplet that only the second look shows is adopted, and not created again.
func TestLaw07AnEmptyDatabaseLooksTwice(t *testing.T) {
	t.Parallel()
	lostDatabase(t, func(w *world, a simulator.Droplet) {
		var looks atomic.Int64
		w.hide(a.ID, func(r *http.Request) bool { return !ofAccount(r) || looks.Add(1) == 1 })
		w.start()
		w.rest()
		w.check()
		if n := w.posts(); n != 1 {
			t.Errorf("%d creates of one droplet", n)
		}
	})
}

// A plan whose file was replaced before its sagas began is not carried out.
func TestLaw08APlanOfAnOlderFileIsDropped(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.o.SecondLook = time.Minute
		w.edit(fleetOf("name: a"))
		w.start()
		time.Sleep(30 * time.Second) // between the two looks of an empty database
		w.edit(fleetOf("name: b"))
		w.rest()
		w.check()
		for _, s := range w.sagas() {
			if s.Subject == "a" {
				t.Errorf("a saga for what no file asks for: %+v", s)
			}
		}
	})
}

// What is held is shown, and not done.
func TestLaw09WhatIsHeldIsNotDone(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(strings.Replace(fleetOf("name: web, count: 5"), "max_destroy: 100%", "max_droplets: 2", 1))
		w.start()
		time.Sleep(3 * time.Hour)
		if n := len(w.sim.Droplets()); n != 2 {
			t.Errorf("%d droplets where policy allows 2", n)
		}
		if s := w.life.h.loop.Last().Outcome.Pass.Plan.Summary; s.Held != 3 {
			t.Errorf("summary %+v", s)
		}
	})
}

// A plan that was looked at for longer than an observation is good is made anew, and carried out only if it is the same.
func TestLaw07AnOldPlanIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world){
		"nothing changed": func(*world) {},
		"one came up": func(w *world) {
			w.sim.Add(simulator.Droplet{Name: "a", Tags: []string{fleet.ManagedTag, fleet.FleetTag("test")}})
		},
		"the account went": func(w *world) { w.must(w.sim.Script("GET /v2/account", -1, simulator.Status(http.StatusUnauthorized))) },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, simulator.Options{})
			w.o.Transport = w.sim.Transport()
			w.o.Fleet = filepath.Join(t.TempDir(), "fleet.yaml")
			apply := func(file string, think func()) error {
				w.must(os.WriteFile(w.o.Fleet, []byte(file), 0o600))
				_, err := Apply(context.Background(), w.o, control.Conduct{
					Confirm:  func(plan.Plan) (bool, error) { think(); return true, nil },
					Progress: func(control.Progress) {},
				})
				return err
			}
			w.must(apply(fleetOf("name: c"), func() {}))
			err := apply(fleetOf("name: a", "name: b", "name: c"), func() {
				time.Sleep(6 * time.Minute)
				change(w)
			})
			n, ok := w.sim.Writes()-1, name == "nothing changed"
			if ok != (err == nil) || ok != (n == 2) || !ok && n != 0 {
				t.Errorf("%s: %d writes, %v", name, n, err)
			}
			if name == "one came up" && !changed(err) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// Without a file in force the inventory is kept, but not that of another account than the pinned one.
func TestLaw10NoInventoryOfAnotherAccount(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		bear := w.bears("dop_v1_test")
		w.sim.AddAccount("dop_v1_other_team").Add(simulator.Droplet{Name: "of-the-other-team"})
		w.edit(fleetOf("name: a"))
		w.start()
		w.rest()
		w.stop()
		good := w.file
		w.edit("broken")
		bear("dop_v1_other_team")
		w.start()
		time.Sleep(time.Hour)
		if l := w.life.h.live(); !strings.Contains(l.Writes, "pinned") || !strings.Contains(l.PassError, "pinned") {
			t.Errorf("writes: %q, pass: %q", l.Writes, l.PassError)
		}
		for _, r := range w.resources() {
			if r.Name != "a" || r.Status == fleet.StatusDeleted {
				t.Errorf("in the inventory: %+v", r)
			}
		}
		bear("dop_v1_test")
		w.edit(good)
		w.rest()
		w.check()
	})
}

// A pause outlives a restart: the sagas that were under way do not go on before a resume.
func TestLaw09APauseOutlivesARestart(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.must(w.sim.Script("POST /v2/droplets", -1, simulator.Refuse()))
		w.edit(fleetOf("name: a"))
		w.start()
		time.Sleep(time.Minute)
		w.must(w.life.h.pause(context.Background(), true))
		w.stop()
		w.sim.ClearScript()
		w.start()
		time.Sleep(3 * time.Hour)
		if n, l := w.sim.Writes(), w.life.h.live(); n != 0 || !strings.Contains(l.Writes, "arcadiad resume") {
			t.Errorf("%d writes; the gate: %q", n, l.Writes)
		}
		w.must(w.life.h.pause(context.Background(), false))
		w.rest()
		w.check()
	})
}

// A file that names another account stops the writes of the sagas that are under way, too.
func TestLaw10AFileOfAnotherAccountStopsEveryWrite(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.must(w.sim.Script("POST /v2/droplets", -1, simulator.Refuse()))
		w.edit(fleetOf("name: a"))
		w.start()
		time.Sleep(time.Minute)
		good := w.file
		w.edit("account: 00000000-0000-4000-8000-000000000000\n" + good)
		time.Sleep(time.Minute)
		w.sim.ClearScript()
		time.Sleep(2 * time.Hour)
		if n, l := w.sim.Writes(), w.life.h.live(); n != 0 || !strings.Contains(l.Writes, "correct `account:`") {
			t.Errorf("%d writes; the gate: %q", n, l.Writes)
		}
		w.edit(good)
		w.rest()
		w.check()
	})
}

// The first account to answer is not the one that writes go to, if the database says otherwise.
func TestLaw10TheRightTokenAfterAWrongOne(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		bear := w.bears("dop_v1_test")
		w.sim.AddAccount("dop_v1_other_team")
		w.edit(fleetOf("name: a"))
		w.start()
		w.rest()
		w.stop()
		bear("dop_v1_other_team")
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		time.Sleep(time.Hour)
		if n := w.posts(); n != 1 {
			t.Errorf("%d creates", n)
		}
		bear("dop_v1_test")
		w.rest()
		w.check()
	})
}

// What is recorded is read before the account is looked at: a destroy that ends in between is not planned again.
func TestLaw02TheRecordIsReadBeforeTheLook(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: a", "name: b"))
		w.start()
		w.rest()
		w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
			resp, err := on.RoundTrip(r)
			if r.Method == http.MethodGet && r.URL.Path == "/v2/droplets" && ofAccount(r) {
				time.Sleep(28 * time.Second) // the answer of now comes late
			}
			return resp, err
		})
		w.edit(fleetOf("name: a"))
		for range 12 {
			time.Sleep(10 * time.Second)
			w.life.h.loop.Trigger(reconcile.TriggerSchedule, false)
		}
		w.rest()
		w.check()
		var of []string
		for _, s := range w.sagas() {
			if s.Kind == fleet.SagaDestroy {
				of = append(of, s.Subject)
			}
		}
		if !slices.Equal(of, []string{"b"}) {
			t.Errorf("destroy sagas of %v, want one", of)
		}
	})
}

// Only the present plan can be approved.
func TestLaw09OnlyThePresentPlanIsApproved(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 4"))
		w.start()
		w.rest()
		w.edit(strings.Replace(fleetOf(), "100%", "25%", 1))
		time.Sleep(time.Minute)
		err := w.life.h.approve(context.Background(), "0123456789ab")
		if present := w.life.h.loop.Last().Outcome.Pass.Plan.ID; !errors.Is(err, reconcile.ErrChanged) ||
			!strings.Contains(err.Error(), present) || !strings.Contains(err.Error(), "run arcadiad plan") {
			t.Errorf("approved: %v", err)
		}
		time.Sleep(time.Hour)
		if n := w.deletes(); n != 0 {
			t.Errorf("%d destroys", n)
		}
		w.must(w.life.h.approve(context.Background(), w.life.h.loop.Last().Outcome.Pass.Plan.ID))
		w.rest()
		w.check()
	})
}

// The size of the fleet is told as soon as the file is in force, and counts the droplets of the account if they are more.
func TestSized(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		var told []int
		w.o.Sized = func(droplets int) { told = append(told, droplets) }
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		if told[0] != 3 {
			t.Errorf("told %d, want the file's size first", told)
		}
		for i := range 4 {
			w.sim.Add(simulator.Droplet{Name: fmt.Sprintf("other-%d", i), Region: "syd1"})
		}
		before := len(told)
		w.edit(fleetOf("name: web, count: 2"))
		w.rest()
		if told[before] != 3 {
			t.Errorf("told %d, want 3 as long as the third one is there", told[before:])
		}
		if last := told[len(told)-1]; last != 6 {
			t.Errorf("told %d, want 6 at last: two of the fleet and four others", told)
		}
		known := len(told)
		w.edit("no fleet file")
		w.rest()
		if slices.Contains(told[known:], 0) {
			t.Errorf("told %d: a file that is not in force has no size", told[known:])
		}
	})
}
