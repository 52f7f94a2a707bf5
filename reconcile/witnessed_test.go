package reconcile

import (
	"testing"

	"arcadiad/fleet"
)

// The namesakes of a create prove something only where the look that they are from lacks nothing that is known to be there.
func TestLaw05NamesakesAreWitnessed(t *testing.T) {
	pass := func(change func(*Pass)) Pass {
		p := Pass{
			Recorded: fleet.Recorded{Records: []fleet.Record{{DropletID: 7}, {DropletID: 8}}},
			Observed: fleet.Observed{Droplets: []fleet.Droplet{{ID: 7}, {ID: 8}}},
		}
		change(&p)
		return p
	}
	for what, tc := range map[string]struct {
		change func(*Pass)
		want   bool
	}{
		"all are seen":        {func(*Pass) {}, true},
		"one is proved gone":  {func(p *Pass) { p.Observed.Droplets, p.Observed.Gone = p.Observed.Droplets[:1], []int64{8} }, true},
		"one is missing":      {func(p *Pass) { p.Observed.Droplets = p.Observed.Droplets[:1] }, false},
		"the look is partial": {func(p *Pass) { p.Observed.Partial = true }, false},
	} {
		if got := witnessed(pass(tc.change)); got != tc.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}
