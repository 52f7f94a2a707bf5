package daemon

import (
	"context"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// Volumes that the answers do not tell of may be there: a destroy waits for a person, and goes ahead with one.
func TestLaw09VolumesUnreadable(t *testing.T) {
	t.Parallel()
	for how, hide := range map[string]func(w *world){
		"missing": func(w *world) { w.retold(func(d map[string]any) { delete(d, "volume_ids") }) },
		"null":    func(w *world) { w.retold(func(d map[string]any) { d["volume_ids"] = nil }) },
		"a token without the scope": func(w *world) {
			w.sim.SetFaults(simulator.Faults{WithoutScopes: []string{"block_storage:read"}})
		},
	} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, simulator.Options{}, func(w *world) {
				w.edit(fleetOf("name: db", "name: web, count: 2"))
				w.start()
				w.rest()
				db := w.sim.Named("db")[0].ID
				w.sim.AttachVolume(db)
				hide(w)
				w.edit(fleetOf("name: web, count: 2"))
				time.Sleep(2 * time.Hour)
				p := w.life.h.loop.Last().Outcome.Pass.Plan
				if _, there := w.sim.Droplet(db); !there || len(p.Actions) != 1 || p.Actions[0].HeldBy != "volumes" || !strings.Contains(p.Actions[0].HeldReason, "block_storage:read") {
					t.Fatalf("there: %v; %s", there, w.describe())
				}
				w.stop()
				w.must(Approve(context.Background(), w.o, p.ID))
				w.start()
				w.rest()
				if _, there := w.sim.Droplet(db); there {
					t.Errorf("a person approved it, and it is still there: %s", w.describe())
				}
			})
		})
	}
}
