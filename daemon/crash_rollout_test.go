package daemon

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// rolloutScenarios are those in which a change goes through a group. Law 18 is watched at each request; whatever dies on the way, the next
// process goes on with the same rollout.
func rolloutScenarios() []scenario {
	const web, probes = "name: web, ready: {tcp: 22, within: 90s}, count: ", "name: api, ready: {tcp: 80}"
	changes := func(n, how string) func(w *world) {
		return func(w *world) {
			settled(fleetOf(probes, web+n+how))(w)
			w.edit(fleetOf(probes, web+n+how+", image: "+newImage))
		}
	}
	var person operator
	var old []int64
	healthy := func(w *world) {
		w.sim.Before(nil)
		w.sim.SetFaults(simulator.Faults{})
	}
	return []scenario{
		{name: "rollout", before: changes("3", ""), after: rolledOut(3, false)},
		{name: "rollout, destroyed first", before: changes("2", ", replace: destroy_first"), after: rolledOut(2, false)},
		{name: "rollout of resizes, drained", before: func(w *world) {
			w.balanced(drains(web + "2, resize: in_place"))
			w.edit(fleetOf(drains(web + "2, resize: in_place, size: s-1vcpu-2gb")))
		}, after: rolledOut(2, false)},
		{name: "rollout with a member that fails", before: func(w *world) {
			changes("2", "")(w)
			old = nil
			for _, d := range w.sim.Droplets() {
				old = append(old, d.ID)
			}
			w.sim.Before(func(*http.Request) {
				var f simulator.Faults
				for _, d := range w.sim.Named("web-1") {
					if !slices.Contains(old, d.ID) {
						f.NeverReady = append(f.NeverReady, strconv.FormatInt(d.ID, 10))
					}
				}
				w.sim.SetFaults(f)
			})
		}, during: func(w *world) {
			time.Sleep(3 * time.Minute)
			if !w.life.taps.dead() && (w.posts() != 3+1 || len(w.sim.Droplets()) != len(old)) {
				w.t.Errorf("%d creates, and %d droplets stand, of %d", w.posts(), len(w.sim.Droplets()), len(old))
			}
			healthy(w)
		}, recover: healthy, after: rolledOut(2, false)},
		{name: "rollout that a person approved", before: func(w *world) {
			person = operator{}
			settled(careful("name: web, count: 2", "name: db"))(w)
			w.edit(careful("name: web, count: 2, image: "+newImage, "name: db"))
		}, during: person.approve, recover: person.approve, after: rolledOut(2, true)},
	}
}

// rolledOut demands that so many members were changed by one rollout, which is done, each by one saga that came through.
func rolledOut(members int, approved bool) func(w *world) {
	return func(w *world) {
		rows, err := w.reader().Rollouts(context.Background())
		w.must(err)
		if len(rows) != 1 || rows[0].Phase != fleet.RolloutDone || len(rows[0].Members) != members || rows[0].Approval != "" != approved {
			w.t.Errorf("rollouts: %+v", rows)
			return
		}
		recorded, err := w.reader().Load(context.Background())
		w.must(err)
		done := map[string]int{}
		for _, s := range recorded.Sagas {
			if s.Rollout == rows[0].ID && s.Completed() {
				done[s.Name]++
			}
		}
		for _, m := range rows[0].Members {
			if n := done[m.Name]; n < 1 || n > 2 { // one that destroys first is two
				w.t.Errorf("%d sagas of the rollout changed %s", n, m.Name)
			}
		}
		if p := w.life.h.loop.Last().Outcome.Pass.Plan; len(p.Rollouts) > 0 || len(p.Actions) > 0 {
			w.t.Errorf("something is left of it: %s", w.describe())
		}
	}
}
