package daemon

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/simulator"
)

// correcting is a fleet file that has drift corrected.
func correcting(stanzas ...string) string {
	return strings.Replace(fleetOf(stanzas...), "max_destroy: 100%", "max_destroy: 100%, drift: correct", 1)
}

// updates are the sagas that changed living droplets, oldest first.
func (w *world) updates() (list []saga.Saga) {
	for _, s := range w.sagas() {
		if s.Kind == fleet.SagaUpdate {
			list = append(list, s)
		}
	}
	return list
}

// Where the file says so, each thing that can be mended in place is mended, and no droplet is made or destroyed for it.
func TestDriftIsCorrected(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stanza string
		meddle func(w *world, id int64) bool
	}{
		"renamed":      {"name: db", func(w *world, id int64) bool { return w.sim.Rename(id, "mine") }},
		"resized":      {"name: db, resize: in_place_with_disk, size: s-2vcpu-2gb", func(w *world, id int64) bool { return w.sim.Resize(id, "s-1vcpu-2gb") }},
		"switched off": {"name: db", func(w *world, id int64) bool { return w.sim.PowerOff(id) }},
		"shut down":    {"name: db", func(w *world, id int64) bool { return w.sim.ShutDown(id) }},
		"tagged":       {"name: db", func(w *world, id int64) bool { return w.sim.Tag(id, "theirs") }},
		"untagged":     {"name: db, tags: [ours]", func(w *world, id int64) bool { return w.sim.Untag(id, "ours") }},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.edit(correcting(tt.stanza))
				w.start()
				w.rest()
				time.Sleep(time.Hour)
				before := w.sim.Named("db")[0]
				if !tt.meddle(w, before.ID) {
					t.Fatal("nothing was changed")
				}
				w.look()
				if n := len(w.updates()); n != 0 || len(w.deviations()) != 1 {
					t.Errorf("after one look: %d updates, noticed %+v", n, w.deviations())
				}
				time.Sleep(3 * time.Minute) // a second look comes by itself
				synctest.Wait()
				after, there := w.sim.Droplet(before.ID)
				if !there || after.Name != before.Name || after.Size != before.Size || after.Status != before.Status ||
					strings.Join(after.Tags, " ") != strings.Join(before.Tags, " ") {
					t.Errorf("it was  %+v\nand now %+v", before, after)
				}
				w.rest()
				w.check()
				if n := len(w.updates()); n != 1 || len(w.deviations()) != 0 || w.posts() != 1 || w.deletes() != 0 {
					t.Errorf("%d updates, %d creates, %d destroys, still noticed: %+v", n, w.posts(), w.deletes(), w.deviations())
				}
				if s := w.updates()[0]; s.Labels[fleet.LabelCorrects] != "true" {
					t.Errorf("it is not marked as a correction: %v", s.Labels)
				}
			})
		})
	}
}

// Another tool that changes it back every few minutes is met ever more rarely, and a person who asks is not kept waiting.
func TestCorrectionsBackOff(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(correcting("name: db"))
		w.start()
		w.rest()
		id := w.sim.Named("db")[0].ID
		for began := time.Now(); time.Since(began) < day; time.Sleep(5 * time.Minute) {
			if d, _ := w.sim.Droplet(id); d.Name == "db" {
				w.sim.Rename(id, "theirs")
			}
		}
		if n := len(w.updates()); n < 5 || n > 9 {
			t.Errorf("%d corrections in a day, want 7: after 15 min, 30 min, 1 h, …", n)
		}
		if r := w.life.h.loop.Last(); r.Err != nil || w.posts() != 1 || w.deletes() != 0 {
			t.Errorf("%d creates, %d destroys, the last pass: %v", w.posts(), w.deletes(), r.Err)
		}
		if d, _ := w.sim.Droplet(id); d.Name != "theirs" {
			t.Fatalf("it is %s", d.Name)
		}
		w.edit(w.file) // saved again: somebody asks
		time.Sleep(time.Minute)
		if d, _ := w.sim.Droplet(id); d.Name != "db" {
			t.Errorf("it is %s, although a person asked", d.Name)
		}
	})
}

// lagging has listings show droplets as they were until so long after a write, while each by itself is shown as it is.
func (w *world) lagging(lag time.Duration) {
	type answer struct {
		head http.Header
		body []byte
	}
	var mu sync.Mutex
	last := map[string]answer{}
	var wrote time.Time
	w.meddle(func(r *http.Request, on http.RoundTripper) (*http.Response, error) {
		mu.Lock()
		if r.Method != http.MethodGet {
			wrote = time.Now()
		}
		stale, known := last[r.URL.String()]
		behind := known && time.Since(wrote) < lag
		mu.Unlock()
		resp, err := on.RoundTrip(r)
		if err != nil || r.Method != http.MethodGet || r.URL.Path != "/v2/droplets" {
			return resp, err
		}
		if !behind {
			body, err := io.ReadAll(resp.Body)
			w.must(err)
			stale = answer{resp.Header, body}
			mu.Lock()
			last[r.URL.String()] = stale
			mu.Unlock()
		}
		resp.Header, resp.Body, resp.ContentLength = stale.head, io.NopCloser(bytes.NewReader(stale.body)), int64(len(stale.body))
		return resp, nil
	})
}

// What arcadiad changed itself is not corrected because a listing still shows it as it was.
func TestALaggingListingIsNoDrift(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{20 * time.Second, 30 * time.Second} {
		inWorld(t, simulator.Options{}, func(w *world) {
			w.edit(correcting("name: db, tags: [old]"))
			w.start()
			w.rest()
			time.Sleep(time.Hour)
			w.lagging(lag)
			w.look()
			w.edit(correcting("name: db, tags: [new]"))
			noticed := 0
			for range 60 {
				time.Sleep(time.Second)
				synctest.Wait()
				noticed = max(noticed, len(w.deviations()))
			}
			if noticed == 0 {
				t.Errorf("a lag of %v: nothing was noticed, so nothing is shown by this test", lag)
			}
			time.Sleep(time.Hour)
			w.sim.Rename(w.sim.Named("db")[0].ID, "mine")
			time.Sleep(2 * time.Hour)
			w.rest()
			w.check()
			if n := len(w.updates()); n != 2 {
				t.Errorf("a lag of %v: %d updates, want one for the file and one for the drift", lag, n)
			}
			if list := w.deviations(); len(list) != 0 {
				t.Errorf("a lag of %v: still noticed: %+v", lag, list)
			}
		})
	}
}
