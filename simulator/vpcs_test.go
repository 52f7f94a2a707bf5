package simulator_test

import (
	"strings"
	"testing"
)

// A VPC has a private range of its own; without one it gets one that is free, however many came and went before.
func TestRangesOfVPCs(t *testing.T) {
	x := newStranger(t)
	net := func(name string) string {
		return x.does(201, "POST", "vpcs", m{"name": name, "region": "syd1"})["id"].(string)
	}
	first := net("a")
	net("b")
	x.does(204, "DELETE", "vpcs/"+first, nil)
	net("c")
	net("d")
	for _, bits := range []string{"10.0.0.0/8", "10.1.2.3/20", "192.0.2.0/24", "fd00::/20", "10.100.8.0/24", "x"} {
		x.does(422, "POST", "vpcs", m{"name": "e", "region": "syd1", "ip_range": bits})
	}
	for _, ask := range []m{{"name": "under_score"}, {"name": ""}, {"name": "b"}, {"name": "e", "description": strings.Repeat("x", 256)}, {"name": "e", "region": "sfo1"}} {
		if ask["region"] == nil {
			ask["region"] = "syd1"
		}
		x.does(422, "POST", "vpcs", ask)
	}
	path := "vpcs/" + x.does(201, "POST", "vpcs", m{"name": "e", "region": "syd1", "ip_range": "172.16.0.0/16"})["id"].(string)
	x.does(422, "PATCH", path, m{"name": "f", "description": strings.Repeat("x", 256)})
	x.shows(path, `"name":"e"`) // nothing of it was done
}
