package simulator_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// stranger is somebody who sends requests by hand.
type stranger struct {
	t *testing.T
	s *simulator.Simulator
}

// ask sends a request; a body that is no string is sent as JSON.
func (x stranger) ask(method, path string, body any) (status int, text string) {
	x.t.Helper()
	raw, isText := body.(string)
	if !isText && body != nil {
		b, err := json.Marshal(body)
		raw = string(must(x.t, b, err))
	}
	status, _, text, err := send(context.Background(), x.s.Transport(), method, "http://simulated/v2/"+path, raw)
	if err != nil {
		x.t.Fatalf("%s %s %s: %v", method, path, raw, err)
	}
	return status, text
}

// does sends a request and demands a status. It gives the members of the answer's one object.
func (x stranger) does(want int, method, path string, body any) map[string]any {
	x.t.Helper()
	status, text := x.ask(method, path, body)
	if status != want {
		x.t.Fatalf("%s %s %v: %d, want %d: %s", method, path, body, status, want, text)
	}
	var all map[string]any
	if text != "" && json.Unmarshal([]byte(text), &all) != nil {
		x.t.Fatalf("%s %s: %s", method, path, text)
	}
	for key, v := range all {
		if one, ok := v.(map[string]any); ok && key != "links" && key != "meta" {
			return one
		}
	}
	return all
}

type m = map[string]any

// newStranger comes to an account in which all is done at once.
func newStranger(t *testing.T) stranger {
	t.Helper()
	return stranger{t, simulator.New(simulator.Options{Limits: simulator.Unlimited(), Activation: -1, ActionTime: -1})}
}

// shows demands that an answer has some words, and not others, which begin with an exclamation mark.
func (x stranger) shows(path string, words ...string) {
	x.t.Helper()
	_, text := x.ask("GET", path, nil)
	for _, w := range words {
		if not, without := strings.CutPrefix(w, "!"); strings.Contains(text, not) == without {
			x.t.Errorf("%s shows %s, want %s", path, text, w)
		}
	}
}

