package daemon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// The database is lost beside blank reads: the fleet's tag counts droplets that are not shown, so nothing is made, until they show again
// and are adopted.
func TestLaw07ALostDatabaseBesideBlankReads(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, -4} { // the tag's own count may be blank too
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.file = fleetOf("name: db", "name: web, count: 3")
				w.start()
				w.rest()
				time.Sleep(24 * time.Hour)
				before, writes := w.sim.Droplets(), w.sim.Writes()
				w.stop()
				w.loseDatabase()
				w.sim.SetFaults(simulator.Faults{BlankReads: true, TagCountOff: count})
				w.start()
				time.Sleep(4 * time.Minute)
				if n := w.sim.Writes() - writes; n != 0 {
					t.Errorf("%d writes", n)
				}
				p := w.life.h.loop.Last().Outcome.Pass.Plan
				if want := map[int]string{0: "lost", -4: "confirm"}[count]; len(p.Actions) != 4 || p.Actions[0].HeldBy != want {
					t.Errorf("want held by %s: %s", want, w.describe())
				}
				w.sim.SetFaults(simulator.Faults{})
				w.rest()
				w.standing(before)
				w.check()
			})
		})
	}
}

// The account's listing never holds still from the first look on: a new database makes the fleet, and a lost one takes it back, GPU droplets too.
func TestLaw07AnEmptyDatabaseBesideAListingThatNeverHoldsStill(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.sim.SetFaults(simulator.Faults{TotalMoves: true, TagFilterHidesGPU: true})
		w.addForeign("theirs")
		w.file = fleetOf("name: web, count: 3", "name: gpu, size: gpu-h100x1-80gb, region: tor1")
		w.start()
		w.until("the fleet is made", func() bool { return w.life.h.loop.Last().Outcome.Pass.Plan.Summary.Unchanged == 4 })
		w.check()
		before, writes := w.sim.Droplets(), w.sim.Writes()
		w.stop()
		w.loseDatabase()
		w.start()
		w.until("it is taken back", func() bool { return w.life.h.loop.Last().Outcome.Pass.Plan.Summary.Unchanged == 4 })
		w.check()
		w.standing(before)
		if n := w.sim.Writes() - writes; n != 0 {
			t.Errorf("%d writes", n)
		}
		w.sim.SetFaults(simulator.Faults{})
		w.rest()
		w.check()
	})
}

// A fleet that was emptied leaves its tag behind: a new database makes the droplets when it is proved that there are none.
func TestLaw07TheTagOfAnEmptiedFleet(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: db")
		w.start()
		w.rest()
		w.edit(fleetOf())
		w.rest()
		w.stop()
		w.loseDatabase()
		w.file = fleetOf("name: db")
		w.start()
		time.Sleep(4*time.Minute + 50*time.Second)
		if n := len(w.sim.Named("db")); n != 0 {
			t.Errorf("%d droplets before five minutes", n)
		}
		time.Sleep(time.Minute)
		w.rest()
		w.check()
	})
}

// What our DELETE ended, and a listing still shows, is not adopted again and again.
func TestLaw06AListingThatShowsWhatWeEnded(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.file = fleetOf("name: a", "name: b", "name: c")
		w.start()
		w.rest()
		gone, before := w.sim.Named("a")[0], len(w.sagas())
		var listing staleList
		w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
			resp, err := on.RoundTrip(r)
			if err == nil && r.Method == http.MethodGet && r.URL.Path == "/v2/droplets" {
				return listing.also(resp, gone.ID)
			}
			return resp, err
		})
		w.look()
		w.edit(fleetOf("name: b", "name: c"))
		time.Sleep(10 * time.Minute)
		w.edit(fleetOf("name: a", "name: b", "name: c"))
		time.Sleep(10 * time.Minute)
		for _, s := range w.sagas()[before:] {
			if s.Kind == fleet.SagaAdopt {
				t.Errorf("saga %s adopts %s: %s", s.ID[:8], s.Subject, s.Error)
			}
		}
		w.leave()
		w.rest()
		w.check()
	})
}

// staleList remembers a droplet as the listing showed it, and shows it for ever.
type staleList struct{ last map[string]any }

func (l *staleList) also(resp *http.Response, id int64) (*http.Response, error) {
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var body map[string]any
	if err := dec.Decode(&body); err != nil {
		return nil, err
	}
	list, _ := body["droplets"].([]any)
	found := false
	for _, d := range list {
		d := d.(map[string]any)
		if d["id"].(json.Number).String() == fmt.Sprint(id) {
			l.last, found = d, true
		}
	}
	if !found && l.last != nil && len(list) > 0 {
		body["droplets"] = append(list, l.last)
		total, _ := body["meta"].(map[string]any)["total"].(json.Number).Int64()
		body["meta"] = map[string]any{"total": total + 1}
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
	resp.Header.Del("Content-Length")
	return resp, nil
}
