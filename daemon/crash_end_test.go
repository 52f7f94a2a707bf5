package daemon

import (
	"time"

	"arcadiad/simulator"
)

// endScenarios are ends with a shutdown and a snapshot.
func endScenarios() []scenario {
	const (
		asked   = ", destroy: {shutdown: true}"
		snapped = ", destroy: {snapshot: true}"
	)
	return []scenario{
		{name: "destroyed with a shutdown and a snapshot", before: func(w *world) {
			settled(fleetOf("name: a", "name: b"+snapped))(w)
			w.sim.SetFaults(simulator.Faults{SnapshotFor: 40 * time.Second})
			w.edit(fleetOf("name: a"))
		}, after: func(w *world) {
			if all := w.sim.Snapshots(); len(all) != 1 {
				w.t.Errorf("snapshots %+v, want one", all)
			}
		}},
		{name: "replaced with a shutdown", before: func(w *world) {
			settled(fleetOf("name: a" + asked))(w)
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb" + asked))
		}},
		{name: "shut down, and kept", sim: simulator.Options{ActionTime: 25 * time.Second}, before: func(w *world) {
			settled(fleetOf("name: a", "name: b"+asked))(w)
			w.edit(fleetOf("name: a"))
		}, during: func(w *world) {
			time.Sleep(15 * time.Second)
			w.edit(fleetOf("name: a", "name: b, protect: true"+asked))
		}, recover: func(w *world) {
			w.edit(fleetOf("name: a", "name: b, protect: true"+asked))
		}, after: func(w *world) {
			if all := w.sim.Named("b"); len(all) != 1 || all[0].Status != "active" || w.sim.Requests()["DELETE /v2/droplets/{id}"] != 0 {
				w.t.Errorf("it is %+v, after %v", all, w.sim.Requests())
			}
		}},
	}
}
