package inventory_test

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// A converged account of N droplets costs ceil(N/200) + 2 requests: the pages, the GPU page and the account.
func TestObserveCosts(t *testing.T) {
	for n, want := range map[int]int{0: 3, 1: 3, 200: 3, 201: 4, 450: 5} {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			var r fleet.Recorded
			for _, id := range w.add(n, "web") {
				r.Records = append(r.Records, fleet.Record{DropletID: id})
				r.Known = append(r.Known, fleet.Known{DropletID: id})
			}
			o := w.observe(r)
			if len(o.Droplets) != n || o.Requests != want || w.sim.Requests().Total() != want {
				t.Errorf("%d droplets: saw %d, counted %d requests, sent %d; want %d", n, len(o.Droplets), o.Requests, w.sim.Requests().Total(), want)
			}
			if o.Partial || len(o.Gone)+len(o.Missing) != 0 || o.EndedAt.IsZero() || o.Account.UUID != w.sim.TeamUUID() {
				t.Errorf("%d droplets: %+v", n, o)
			}
		})
	}
}

// The pages of a large account are read side by side: the account, the first page, the other three, and the GPU page take one request's
// time each.
func TestObserveReadsPagesSideBySide(t *testing.T) {
	inWatch(t, simulator.Options{Latency: 50 * time.Millisecond}, inventory.Options{}, func(w *watch) {
		w.add(800, "web")
		began := time.Now()
		o := w.observe(fleet.Recorded{})
		if took := time.Since(began); len(o.Droplets) != 800 || o.Requests != 6 || w.sim.Requests().Total() != 6 || took != 200*time.Millisecond {
			t.Errorf("%d droplets with %d requests, counted %d, after %v", len(o.Droplets), w.sim.Requests().Total(), o.Requests, took)
		}
	})
}

// Of what the store has the same of, an observation holds no data: a large account at rest would be tens of MB of it.
func TestObserveHoldsOnlyNewData(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		same, changed := w.sim.Add(simulator.Droplet{Name: "same"}), w.sim.Add(simulator.Droplet{Name: "changed"})
		first := w.observe(fleet.Recorded{})
		var r fleet.Recorded
		for _, d := range first.Droplets {
			r.Known = append(r.Known, fleet.Known{DropletID: d.ID, Digest: fleet.DigestOf(d.Data)})
		}
		w.sim.PowerOff(changed.ID)
		fresh := w.sim.Add(simulator.Droplet{Name: "new"})
		r.Known = append(r.Known, fleet.Known{DropletID: fresh.ID}) // of which no data was kept
		for _, d := range w.observe(r).Droplets {
			if has := len(d.Data) > 0; has == (d.ID == same.ID) {
				t.Errorf("%s comes with data: %v", d.Name, has)
			}
		}
	})
}

func TestObserveHasGPUDroplets(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		plain := w.sim.Add(simulator.Droplet{Name: "plain"})
		gpu := w.sim.Add(simulator.Droplet{Name: "gpu", Region: "tor1", Size: "gpu-l40sx1-48gb"})
		o := w.observe(fleet.Recorded{})
		if !slices.Equal(idsOf(o.Droplets), []int64{plain.ID, gpu.ID}) {
			t.Fatalf("saw %v", idsOf(o.Droplets))
		}
		if o.Droplets[0].GPU || !o.Droplets[1].GPU {
			t.Errorf("which is the GPU droplet? %+v", o.Droplets)
		}
	})
}

// Another team's token answers 404 to everything, and that proves nothing.
func TestLaw06AnotherAccountProvesNothing(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		r := fleet.Recorded{Account: w.sim.TeamUUID()}
		for _, id := range w.add(2, "web") {
			r.Records = append(r.Records, fleet.Record{DropletID: id})
			r.Known = append(r.Known, fleet.Known{DropletID: id})
		}
		w.token.Store(otherToken)
		o := w.observe(r)
		if o.Account.UUID == r.Account || len(o.Gone) != 0 || len(o.Missing) != 2 || w.sim.Requests()[routeGet] != 0 {
			t.Errorf("%+v after %v", o, w.sim.Requests())
		}
	})
}

