package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/simulator"
)

// A key of the account that is named by its fingerprint, after it was named by its id, replaces nothing.
func TestAKeyByItsFingerprintIsTheKeyByItsID(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		id, print := w.sim.AddKey("ops")
		other, _ := w.sim.AddKey("laptop")
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 2, ssh_keys: [%d]", id)))
		w.start()
		w.rest()
		for _, keys := range []string{fmt.Sprintf("%q", print), fmt.Sprint(id)} {
			w.edit(fleetOf("name: web, count: 2, ssh_keys: [" + keys + "]"))
			w.rest()
			w.check()
			if w.posts() != 2 || w.deletes() != 0 {
				t.Fatalf("%s: %d creates, %d destroys", keys, w.posts(), w.deletes())
			}
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 3, ssh_keys: [%d, %q]", id, print)))
		time.Sleep(time.Hour)
		p := w.life.h.loop.Last().Outcome.Pass.Plan
		if w.posts() != 2 || len(p.Actions) != 1 || p.Actions[0].HeldBy != "preflight" || !strings.Contains(p.Actions[0].HeldReason, "one key twice") {
			t.Errorf("one key that is named twice: %s", w.describe())
		}
		w.edit(fleetOf(fmt.Sprintf("name: web, count: 2, ssh_keys: [%d, %d]", id, other)))
		w.rest()
		w.check()
		if w.posts() != 4 {
			t.Errorf("another key, and %d creates, want 4", w.posts())
		}
	})
}
