package daemon

import (
	"slices"
	"time"

	"arcadiad/simulator"
)

// updateScenarios are those in which droplets are changed in place: whatever dies on the way, no droplet is destroyed, and all run.
func updateScenarios() []scenario {
	kept := func(as func(d simulator.Droplet) bool) func(w *world) {
		return func(w *world) {
			for _, d := range w.sim.Droplets() {
				if !slices.ContainsFunc(w.foreign, func(f simulator.Droplet) bool { return f.ID == d.ID }) && (d.Status != "active" || !as(d)) {
					w.t.Errorf("droplet %s is not as the file asks: %+v", d.Name, d)
				}
			}
			if ended := w.sim.Ended(); len(ended) > 0 {
				w.t.Errorf("destroyed: %+v", ended)
			}
		}
	}
	resized := func(d simulator.Droplet) bool { return d.Size == "s-1vcpu-2gb" && d.Disk == 25 }
	const small, large = "name: a, resize: in_place", "name: a, resize: in_place, size: s-1vcpu-2gb"
	return []scenario{
		{name: "update", before: func(w *world) {
			settled(fleetOf("name: a, tags: [x, y]"))(w)
			w.edit(fleetOf("name: a, tags: [y, z], backups: true, ipv6: true, protect: true"))
		}, after: kept(func(d simulator.Droplet) bool {
			return !d.HasTag("x") && d.HasTag("y") && d.HasTag("z") && d.Backups && d.IPv6 && d.HasTag("arcadia-protect")
		})},
		{name: "resize", before: func(w *world) {
			settled(fleetOf(small))(w)
			w.edit(fleetOf(large))
		}, after: kept(resized)},
		{name: "resize compensated", before: func(w *world) {
			settled(fleetOf(small))(w)
			w.sim.SetFaults(simulator.Faults{ErroredActions: []string{"resize"}})
			w.edit(fleetOf(large))
		}, during: func(w *world) {
			time.Sleep(2 * time.Minute) // it fails, and the droplet is switched on
			if !w.life.taps.dead() {
				w.resume(w.life.h.loop.Last().Outcome.Pass.Plan)
			}
			time.Sleep(2 * time.Minute)
			w.sim.SetFaults(simulator.Faults{})
		}, recover: func(w *world) { w.sim.SetFaults(simulator.Faults{}) }, after: kept(resized)},
		{name: "drained and resized", before: func(w *world) {
			w.balanced(drains(small))
			w.edit(fleetOf(drains(large)))
		}, after: kept(func(d simulator.Droplet) bool { return resized(d) && d.HasTag("lb") })},
		{name: "drained, and not resized", before: func(w *world) {
			w.balanced(drains(small))
			w.sim.SetFaults(simulator.Faults{ErroredActions: []string{"resize"}})
			w.edit(fleetOf(drains(large)))
		}, during: func(w *world) {
			time.Sleep(4 * time.Minute) // it fails, and the droplet is switched on
			w.sim.SetFaults(simulator.Faults{})
			w.edit(fleetOf(drains(small)))
		}, recover: func(w *world) {
			w.sim.SetFaults(simulator.Faults{})
			w.edit(fleetOf(drains(small)))
		}, after: kept(func(d simulator.Droplet) bool { return d.HasTag("lb") })},
		{name: "drained and replaced", before: func(w *world) {
			w.balanced(drains("name: a"))
			w.edit(fleetOf(drains("name: a, size: s-1vcpu-2gb")))
		}},
		{name: "rename of a group", before: func(w *world) {
			settled(fleetOf("name: web, count: 2"))(w)
			w.edit(fleetOf("name: api, count: 2, was: web"))
		}, after: kept(func(d simulator.Droplet) bool { return d.Name == "api-1" || d.Name == "api-2" })},
		{name: "replace, destroyed first", before: func(w *world) {
			settled(fleetOf("name: a, replace: destroy_first"))(w)
			w.edit(fleetOf("name: a, replace: destroy_first, size: s-1vcpu-2gb"))
		}},
		{name: "drift corrected", before: func(w *world) {
			settled(fleetOf("name: b, drift: correct, tags: [x]"))(w)
			d := w.sim.Named("b")[0]
			w.sim.Rename(d.ID, "theirs-now")
			w.sim.Untag(d.ID, "x")
			w.sim.PowerOff(d.ID)
			settled(fleetOf("name: b, tags: [x]"))(w) // it is noticed, and not corrected yet
			time.Sleep(time.Minute)
			w.edit(fleetOf("name: b, drift: correct, tags: [x]"))
		}, after: kept(func(d simulator.Droplet) bool { return d.Name == "b" && d.HasTag("x") && d.Status == "active" })},
	}
}

// drains is a stanza whose droplets have a load balancer's tag, and leave it first.
func drains(stanza string) string { return stanza + ", tags: [lb], rollout: {drain: 90s}" }

// balanced settles a fleet of one stanza behind a load balancer.
func (w *world) balanced(stanza string) {
	settled(fleetOf(stanza))(w)
	w.sim.AddLoadBalancer(simulator.LoadBalancer{Name: "front", Region: "syd1", Tag: "lb"})
}