// everything makes one of each kind of resource, and gives what the paths of routes call them.
func (x stranger) everything() map[string]string {
	x.t.Helper()
	text := func(v any) string {
		if n, ok := v.(float64); ok {
			return fmt.Sprintf("%.0f", n)
		}
		return v.(string)
	}
	in := m{}
	for key, one := range map[string]struct {
		path string
		body any
	}{
		"vpc":   {"vpcs", m{"name": "net", "region": "syd1"}},
		"key":   {"account/keys", m{"name": "me", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"}},
		"image": {"images", m{"name": "mine", "url": "http://example.com/x.img", "region": "syd1", "tags": []string{"front"}}},
		"ip":    {"reserved_ips", m{"region": "syd1"}}, "ipv6": {"reserved_ipv6", m{"region_slug": "syd1"}},
		"project": {"projects", m{"name": "shop", "purpose": "Web Application"}}, "domain": {"domains", m{"name": "example.com", "ip_address": "192.0.2.9"}},
	} {
		status, answer := x.ask("POST", one.path, one.body)
		var body map[string]map[string]any
		if json.Unmarshal([]byte(answer), &body) != nil && status/100 != 2 {
			x.t.Fatalf("POST %s: %d %s", one.path, status, answer)
		}
		for k, v := range body {
			if k != "links" {
				in[key] = v
			}
		}
	}
	of := func(key, member string) string { return text(in[key].(m)[member]) }
	is := map[string]string{
		"vpc": of("vpc", "id"), "key": of("key", "id"), "image": of("image", "id"), "ip": of("ip", "ip"), "ipv6": of("ipv6", "ip"),
		"project": of("project", "id"), "domain": "example.com", "tag": "front",
	}
	d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "tags": []string{"front"},
		"vpc_uuid": is["vpc"], "ssh_keys": []any{is["key"]}, "backups": true, "ipv6": true, "user_data": "#!"})
	is["id"] = text(d["id"])
	v := x.does(201, "POST", "volumes", m{"name": "data", "region": "syd1", "size_gigabytes": 10, "tags": []string{"front"}, "filesystem_type": "ext4"})
	is["volume"] = text(v["id"])
	x.does(202, "POST", "volumes/"+is["volume"]+"/actions", m{"type": "attach", "droplet_id": d["id"]})
	is["snapshot"] = text(x.does(201, "POST", "volumes/"+is["volume"]+"/snapshots", m{"name": "s", "tags": []string{"front"}})["id"])
	is["action"] = text(x.does(201, "POST", "reserved_ips/"+is["ip"]+"/actions", m{"type": "assign", "droplet_id": d["id"]})["id"])
	x.does(201, "POST", "reserved_ipv6/"+is["ipv6"]+"/actions", m{"type": "assign", "droplet_id": d["id"]})
	x.does(201, "POST", "images/"+is["image"]+"/actions", m{"type": "transfer", "region": "ams3"})
	x.does(201, "POST", "droplets/"+is["id"]+"/actions", m{"type": "snapshot", "name": "golden"})
	is["firewall"] = text(x.does(202, "POST", "firewalls", m{"name": "fw", "droplet_ids": []any{d["id"]}, "tags": []string{"front"}, "inbound_rules": []m{
		{"protocol": "tcp", "ports": "22", "sources": m{"addresses": []string{"192.0.2.0/24"}, "tags": []string{"front"}, "droplet_ids": []any{d["id"]}}},
	}})["id"])
	leaf, private := selfSigned(x.t)
	is["certificate"] = text(x.does(201, "POST", "certificates", m{"name": "cert", "type": "custom", "leaf_certificate": leaf, "private_key": private})["id"])
	is["balancer"] = text(x.does(202, "POST", "load_balancers", m{"name": "lb", "region": "syd1", "tag": "front", "vpc_uuid": is["vpc"], "forwarding_rules": []m{
		{"entry_protocol": "https", "entry_port": 443, "target_protocol": "http", "target_port": 80, "certificate_id": is["certificate"]},
	}})["id"])
	is["record"] = text(x.does(201, "POST", "domains/example.com/records", m{"type": "MX", "data": "mail.example.net.", "priority": 10})["id"])
	x.does(200, "POST", "projects/"+is["project"]+"/resources", m{"resources": []string{
		"do:droplet:" + is["id"], "do:volume:" + is["volume"], "do:domain:example.com", "do:loadbalancer:" + is["balancer"], "do:floatingip:" + is["ip"],
	}})
	return is
}

// selfSigned is a certificate for example.com and its private key.
func selfSigned(t *testing.T) (leaf, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, 0, err)
	of := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example.com"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	must(t, 0, err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, 0, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

// paths gives the paths of all routes of a method, with the names of what there is, or of what there is not.
func paths(method string, is map[string]string) (out []string) {
	for _, route := range simulator.Routes() {
		m, path, _ := strings.Cut(route, " /v2/")
		if m != method {
			continue
		}
		out = append(out, regexp.MustCompile(`\{[^}]*\}`).ReplaceAllStringFunc(path, func(name string) string {
			name = strings.Trim(name, "{}")
			if name == "ip" && strings.HasPrefix(path, "reserved_ipv6") {
				name = "ipv6"
			}
			if v, ok := is[name]; ok {
				return url.PathEscape(v)
			}
			return "none"
		}))
	}
	return out
}

