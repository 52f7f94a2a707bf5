package daemon

import (
	"context"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/simulator"
)

// keepScenarios are ends of droplets that are kept for a while.
func keepScenarios() []scenario {
	const kept = ", tags: [mail], destroy: {keep: 24h}"
	return []scenario{
		{name: "destroyed with keep", before: func(w *world) {
			settled(fleetOf("name: a", "name: b"+kept))(w)
			w.edit(fleetOf("name: a"))
		}, after: func(w *world) { w.wantKept("b", 1) }},
		{name: "replaced with keep", before: func(w *world) {
			settled(fleetOf("name: a" + kept))(w)
			w.edit(fleetOf("name: a, size: s-1vcpu-2gb" + kept))
		}, after: func(w *world) { w.wantKept("a", 1) }},
		{name: "replaced first with keep", before: func(w *world) {
			settled(fleetOf("name: a, replace: destroy_first" + kept))(w)
			w.edit(fleetOf("name: a, replace: destroy_first, size: s-1vcpu-2gb" + kept))
		}, after: func(w *world) { w.wantKept("a", 1) }},
		{name: "wanted again while it is taken out", sim: simulator.Options{ActionTime: 5 * time.Second}, before: func(w *world) {
			w.sim.SetFaults(simulator.Faults{ChangeVisibleAfter: 20 * time.Second})
			settled(fleetOf("name: a", "name: b"+kept))(w)
			w.edit(fleetOf("name: a"))
		}, during: func(w *world) {
			time.Sleep(55 * time.Second) // its tags come off
			w.edit(fleetOf("name: a", "name: b"+kept))
		}, recover: func(w *world) { w.edit(fleetOf("name: a", "name: b"+kept)) }, after: func(w *world) { w.wantKept("b", -1) }},
		{name: "purge", before: func(w *world) {
			w.o.SyncSchedule = seldom
			settled(fleetOf("name: a", "name: b"+kept))(w)
			settled(fleetOf("name: a"))(w)
			time.Sleep(24 * time.Hour)
		}, after: func(w *world) { w.wantKept("b", 0) }},
	}
}

// wantKept demands that so many droplets are kept that had the name, each off, out of its tags and marked; -1: any number. What is not kept is
// on, with all its tags.
func (w *world) wantKept(name string, n int) {
	w.t.Helper()
	recorded, err := w.reader().Load(context.Background())
	w.must(err)
	rows := recorded.Quarantine
	for _, q := range rows {
		d, there := w.sim.Droplet(q.DropletID)
		seen := fleet.Droplet{Tags: d.Tags}
		_, marked := seen.Until()
		if !there || d.Status != "off" || !marked || len(seen.UserTags()) > 0 || q.Name != name || !slices.Equal(q.Tags, []string{"mail"}) {
			w.t.Errorf("kept is %+v, which is %+v (there: %v)", q, d, there)
		}
	}
	if n >= 0 && len(rows) != n {
		w.t.Errorf("%d droplets are kept, want %d: %+v", len(rows), n, rows)
	}
	for _, d := range w.sim.Named(name) {
		_, marked := (&fleet.Droplet{Tags: d.Tags}).Until()
		if kept := slices.ContainsFunc(rows, func(q fleet.Quarantined) bool { return q.DropletID == d.ID }); kept != marked || !kept && d.HasTag(fleet.FleetTag("test")) && (d.Status != "active" || !d.HasTag("mail")) {
			w.t.Errorf("kept %v: %+v", kept, d)
		}
	}
}
