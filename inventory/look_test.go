package inventory_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// All that wait share one poll: it takes as many requests as there are waiters, or pages, whichever is less.
func TestLooksAreShared(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(1000, "web")
		w.observe(fleet.Recorded{})
		const pages = 5 // of 200
		for _, tt := range []struct {
			waiters []int64
			want    int
		}{
			{ids[:1], 1},
			{ids[:5], 5},
			{ids[:6], 6}, // the last listing was one with the GPU page
			{ids[:7], pages},
			{ids[:6], pages},
			{ids, pages},
			{[]int64{ids[0], ids[0], ids[0], ids[0], ids[0], ids[0], ids[0], ids[0]}, 1},
		} {
			w.sim.ResetRequests()
			began := time.Now()
			for n, a := range w.lookAll(byID(tt.waiters...)...) {
				if a.err != nil || len(a.droplets) != 1 || a.droplets[0].ID != tt.waiters[n] {
					t.Fatalf("waiter %d: %v, %v", n, idsOf(a.droplets), a.err)
				}
				if took := a.at.Sub(began); took != 5*time.Second {
					t.Errorf("answered after %v, want the next tick of 5 s", took)
				}
			}
			if got := w.sim.Requests().Total(); got != tt.want {
				t.Errorf("%d waiters cost %d requests, want %d", len(tt.waiters), got, tt.want)
			}
		}
		w.sim.ResetRequests()
		w.sim.Delete(ids[0])
		if w.lookAll(byID(ids...)...); w.sim.Requests().Total() != pages+1 {
			t.Errorf("%v, want the GPU page too: what is missing may be on it", w.sim.Requests())
		}
	})
}

// A look at many droplets is one look, which shares the poll with all others, and leaves out what is not shown.
func TestLookAtMany(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(1000, "web")
		w.observe(fleet.Recorded{})
		w.sim.Delete(ids[1])
		for _, tt := range []struct {
			ids  []int64
			want int // requests
		}{{ids[:3], 3}, {ids, 6}} {
			w.sim.ResetRequests()
			began := time.Now()
			shown, err := w.inv.LookAt(w.t.Context(), tt.ids, time.Time{})
			if _, gone := shown[ids[1]]; err != nil || gone || len(shown) != len(tt.ids)-1 || shown[ids[2]].ID != ids[2] {
				t.Errorf("%d of %d are shown, %v", len(shown), len(tt.ids), err)
			}
			if took, got := time.Since(began), w.sim.Requests().Total(); took != 5*time.Second || got != tt.want {
				t.Errorf("%d droplets took %v and %d requests, want %d", len(tt.ids), took, got, tt.want)
			}
		}
		w.script("GET /v2/droplets/{id}", simulator.Status(500))
		if shown, err := w.inv.LookAt(w.t.Context(), ids[2:4], time.Time{}); err == nil {
			t.Errorf("with a failed request %d are shown", len(shown))
		}
	})
}

// By tag or name a look finds what either shows, once, in the order of ids.
func TestLookByTagAndName(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		tagged := w.sim.Add(simulator.Droplet{Name: "other", Tags: []string{"Arcadia-Saga-01234567"}})
		both := w.sim.Add(simulator.Droplet{Name: "WEB", Tags: []string{"arcadia-saga-01234567"}})
		named := w.sim.Add(simulator.Droplet{Name: "web"})
		gpu := w.sim.Add(simulator.Droplet{Name: "web", Region: "tor1", Size: "gpu-l40sx1-48gb"})
		w.sim.SetFaults(simulator.Faults{TagFilterHidesGPU: true})
		q := inventory.Query{Tag: "arcadia-saga-01234567", Name: "Web"}
		want := []int64{tagged.ID, both.ID, named.ID}
		if a := w.lookAll(q)[0]; a.err != nil || !slices.Equal(idsOf(a.droplets), want) {
			t.Errorf("got %v, %v; want %v", idsOf(a.droplets), a.err, want)
		}
		q.GPU = true // neither the listing by name nor that by tag has these
		if a := w.lookAll(q)[0]; a.err != nil || !slices.Equal(idsOf(a.droplets), append(want, gpu.ID)) {
			t.Errorf("with GPU: got %v, %v", idsOf(a.droplets), a.err)
		}
	})
}

// A tick that failed fails all who waited for it, says so, and counts for nothing; the next one serves.
func TestLaw14AFailedTickIsNoAnswer(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(3, "web")
		w.script(routeList, simulator.Status(500))
		for _, a := range w.lookAll(byID(ids...)...) {
			if !errors.Is(a.err, digitalocean.ErrUnavailable) || a.droplets != nil {
				t.Errorf("got %v, %v", a.droplets, a.err)
			}
		}
		for _, a := range w.lookAll(byID(ids...)...) {
			if a.err != nil || len(a.droplets) != 1 {
				t.Errorf("after it: %v, %v", a.droplets, a.err)
			}
		}
	})
}