// Whatever a stranger sends, the answer is one of the API, and the simulator goes on.
func TestOddBodies(t *testing.T) {
	odd := []any{
		"", "null", "[]", "7", `"x"`, "{", "{}", `{"":null}`, `{"name":7}`, `{"name":null,"type":null,"region":null,"resources":null}`,
		`{"type":["assign"],"droplet_id":"1","tags":"front","resources":"do:droplet:1","volumes":[1],"forwarding_rules":7}`,
		m{"name": strings.Repeat("x", 300), "region": "sfo1", "purpose": strings.Repeat("y", 300), "region_slug": "sfo1", "droplet_id": -1},
		m{"name": "böse\x00", "region": "syd1", "size_gigabytes": -1, "tags": []string{"with space", ""}, "type": "attach", "resources": []any{m{"resource_id": "7", "resource_type": "volume"}}},
		m{"name": "odd", "region": "syd1", "tag": "none", "droplet_ids": []int{1, 1}, "type": "transfer", "resources": []string{"do:", "do::", "x", "do:droplet:x"}},
		m{"name": "lb2", "region": "sfo1", "forwarding_rules": []m{{}}, "inbound_rules": []m{{}}, "outbound_rules": []m{{"protocol": "tcp", "destinations": nil}}},
		m{"name": "odd2", "region": "syd1", "forwarding_rules": []m{{"entry_protocol": "http", "entry_port": 1e9, "target_protocol": "x"}}, "data": ".", "type": "CAA"},
		m{"type": "resize", "size": "none", "size_gigabytes": int64(1) << 60, "ip_range": "::/20", "image": m{"slug": 7}},
		m{"name": "odd3", "region": "syd1", "ip_range": "10.0.0.1/16", "type": "MX", "data": "x", "backup_policy": m{"hour": 7}},
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		x := newStranger(t)
		is := x.everything()
		for _, of := range []map[string]string{nil, is} {
			for _, path := range paths(method, of) {
				for _, body := range odd {
					if status, text := x.ask(method, path, body); status < 200 || status >= 500 || strings.Contains(text, "Go ") {
						t.Errorf("%s %s %v: %d %s", method, path, body, status, text)
					}
				}
			}
		}
		for _, path := range paths("GET", is) { // all can still be shown
			if status, text := x.ask("GET", path, nil); status >= 500 {
				t.Errorf("GET %s: %d %s", path, status, text)
			}
		}
	}
}

// Nothing is found under a name that is none, and there is no page beyond the last.
func TestReadsOfWhatIsNotThere(t *testing.T) {
	x := newStranger(t)
	is := x.everything()
	for _, path := range paths("GET", nil) {
		if status, text := x.ask("GET", path, nil); strings.Contains(path, "none") != (status == 404) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for _, path := range paths("GET", is) {
		for _, query := range []string{"page=9223372036854775807&per_page=200", "page=-1&per_page=0", "page=x&per_page=", "per_page=9223372036854775807", "page=2&per_page=1"} {
			status, text := x.ask("GET", path+"?"+query, nil)
			if bare, _ := x.ask("GET", path, nil); status != bare {
				t.Errorf("%s?%s: %d %s", path, query, status, text)
			}
		}
	}
}

// An account with one of everything is the same when another process opens its file.
func TestEverythingSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "simulated.db")
	shown := func(s *simulator.Simulator, is map[string]string) map[string]string {
		out := map[string]string{}
		for _, path := range paths("GET", is) {
			status, text := stranger{t, s}.ask("GET", path, nil)
			if out[path] = fmt.Sprintf("%d %s", status, text); status >= 400 {
				out[path] = fmt.Sprint(status) // each has its own request id
			}
		}
		return out
	}
	options := simulator.Options{Limits: simulator.Unlimited(), Activation: -1, ActionTime: -1}
	s := open(t, path, options)
	is := stranger{t, s}.everything()
	before := shown(s, is)
	must(t, 0, s.Close())
	s = open(t, path, options)
	defer s.Close()
	after := shown(s, is)
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if before[path] != after[path] {
			t.Errorf("%s:\nbefore %s\nafter  %s", path, before[path], after[path])
		}
	}
}

