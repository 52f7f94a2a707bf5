package simulator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

func rule(entry string, port int) m {
	return m{"entry_protocol": entry, "entry_port": port, "target_protocol": entry, "target_port": port}
}

// A load balancer is new without an address at first. It shows what was asked for, and defaults; it stays in its region and its VPC.
func TestLoadBalancers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := stranger{t, simulator.New(simulator.Options{ActionTime: time.Minute})}
		net := x.does(201, "POST", "vpcs", m{"name": "net", "region": "syd1"})["id"]
		ask := m{"name": "lb", "region": "syd1", "vpc_uuid": net, "forwarding_rules": []m{rule("tcp", 22), rule("udp", 22)}, "health_check": m{"protocol": "tcp", "port": 22}}
		lb := x.does(202, "POST", "load_balancers", ask)
		path := "load_balancers/" + lb["id"].(string)
		check := lb["health_check"].(m)
		if lb["status"] != "new" || lb["ip"] != "" || lb["vpc_uuid"] != net || lb["size_unit"] != 1.0 || check["path"] != "" || check["healthy_threshold"] != 5.0 {
			t.Errorf("made: %v", lb)
		}
		time.Sleep(time.Minute)
		ask["name"] = "second"
		x.does(202, "POST", "load_balancers", ask)
		time.Sleep(time.Minute)
		x.shows(path, `"active"`, `"192.0.2.1"`)
		x.shows("load_balancers?page=2&per_page=1", `"192.0.2.2"`)
		x.shows("vpcs/"+net.(string)+"/members", `"total":2`, "do:loadbalancer:"+lb["id"].(string))
		x.does(403, "DELETE", "vpcs/"+net.(string), nil)

		x.does(422, "PUT", path, m{"name": "lb", "region": "ams3", "forwarding_rules": []m{rule("tcp", 22)}})
		x.does(422, "PUT", path, m{"name": "lb", "vpc_uuid": x.s.VPC("syd1"), "forwarding_rules": []m{rule("tcp", 22)}})
		x.does(200, "PUT", path, m{"name": "front", "forwarding_rules": []m{rule("http", 80)}})
		x.shows(path, `"front"`, `"vpc_uuid":"`+net.(string), `!"udp"`, `"path":"/"`)
		x.does(422, "DELETE", path+"/forwarding_rules", m{"forwarding_rules": []m{rule("http", 80)}}) // it is the last one
		x.does(422, "DELETE", path+"/cache", nil)

		x.does(202, "POST", "load_balancers", m{"name": "by-default", "region": "syd1", "forwarding_rules": []m{rule("tcp", 22)}})
		first := x.s.VPC("syd1")
		x.does(200, "PATCH", "vpcs/"+net.(string), m{"default": true})
		x.shows("vpcs/"+first+"/members", `"by-default"`) // it stays there
		x.does(200, "PATCH", "vpcs/"+first, m{"default": true})

		bad := map[string]any{
			"forwarding_rules": []m{}, "size_unit": 101, "algorithm": "luck", "region": "sfo1", "vpc_uuid": x.s.VPC("ams3"), "project_id": "none",
			"health_check": m{"protocol": "udp"}, "sticky_sessions": m{"type": "cookies"}, "name": "with space", "type": "LOCAL", "tag": "none", "droplet_ids": []int{7},
		}
		for key, value := range bad {
			ask := m{"name": "third", "region": "syd1", "forwarding_rules": []m{rule("tcp", 22)}}
			ask[key] = value
			x.does(422, "POST", "load_balancers", ask)
		}
		for _, rules := range [][]m{{rule("tcp", 22), rule("http", 22)}, {rule("tcp", 0)}, {rule("icmp", 1)}, {{"entry_protocol": "udp", "entry_port": 1, "target_protocol": "tcp", "target_port": 1}}} {
			x.does(422, "POST", "load_balancers", m{"name": "third", "region": "syd1", "forwarding_rules": rules})
		}
		for _, body := range []string{`{"forwarding_rules":7}`, `{"size_unit":"x"}`, `{"redirect_http_to_https":"yes"}`} {
			x.does(400, "POST", "load_balancers", body)
		}
	})
}

// A global load balancer has a cache and no region.
func TestGlobalLoadBalancer(t *testing.T) {
	x := newStranger(t)
	ask := m{"name": "glb", "type": "GLOBAL", "forwarding_rules": []m{rule("http", 80)}, "glb_settings": m{"target_protocol": "http", "target_port": 80, "cdn": m{"is_enabled": true}}}
	path := "load_balancers/" + x.does(202, "POST", "load_balancers", ask)["id"].(string)
	x.shows(path, `"region":null`, `"GLOBAL"`, `"is_enabled":true`)
	x.does(204, "DELETE", path+"/cache", nil)
	x.does(422, "PUT", path, m{"name": "glb", "region": "syd1", "forwarding_rules": []m{rule("http", 80)}})
}