// A token that is exchanged in mid-observation must not show one account's droplets as another's, known ones missing or not.
func TestLaw10TheAccountIsTheSameAtTheEnd(t *testing.T) {
	for name, swap := range map[string]struct {
		path string
		to   string
		ok   bool
	}{
		"another account, after its uuid":  {"/v2/account", otherToken, false},
		"another account, after the pages": {"/v2/droplets", otherToken, false},
		"a new token of the same account":  {"/v2/droplets", "dop_v1_rotated", true},
	} {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			w.add(1, "web")
			w.swapAfter(swap.path, 1, swap.to)
			o, err := w.inv.Observe(w.t.Context(), fleet.Recorded{})
			if (err == nil) != swap.ok {
				t.Errorf("%s: %v, %v", name, idsOf(o.Droplets), err)
			}
			if swap.ok && (o.Requests != 4 || w.sim.Requests().Total() != 4) {
				t.Errorf("%s: %d requests, counted %d", name, w.sim.Requests().Total(), o.Requests)
			}
		})
	}
}

func TestLaw07AFailedPageFailsTheObservation(t *testing.T) {
	for page := range 3 {
		inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
			w.add(201, "web")
			for range page {
				w.script(routeList, simulator.Pass())
			}
			w.script(routeList, simulator.Status(500))
			if o, err := w.inv.Observe(w.t.Context(), fleet.Recorded{}); !errors.Is(err, digitalocean.ErrUnavailable) {
				t.Errorf("page %d failed: %v, %v", page+1, idsOf(o.Droplets), err)
			}
		})
	}
}

func (w *watch) script(route string, e simulator.Effect) {
	w.t.Helper()
	if err := w.sim.Script(route, 1, e); err != nil {
		w.t.Fatal(err)
	}
}

// A listing that moves is read again.
func TestLaw07AMovedListingIsReadAgain(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(201, "web")
		deleted := false
		w.sim.Before(func(r *http.Request) {
			if r.URL.Query().Get("page") == "2" && !deleted {
				deleted = true
				w.sim.Delete(ids[200]) // of page 1, so that the last droplet slips there unseen
			}
		})
		o := w.observe(fleet.Recorded{Fleet: "test"})
		if !slices.Equal(idsOf(o.Droplets), ids[:200]) || o.Partial {
			t.Errorf("saw %d droplets, partial %v", len(o.Droplets), o.Partial)
		}
	})
}

// A listing that never holds still is read three times; then the fleet's tag, the GPU droplets and requests by id serve.
func TestLaw07AListingThatNeverHoldsStill(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		tag := fleet.FleetTag("test")
		strangers := w.add(201, "theirs")
		ours := w.add(2, "ours", fleet.ManagedTag, tag)
		untagged := w.add(1, "untagged")
		gpu := w.sim.Add(simulator.Droplet{Name: "gpu", Region: "tor1", Size: "gpu-l40sx1-48gb", Tags: []string{fleet.ManagedTag, tag}})
		dead := w.add(1, "dead")
		w.sim.Delete(dead[0])
		w.sim.SetFaults(simulator.Faults{PageShift: 1, TagFilterHidesGPU: true})
		o := w.observe(fleet.Recorded{
			Fleet:   "test",
			Records: []fleet.Record{{DropletID: ours[0]}, {DropletID: untagged[0]}, {DropletID: dead[0]}},
			Known:   []fleet.Known{{DropletID: strangers[0]}},
		})
		if want := []int64{ours[0], ours[1], untagged[0], gpu.ID}; !slices.Equal(idsOf(o.Droplets), want) || !o.Partial {
			t.Errorf("saw %v, partial %v; want %v", idsOf(o.Droplets), o.Partial, want)
		}
		if !slices.Equal(o.Missing, dead) || len(o.Gone) != 0 {
			t.Errorf("gone %v, missing %v", o.Gone, o.Missing)
		}
		// Three times two pages, the tag, the GPU page; two by id; the account before and after.
		if n := w.sim.Requests().Total(); n != 3*2+2+2+2 || o.Requests != n {
			t.Errorf("%d requests, counted %d: %v", n, o.Requests, w.sim.Requests())
		}
	})
}

