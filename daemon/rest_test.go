package daemon

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// Whatever the API did, and however long: when it is well again and the file stays as it is, no write follows the bound of law 19, and
// every name has its droplet, or the plan or a stuck saga says why not.
func TestLaw19ItComesToRest(t *testing.T) {
	t.Parallel()
	lies := []fault{
		{"blank_reads", true, func(f *simulator.Faults, _ *rand.Rand) { f.BlankReads = true }},
		{"reads_behind", false, func(f *simulator.Faults, _ *rand.Rand) { f.ReadsBehind = 10 * time.Minute }},
		{"hidden_from_lists", false, func(f *simulator.Faults, _ *rand.Rand) { f.HiddenFromLists = []string{"web-2"} }},
		{"hidden_from_get", false, func(f *simulator.Faults, _ *rand.Rand) { f.HiddenFromGet = []string{"web-2", "db"} }},
		{"members", true, func(f *simulator.Faults, _ *rand.Rand) { f.Members = []simulator.Member{{Name: "status", As: "null"}} }},
		{"shown_off", true, func(f *simulator.Faults, _ *rand.Rand) { f.ShownOff = []string{simulator.Everything} }},
		{"features_lack_backups", false, func(f *simulator.Faults, _ *rand.Rand) { f.FeaturesLackBackups = true }},
		{"total_moves", false, func(f *simulator.Faults, _ *rand.Rand) { f.TotalMoves = true }},
		{"tag_count_off", false, func(f *simulator.Faults, _ *rand.Rand) { f.TagCountOff = 7 }},
	}
	for i, x := range append(standingFaults(), lies...) {
		if !visits(i) {
			continue
		}
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, simulator.Options{Seed: 19, Activation: 20 * time.Second, Limits: simulator.Unlimited()}, func(w *world) {
				w.edit(fleetOf("name: db", "name: web, count: 3, backups: true, resize: in_place"))
				w.start()
				w.rest()
				f := simulator.Faults{}
				if x.set(&f, rand.New(rand.NewPCG(19, 19))); x.chance {
					f.Chance = map[string]float64{x.name: 0.7}
				}
				w.sim.SetFaults(f)
				time.Sleep(10 * time.Minute)
				w.edit(fleetOf("name: db, size: s-1vcpu-2gb", "name: web, count: 4, size: s-1vcpu-2gb, resize: in_place", "name: api"))
				time.Sleep(40 * time.Minute)
				w.sim.SetFaults(simulator.Faults{})
				time.Sleep(restWithin)
				synctest.Wait()
				writes := w.sim.Writes()
				time.Sleep(staysAtRest)
				synctest.Wait()
				if n := w.sim.Writes() - writes; n > 0 {
					log := w.sim.RequestLog()
					t.Errorf("%d writes more than %v after the fault ended, the last of\n%v", n, restWithin, log[max(0, len(log)-20):])
				}
				w.resting()
				if t.Failed() {
					t.Log(w.describe())
				}
			})
		})
	}
}