// An absence is an answer only beside the account that was observed, and under the token that saw the absence.
func TestLaw06AbsenceNeedsTheAccountBesideIt(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(1, "web")
		absent := inventory.Query{ID: 1, Proof: true}
		if a := w.lookAll(absent)[0]; a.err == nil {
			t.Error("an absence was proved before the account was ever observed")
		}
		w.observe(fleet.Recorded{})
		w.sim.ResetRequests()
		answers := w.lookAll(absent, inventory.Query{Tag: "arcadia-saga-01234567", Proof: true})
		for _, a := range answers {
			if a.err != nil || len(a.droplets) != 0 {
				t.Errorf("got %v, %v", a.droplets, a.err)
			}
		}
		if n := w.sim.Requests()[routeAccount]; n != 1 {
			t.Errorf("%d requests for the account in one tick, want 1", n)
		}
		w.sim.ResetRequests()
		if a := w.lookAll(inventory.Query{ID: ids[0], Proof: true})[0]; a.err != nil || len(a.droplets) != 1 || w.sim.Requests()[routeAccount] != 0 {
			t.Errorf("a sighting needs no proof: %v, %v, %v", a.droplets, a.err, w.sim.Requests())
		}
		w.token.Store(otherToken)
		answers = w.lookAll(inventory.Query{ID: ids[0], Proof: true}, inventory.Query{ID: ids[0]})
		if answers[0].err == nil || answers[1].err != nil {
			t.Errorf("under another team's token: %v with a proof, %v without", answers[0].err, answers[1].err)
		}
		w.swapAfter("/v2/droplets", 1, ourToken) // the listing came under the other token
		if a := w.lookAll(inventory.Query{Name: "web-1", Proof: true})[0]; a.err == nil {
			t.Error("an absence under another team's token was proved by the account of ours")
		}
		w.token.Store("dop_v1_rotated")
		w.lookAll(absent) // a new token of the same account has to prove itself first
		if a := w.lookAll(absent)[0]; a.err != nil {
			t.Errorf("after a rotation: %v", a.err)
		}
	})
}

// A listing that moves still shows who is there, so that a fleet in the making is not blind; few others are asked for by id, and
// where there are many the look fails.
func TestLaw07AMovedListingAnswersForWhatItShows(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(450, "web")
		w.observe(fleet.Recorded{})
		w.sim.SetFaults(simulator.Faults{PageShift: 1}) // the page before the last loses one droplet
		w.sim.ResetRequests()
		for n, a := range w.lookAll(append(byID(ids...), inventory.Query{ID: 1})...) {
			if n < len(ids) && (a.err != nil || len(a.droplets) != 1) || n == len(ids) && (a.err != nil || len(a.droplets) != 0) {
				t.Errorf("waiter %d: %v, %v", n, idsOf(a.droplets), a.err)
			}
		}
		if n := w.sim.Requests().Total(); n > 3+3 {
			t.Errorf("%d requests: %v", n, w.sim.Requests())
		}
		answers := w.lookAll(byID(1, 2, 3, 4, 5, 6, 7, 8)...)
		for _, a := range answers {
			if !errors.Is(a.err, digitalocean.ErrMoved) {
				t.Errorf("an absence from a listing that moved is an answer: %v, %v", a.droplets, a.err)
			}
		}
	})
}

// When the request budget runs low, the ticks come further apart.
func TestStretchedTicks(t *testing.T) {
	stretch := 12.0
	pace := func(usual time.Duration, _ int) time.Duration { return time.Duration(float64(usual) * stretch) }
	inWatch(t, simulator.Options{}, inventory.Options{Pace: pace}, func(w *watch) {
		ids := w.add(1, "web")
		for _, want := range []time.Duration{time.Minute, 5 * time.Second} {
			began := time.Now()
			if a := w.lookAll(byID(ids...)...)[0]; a.err != nil || a.at.Sub(began) != want {
				t.Errorf("answered after %v, want %v (%v)", a.at.Sub(began), want, a.err)
			}
			stretch = 0.5 // less than 1 does not hurry
		}
	})
}

// Who left before the tick costs no request.
func TestAbandonedLookCostsNothing(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
		defer cancel()
		if _, err := w.inv.Look(ctx, inventory.Query{ID: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := w.sim.Requests().Total(); n != 0 {
			t.Errorf("%d requests: %v", n, w.sim.Requests())
		}
	})
}

// A slow answer does not hold up the next tick.
func TestTicksOverlap(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		ids := w.add(2, "web")
		w.script(routeGet, simulator.Hang())
		slow := make(chan error, 1)
		go func() {
			_, err := w.inv.Look(w.t.Context(), inventory.Query{ID: ids[0]})
			slow <- err
		}()
		time.Sleep(6 * time.Second)
		began := time.Now()
		if a := w.lookAll(inventory.Query{ID: ids[1]})[0]; a.err != nil || a.at.Sub(began) > 5*time.Second {
			t.Errorf("answered after %v: %v", a.at.Sub(began), a.err)
		}
		if err := <-slow; !errors.Is(err, digitalocean.ErrUnavailable) {
			t.Errorf("the slow one: %v", err)
		}
	})
}

// A token that becomes another team's in the middle of a listing has its absences judged by the account that answers in the end.
func TestLaw06ATokenSwappedInMidTickProvesNothing(t *testing.T) {
	inWatch(t, simulator.Options{}, inventory.Options{}, func(w *watch) {
		gpu := w.sim.Add(simulator.Droplet{Name: "gpu", Region: "tor1", Size: "gpu-l40sx1-48gb"})
		w.observe(fleet.Recorded{})
		w.swapAfter("/v2/droplets", 1, otherToken) // the page of the GPU droplets comes under the other one
		if a := w.lookAll(inventory.Query{Name: gpu.Name, GPU: true, Proof: true})[0]; a.err == nil {
			t.Errorf("absent: %v", idsOf(a.droplets))
		}
	})
}
