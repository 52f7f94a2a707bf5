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
		"all are seen":       {func(*Pass) {}, true},
		"one is proved gone": {func(p *Pass) { p.Observed.Droplets, p.Observed.Gone = p.Observed.Droplets[:1], []int64{8} }, true},
		"one is missing":     {func(p *Pass) { p.Observed.Droplets = p.Observed.Droplets[:1] }, false},
		"one is being destroyed": {func(p *Pass) {
			p.Observed.Droplets = p.Observed.Droplets[:1]
			p.Recorded.Sagas = []fleet.Saga{{Live: true, Kind: fleet.SagaDestroy, Facts: fleet.Facts{DropletID: 8}}}
		}, true},
		"one is being replaced": {func(p *Pass) {
			p.Observed.Droplets = p.Observed.Droplets[:1]
			p.Recorded.Sagas = []fleet.Saga{{Live: true, Kind: fleet.SagaReplace, Facts: fleet.Facts{DropletID: 9, Replaces: 8}}}
		}, true},
		"one is being changed": {func(p *Pass) {
			p.Observed.Droplets = p.Observed.Droplets[:1]
			p.Recorded.Sagas = []fleet.Saga{{Live: true, Kind: fleet.SagaUpdate, Facts: fleet.Facts{DropletID: 8}}}
		}, false},
		"one was to be destroyed": {func(p *Pass) {
			p.Observed.Droplets = p.Observed.Droplets[:1]
			p.Recorded.Sagas = []fleet.Saga{{Kind: fleet.SagaDestroy, Facts: fleet.Facts{DropletID: 8}}}
		}, false},
		"the look is partial": {func(p *Pass) { p.Observed.Partial = true }, false},
	} {
		if got := witnessed(pass(tc.change)); got != tc.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}
