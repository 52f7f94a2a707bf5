package simulator_test

import (
	"strings"
	"testing"
)

// Hosts are asked for with a dot at their end and shown without it, names are shown within their domain, and what a kind of record does not
// have is null.
func TestRecords(t *testing.T) {
	x := newStranger(t)
	x.does(201, "POST", "domains", m{"name": "Example.com"})
	for _, tc := range []struct {
		ask        m
		name, data string
	}{
		{m{"type": "A", "name": "www.example.com.", "data": "192.0.2.1", "priority": 0}, "www", "192.0.2.1"},
		{m{"type": "aaaa", "name": "Six", "data": "2001:db8::1"}, "six", "2001:db8::1"},
		{m{"type": "CNAME", "name": "shop", "data": "www.example.net."}, "shop", "www.example.net"},
		{m{"type": "CNAME", "name": "self", "data": "example.com."}, "self", "@"},
		{m{"type": "MX", "data": "mail.example.net.", "priority": 10}, "@", "mail.example.net"},
		{m{"type": "SRV", "name": "_sip._tcp", "data": "sip.example.net.", "priority": 0, "port": 5060, "weight": 5}, "_sip._tcp", "sip.example.net"},
		{m{"type": "CAA", "name": "example.com.", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"}, "@", "letsencrypt.org"},
		{m{"type": "CAA", "data": "mailto:a@example.com", "flags": 0, "tag": "iodef"}, "@", "mailto:a@example.com"},
		{m{"type": "TXT", "data": "v=spf1 -all"}, "@", "v=spf1 -all"},
	} {
		r := x.does(201, "POST", "domains/example.com/records", tc.ask)
		if r["name"] != tc.name || r["data"] != tc.data || r["type"] != "MX" && r["type"] != "SRV" && r["priority"] != nil {
			t.Errorf("%v shows %v", tc.ask, r)
		}
	}
	r := x.does(201, "POST", "domains/example.com/records", m{"type": "NS", "name": "sub", "data": "ns1.example.net."})
	id := itoa(int(r["id"].(float64)))
	for why, ask := range map[string]m{
		"no dot": {"type": "CNAME", "name": "a", "data": "www"}, "no kind": {"name": "a", "data": "x."}, "no data": {"type": "TXT"},
		"another kind": {"type": "PTR", "data": "x."}, "no address": {"type": "A", "data": "x"}, "the other address": {"type": "AAAA", "data": "192.0.2.1"},
		"no priority": {"type": "MX", "data": "x."}, "no port": {"type": "SRV", "data": "x.", "priority": 1}, "no tag": {"type": "CAA", "data": "x."},
		"beside others": {"type": "CNAME", "data": "x."}, "beside an alias": {"type": "A", "name": "shop", "data": "192.0.2.1"},
		"a short life": {"type": "TXT", "data": "x", "ttl": 5},
	} {
		if status, text := x.ask("POST", "domains/example.com/records", ask); status != 422 {
			t.Errorf("%s: %d %s", why, status, text)
		}
	}
	x.does(422, "PUT", "domains/example.com/records/"+id, m{"ttl": 60}) // its data ends with no dot
	if r := x.does(200, "PATCH", "domains/example.com/records/"+id, m{"ttl": 60, "data": "ns2.example.net.", "type": "A"}); r["type"] != "NS" || r["data"] != "ns2.example.net" {
		t.Errorf("changed: %v", r)
	}
	if zone := x.does(200, "GET", "domains/example.com", nil)["zone_file"].(string); !strings.Contains(zone, "sub IN NS ns2.example.net.\n") {
		t.Errorf("zone file: %s", zone)
	}
	for _, name := range []string{"", "com", strings.Repeat("abcdefg.", 32) + "com", "a..com", "-a.com", "a b.com", "example.com", "EXAMPLE.com"} {
		x.does(422, "POST", "domains", m{"name": name})
	}
	x.does(422, "POST", "domains", m{"name": "example.org", "ip_address": "here"})
	x.does(201, "POST", "domains", m{"name": "example.org", "ip_address": "2001:db8::9"})
	x.shows("domains/example.org/records", `"AAAA"`, `"2001:db8::9"`)
}
