package plan

import (
	"testing"

	"arcadiad/fleet"
)

// Law 2: a droplet that somebody renamed is not planned to be destroyed and made anew, without records either.
func TestLaw02AStatelessPlanRecognizesARenamedDroplet(t *testing.T) {
	s := converged("web-1", "web-2", "web-3")
	for i, id := range []int64{101, 102, 103} {
		s.droplet(id).Tags = append(s.droplet(id).Tags, fleet.SagaTag(sagaID(int64(i+1))))
	}
	s.droplet(102).Name = "somebody-renamed-me"
	s.droplet(103).Name, s.droplet(103).Size = "another", "s-4vcpu-8gb" // not what any name asks for
	s.recorded = fleet.RecordedByTags(s.desired, s.observed.Droplets)
	p := s.build(t)
	var provisioned, destroyed []string
	for _, a := range p.Actions {
		switch a.Kind {
		case Provision:
			provisioned = append(provisioned, a.Name)
		case Destroy:
			destroyed = append(destroyed, a.Name)
		}
	}
	if len(provisioned) != 1 || provisioned[0] != "web-3" || len(destroyed) != 1 || destroyed[0] != "another" {
		t.Errorf("provisions %v, destroys %v; want web-3 and another alone", provisioned, destroyed)
	}
	if len(p.Drift) != 1 || p.Drift[0].Name != "web-2" || p.Drift[0].DropletID != 102 {
		t.Errorf("the rename is not shown: %+v", p.Drift)
	}
}
