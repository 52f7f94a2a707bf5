package simulator_test

import (
	"fmt"
	"testing"

	"arcadiad/simulator"
)

// A firewall is refused that the API would not take: its name, its rules, or how many there are of all.
func TestRefusedFirewalls(t *testing.T) {
	x := newStranger(t)
	x.does(201, "POST", "tags", m{"name": "Front"})
	d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"})["id"]
	everybody := m{"addresses": []string{"0.0.0.0/0", "::/0"}}
	in := func(change m) []m {
		r := m{"protocol": "tcp", "ports": "22", "sources": everybody}
		for k, v := range change {
			r[k] = v
		}
		return []m{r}
	}
	ask := func(change m) m {
		body := m{"name": "fw", "inbound_rules": in(nil), "droplet_ids": []any{d, d}, "tags": []string{"front"}}
		for k, v := range change {
			body[k] = v
		}
		return body
	}
	many := []m{}
	for n := range 51 {
		many = append(many, m{"protocol": "tcp", "ports": fmt.Sprint(n + 1), "sources": everybody})
	}
	for why, change := range map[string]m{
		"no name": {"name": ""}, "a short name": {"name": "x"}, "a name with spaces": {"name": "a b"}, "no rules": {"inbound_rules": nil},
		"too many rules": {"inbound_rules": many}, "no such droplet": {"droplet_ids": []int{7}}, "no such tag": {"tags": []string{"none"}},
		"another protocol": {"inbound_rules": in(m{"protocol": "gre"})}, "no such port": {"inbound_rules": in(m{"ports": "65536"})},
		"a range backwards": {"inbound_rules": in(m{"ports": "9-8"})}, "a range without end": {"inbound_rules": in(m{"ports": "8-"})},
		"nobody": {"inbound_rules": in(m{"sources": m{}})}, "no sources": {"inbound_rules": in(m{"sources": nil, "destinations": everybody})},
		"no address": {"inbound_rules": in(m{"sources": m{"addresses": []string{"home"}}})}, "a droplet that is not": {"inbound_rules": in(m{"sources": m{"droplet_ids": []int{7}}})},
	} {
		if status, text := x.ask("POST", "firewalls", ask(change)); status != 422 {
			t.Errorf("%s: %d %s", why, status, text)
		}
	}
	path := "firewalls/" + x.does(202, "POST", "firewalls", ask(nil))["id"].(string)
	x.shows(path, fmt.Sprintf(`"droplet_ids":[%.0f]`, d), `"tags":["Front"]`)
	x.does(422, "POST", "firewalls", ask(nil)) // the name again
	x.does(204, "DELETE", path+"/tags", m{"tags": []string{"FRONT"}})
	x.does(204, "DELETE", path+"/droplets", m{"droplet_ids": []int{7}}) // it is not there
	x.does(204, "POST", path+"/rules", m{"inbound_rules": in(m{"sources": m{"addresses": []string{"::/0", "0.0.0.0/0"}}})})
	x.shows(path, `"tags":[]`, `"inbound_rules":[{"protocol":"tcp","ports":"22","sources":{"addresses":["0.0.0.0/0","::/0"]}}]`)
	x.does(422, "POST", path+"/rules", m{"inbound_rules": many})

	bare := x.s.AddFirewall(simulator.Firewall{Name: "bare", ByAPI: true, Inbound: []simulator.FirewallRule{{Protocol: "tcp", Ports: "22"}}})
	x.does(204, "POST", "firewalls/"+bare.ID+"/tags", m{"tags": []string{"front"}})
}
