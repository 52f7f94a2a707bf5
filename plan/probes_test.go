package plan

import (
	"fmt"
	"testing"

	"arcadiad/fleet"
)

// Whoever builds again asks the droplets of the groups that are to change, and a few others; never those without a probe or an address of
// their own to be asked at.
func TestProbes(t *testing.T) {
	s := edited("db-1", "db-2", "web-1", "web-2", "plain-1")
	ready := fleet.Ready{Port: 22}
	for i := range s.desired.Specs {
		if spec := &s.desired.Specs[i]; spec.Group != "plain" {
			spec.Ready = &ready
		}
		if spec := &s.desired.Specs[i]; spec.Group == "web" {
			spec.Image = "ubuntu-24-04-x64"
		}
	}
	s.register(106, "db-3") // a surplus
	s.droplet(102).Status = fleet.StatusOff
	var got []string
	for _, p := range s.build(t).Probes {
		got = append(got, fmt.Sprint(p.DropletID, " ", p.Address, " ", p.Ready, " ", p.Beside))
	}
	want := "[101 198.51.100.1 tcp 22 false 106 198.51.100.1 tcp 22 false 103 198.51.100.1 tcp 22 true 104 198.51.100.1 tcp 22 true]"
	if fmt.Sprint(got) != want {
		t.Errorf("asks %v, want %s", got, want)
	}
	s = converged("db-1")
	s.desired.Specs[0].Ready = &ready
	if p := s.build(t); len(p.Probes) != 0 {
		t.Errorf("asks %v, and nothing is to change", p.Probes)
	}
	s.begin("db")
	if p := s.build(t); len(p.Probes) != 1 {
		t.Errorf("asks %v, and a rollout is under way", p.Probes)
	}
}