// What is under way goes on when another process opens the account's file.
func TestWhatIsUnderWaySurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "simulated.db")
		options := simulator.Options{Activation: -1, ActionTime: time.Minute}
		s := open(t, path, options)
		x := stranger{t, s}
		d := x.does(202, "POST", "droplets", m{"name": "web", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"})["id"]
		volume := "volumes/" + x.does(201, "POST", "volumes", m{"name": "data", "region": "syd1", "size_gigabytes": 10})["id"].(string)
		x.does(202, "POST", volume+"/actions", m{"type": "attach", "droplet_id": d})
		x.does(201, "POST", "domains", m{"name": "example.com"})
		x.does(201, "POST", "certificates", m{"name": "c", "type": "lets_encrypt", "dns_names": []string{"example.com"}})
		x.does(202, "POST", "load_balancers", m{"name": "lb", "region": "syd1", "forwarding_rules": []m{rule("tcp", 22)}})
		x.does(202, "POST", "images", m{"name": "mine", "url": "http://example.com/x.img", "region": "syd1"})
		x.ask("POST", "reserved_ips", m{"droplet_id": d})
		must(t, 0, s.Close())
		s = open(t, path, options)
		defer s.Close()
		x = stranger{t, s}
		x.shows(volume, `"droplet_ids":[]`)
		x.shows("load_balancers", `"status":"new"`, `"ip":""`)
		x.shows("certificates", `"pending"`)
		x.shows("reserved_ips", `"droplet":null`, `"locked":true`)
		time.Sleep(time.Minute)
		x.shows(volume, fmt.Sprintf(`"droplet_ids":[%.0f]`, d))
		x.shows("load_balancers", `"status":"active"`, `"ip":"192.0.2.1"`)
		x.shows("certificates", `"verified"`)
		x.shows("reserved_ips", `"name":"web"`, `"locked":false`)
		x.shows("images?private=true", `"mine"`)
	})
}

// The list of what belongs to a droplet names an address by the same id, whatever becomes of others.
func TestAssociatedAddressKeepsItsID(t *testing.T) {
	x := newStranger(t)
	x.ask("POST", "reserved_ips", m{"region": "syd1"})
	is := x.everything()
	path := "droplets/" + is["id"] + "/destroy_with_associated_resources"
	var list map[string][]map[string]string
	_, text := x.ask("GET", path, nil)
	must(t, 0, json.Unmarshal([]byte(text), &list))
	x.does(204, "DELETE", "reserved_ips/203.0.113.1", nil)
	x.does(202, "DELETE", path+"/selective", m{"reserved_ips": []string{list["reserved_ips"][0]["id"]}})
	x.does(404, "GET", "reserved_ips/"+is["ip"], nil)
}

// Many strangers at once, with and without a file, do not race.
func TestStrangersAtOnce(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "simulated.db"), simulator.Options{Limits: simulator.Unlimited(), Activation: -1, ActionTime: -1})
	defer s.Close()
	x := stranger{t, s}
	is := x.everything()
	requests := []struct {
		method, path string
		body         any
	}{
		{"POST", "firewalls/" + is["firewall"] + "/tags", m{"tags": []string{"front"}}},
		{"PUT", "tags/front", m{"name": "face"}},
		{"PUT", "tags/face", m{"name": "front"}},
		{"POST", "droplets", m{"name": "w", "region": "syd1", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "tags": []string{"front"}}},
		{"POST", "load_balancers/" + is["balancer"] + "/forwarding_rules", m{"forwarding_rules": []m{{"entry_protocol": "tcp", "entry_port": 22, "target_protocol": "tcp", "target_port": 22}}}},
		{"DELETE", "load_balancers/" + is["balancer"] + "/forwarding_rules", m{"forwarding_rules": []m{{"entry_protocol": "tcp", "entry_port": 22, "target_protocol": "tcp", "target_port": 22}}}},
		{"POST", "volumes/" + is["volume"] + "/actions", m{"type": "resize", "size_gigabytes": 11}},
		{"POST", "projects/" + is["project"] + "/resources", m{"resources": []string{"do:domain:example.com"}}},
	}
	var all sync.WaitGroup
	for range 4 {
		for _, r := range requests {
			all.Go(func() {
				x.ask(r.method, r.path, r.body)
				s.Firewalls()
				s.LoadBalancers()
				s.Droplets()
				x.ask("GET", strings.SplitN(r.path, "/", 2)[0], nil)
			})
		}
	}
	all.Wait()
}