func TestLaw07WithoutAFleetAMovingListingIsAnError(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		w.add(201, "theirs")
		w.sim.SetFaults(simulator.Faults{PageShift: 1})
		if _, err := w.inv.Observe(w.t.Context(), fleet.Recorded{}); !errors.Is(err, digitalocean.ErrMoved) {
			t.Errorf("got %v", err)
		}
	})
}

// A name must be absent from the fleet's own listing too, and of a partial observation from the listing by name.
func TestLaw07UnseenDroplets(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		tag := fleet.FleetTag("test")
		seen := w.add(1, "seen", tag)
		o := w.observe(fleet.Recorded{Fleet: "test"})
		late := w.sim.Add(simulator.Droplet{Name: "late", Tags: []string{tag}})
		foreign := w.sim.Add(simulator.Droplet{Name: "Web-1"})
		unseen, err := w.inv.Unseen(w.t.Context(), "test", o, []string{"web-1", "late"})
		if err != nil || !slices.Equal(idsOf(unseen), []int64{late.ID}) {
			t.Errorf("whole: %v, %v; seen were %v", idsOf(unseen), err, seen)
		}
		o.Partial = true
		unseen, err = w.inv.Unseen(w.t.Context(), "test", o, []string{"web-1", "late"})
		if err != nil || !slices.Equal(idsOf(unseen), []int64{late.ID, foreign.ID}) {
			t.Errorf("partial: %v, %v", idsOf(unseen), err)
		}
	})
}

func TestGone(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(2, "web")
		w.sim.Delete(ids[1])
		if gone, err := w.inv.Gone(w.t.Context(), ids[1]); gone || err == nil || !strings.Contains(err.Error(), "not been observed") {
			t.Errorf("before any observation: %v, %v", gone, err)
		}
		w.observe(fleet.Recorded{})
		for n, want := range []bool{false, true} {
			if gone, err := w.inv.Gone(w.t.Context(), ids[n]); gone != want || err != nil {
				t.Errorf("droplet %d: %v, %v", n, gone, err)
			}
		}
		w.token.Store(otherToken)
		if gone, err := w.inv.Gone(w.t.Context(), ids[1]); gone || err == nil {
			t.Errorf("under another team's token: %v, %v", gone, err)
		}
		// The 404 came under the other token, and only the account answered under ours.
		w.swapAfter("/v2/droplets/"+strconv.FormatInt(ids[0], 10), 1, ourToken)
		if gone, err := w.inv.Gone(w.t.Context(), ids[0]); gone || err == nil {
			t.Errorf("under two tokens: %v, %v", gone, err)
		}
	})
}

// Only a 404 proves anything: a request that failed otherwise fails the look.
func TestLaw06AGetThatFailsProvesNothing(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		w.sim.SetFaults(simulator.Faults{ListVisibleAfter: time.Hour})
		hidden := w.create("hidden")
		r := fleet.Recorded{Records: []fleet.Record{{DropletID: hidden, RecordedAt: time.Now().Add(-time.Hour)}}}
		w.observe(r)
		w.script(routeGet, simulator.Status(500))
		if o, err := w.inv.Observe(w.t.Context(), r); !errors.Is(err, digitalocean.ErrUnavailable) {
			t.Errorf("observed %+v, %v", o, err)
		}
		w.script(routeGet, simulator.Status(500))
		if gone, err := w.inv.Gone(w.t.Context(), hidden); gone || !errors.Is(err, digitalocean.ErrUnavailable) {
			t.Errorf("gone %v, %v", gone, err)
		}
	})
}
