package reconcile

import (
	"context"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
)

// probedAge is how old the result of a probe may be for a plan: readiness is asked anew before each batch (law 18).
const probedAge = 10 * time.Second

// probe asks the droplets on whose readiness a plan depends. Where none of them passes, it asks some of other groups: it may be this host's
// own network that is down.
func probe(ctx context.Context, in *inventory.Inventory, probes []plan.Probe) *fleet.Readiness {
	var own, beside []inventory.Target
	for _, x := range probes {
		if t := (inventory.Target{DropletID: x.DropletID, Address: x.Address, Ready: x.Ready}); x.Beside {
			beside = append(beside, t)
		} else {
			own = append(own, t)
		}
	}
	r := &fleet.Readiness{Passes: map[int64]bool{}}
	for _, targets := range [][]inventory.Target{own, beside} {
		for id, probed := range in.Probe(ctx, targets, probedAge) {
			r.Passes[id] = probed.Passed
			r.Answered = r.Answered || probed.Passed
		}
		if r.Answered {
			break
		}
	}
	return r
}
