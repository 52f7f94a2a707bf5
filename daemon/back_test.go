package daemon

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"arcadiad/simulator"
)

// A rollout that stops takes its finished members back where the file says so: the droplets that they had are switched on, not made again, and
// the group serves all the time.
func TestLaw18ARolloutGoesBack(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		const web = "name: web, count: 4, ready: {tcp: 22, within: 90s}, destroy: {shutdown: false, keep: 24h}, " +
			"rollout: {max_unavailable: 1, max_surge: 1, on_failure: back}"
		settled(fleetOf(web))(w)
		var old []int64
		for _, d := range w.sim.Droplets() {
			old = append(old, d.ID)
		}
		w.sim.Before(func(*http.Request) { // the new web-3 never serves
			w.sim.SetFaults(simulator.Faults{NeverReady: w.newest("web-3", old)})
		})
		w.edit(fleetOf(web + ", image: " + newImage))
		w.start()
		time.Sleep(2 * time.Hour)
		w.sim.Before(nil)
		posts := w.posts()
		for _, name := range []string{"web-1", "web-2", "web-3", "web-4"} {
			serving := 0
			for _, d := range w.sim.Named(name) {
				if slices.Contains(old, d.ID) && w.sim.Serves(d.ID) && d.HasTag("arcadia-fleet-test") {
					serving++
				}
			}
			if serving != 1 {
				t.Errorf("%s: its old droplet is not back: %+v", name, w.sim.Named(name))
			}
		}
		if posts != 4+3 {
			t.Errorf("%d creates", posts)
		}
		recorded, err := w.reader().Load(context.Background())
		w.must(err)
		for _, r := range recorded.Records {
			if !slices.Contains(old, r.DropletID) {
				t.Errorf("%s is droplet %d", r.Name, r.DropletID)
			}
		}
		if len(recorded.Quarantine) != 0 {
			t.Errorf("still kept: %+v", recorded.Quarantine)
		}
		time.Sleep(2 * time.Hour) // nothing more happens until somebody edits the file
		if w.posts() != posts {
			t.Errorf("%d creates more", w.posts()-posts)
		}
		w.stop()
	})
}

// newest are the droplets of that name that are not among the old ones.
func (w *world) newest(name string, old []int64) (ids []string) {
	for _, d := range w.sim.Named(name) {
		if !slices.Contains(old, d.ID) {
			ids = append(ids, strconv.FormatInt(d.ID, 10))
		}
	}
	return ids
}

// Whatever dies on the way, the droplets of before serve in the end, and none is made again.
func TestLaw18ARolloutGoesBackWhateverDies(t *testing.T) {
	t.Parallel()
	const web = "name: web, count: 2, ready: {tcp: 22, within: 90s}, destroy: {shutdown: false, keep: 24h}, " +
		"rollout: {max_unavailable: 1, max_surge: 1, on_failure: back}"
	for at, survived := 0, false; !survived && !t.Failed(); at += 4 * stride() {
		inWorld(t, simulator.Options{}, func(w *world) {
			settled(fleetOf("name: api, ready: {tcp: 80}", web))(w)
			var old []int64
			for _, d := range w.sim.Droplets() {
				old = append(old, d.ID)
			}
			w.sim.Before(func(*http.Request) { w.sim.SetFaults(simulator.Faults{NeverReady: w.newest("web-2", old)}) })
			w.edit(fleetOf("name: api, ready: {tcp: 80}", web+", image: "+newImage))
			tap := &taps{crash: at}
			w.startWith(tap)
			time.Sleep(20 * time.Minute)
			w.stop()
			survived = !tap.ended
			w.start()
			time.Sleep(time.Hour)
			for _, name := range []string{"web-1", "web-2"} {
				if !slices.ContainsFunc(w.sim.Named(name), func(d simulator.Droplet) bool {
					return slices.Contains(old, d.ID) && w.sim.Serves(d.ID) && d.HasTag("arcadia-fleet-test")
				}) {
					t.Errorf("crash %d: the old droplet of %s is not back: %+v", at, name, w.sim.Named(name))
				}
			}
			if n := w.posts(); n > 3+2 {
				t.Errorf("crash %d: %d creates", at, n)
			}
			w.stop()
		})
	}
}

// A member whose new droplet somebody destroys gets its old one back, and not another new one: both at once would keep every pass from its work.
func TestLaw02AMemberWithoutItsSuccessorGoesBack(t *testing.T) {
	inWorld(t, simulator.Options{}, func(w *world) {
		const web = "name: web, count: 3, ready: {tcp: 22, within: 90s}, destroy: {shutdown: false, keep: 24h}, " +
			"rollout: {max_unavailable: 1, max_surge: 1, on_failure: back}"
		settled(fleetOf("name: api, ready: {tcp: 80}", web))(w)
		var old []int64
		for _, d := range w.sim.Droplets() {
			old = append(old, d.ID)
		}
		w.sim.Before(func(*http.Request) { w.sim.SetFaults(simulator.Faults{NeverReady: w.newest("web-3", old)}) })
		w.edit(fleetOf("name: api, ready: {tcp: 80}", web+", image: "+newImage))
		w.start()
		w.until("web-2 is changed", func() bool { return len(w.newest("web-3", old)) > 0 })
		for _, id := range w.newest("web-2", old) {
			n, err := strconv.ParseInt(id, 10, 64)
			w.must(err)
			w.sim.Delete(n)
		}
		time.Sleep(3 * time.Hour)
		w.sim.Before(nil)
		for _, name := range []string{"web-1", "web-2", "web-3"} {
			if !slices.ContainsFunc(w.sim.Named(name), func(d simulator.Droplet) bool { return slices.Contains(old, d.ID) && w.sim.Serves(d.ID) }) {
				t.Errorf("the old droplet of %s is not back: %+v", name, w.sim.Named(name))
			}
		}
		w.stop()
	})
}
