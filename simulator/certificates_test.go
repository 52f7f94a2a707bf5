package simulator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// A certificate is uploaded, or asked for by names of the account's domains, and stays as long as a load balancer has it.
func TestCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := stranger{t, simulator.New(simulator.Options{ActionTime: time.Minute})}
		leaf, private := selfSigned(t)
		mine := m{"name": "mine", "leaf_certificate": leaf, "private_key": private}
		made := x.does(201, "POST", "certificates", mine)
		if made["type"] != "custom" || made["state"] != "verified" || made["dns_names"].([]any)[0] != "example.com" || len(made["sha1_fingerprint"].(string)) != 40 {
			t.Errorf("uploaded: %v", made)
		}
		_, other := selfSigned(t)
		for why, ask := range map[string]m{
			"the name again": mine, "no name": {"leaf_certificate": leaf, "private_key": private}, "another key": {"name": "x", "leaf_certificate": leaf, "private_key": other},
			"no certificate": {"name": "x", "type": "custom"}, "another kind": {"name": "x", "type": "moon"}, "no names": {"name": "x", "type": "lets_encrypt"},
			"a foreign name": {"name": "x", "type": "lets_encrypt", "dns_names": []string{"www.example.com"}},
		} {
			if status, text := x.ask("POST", "certificates", ask); status != 422 {
				t.Errorf("%s: %d %s", why, status, text)
			}
		}
		x.does(201, "POST", "domains", m{"name": "example.com"})
		issued := x.does(201, "POST", "certificates", m{"name": "issued", "type": "lets_encrypt", "dns_names": []string{"*.example.com"}})
		path := "certificates/" + issued["id"].(string)
		x.shows(path, `"pending"`)
		time.Sleep(time.Minute)
		x.shows(path, `"verified"`)
		x.shows("certificates?name=issued", `"total":1`, `!"mine"`)
		lb := m{"name": "lb", "region": "syd1", "forwarding_rules": []m{
			{"entry_protocol": "https", "entry_port": 443, "target_protocol": "http", "target_port": 80, "certificate_id": issued["id"]},
		}}
		balancer := "load_balancers/" + x.does(202, "POST", "load_balancers", lb)["id"].(string)
		x.does(403, "DELETE", path, nil)
		x.does(204, "DELETE", balancer, nil)
		x.does(204, "DELETE", path, nil)
		x.does(404, "GET", path, nil)
		lb["name"] = "other"
		x.does(422, "POST", "load_balancers", lb) // its certificate is gone
	})
}
