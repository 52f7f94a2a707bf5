package plan

import (
	"testing"

	"arcadiad/fleet"
)

// Keys that are spelled otherwise are recorded again, other keys take another droplet, and what cannot be told is held.
func TestKeysHoweverTheyAreSpelled(t *testing.T) {
	scene := func(desired ...string) *scene {
		s := converged("db", "web-1")
		s.spec("db").SSHKeys = []string{"17"}
		s.recorded.Records[0].Values = fleet.ValuesOf(*s.spec("db"))
		s.spec("db").SSHKeys = desired
		s.offer().Keys = map[string]fleet.SSHKey{"17": {ID: 17, Fingerprint: "aa:17"}, "aa:17": {ID: 17, Fingerprint: "aa:17"},
			"18": {ID: 18, Fingerprint: "aa:18"}, "aa:18": {ID: 18, Fingerprint: "aa:18"}}
		return s
	}
	s := scene("aa:17")
	p := s.expect(t)
	if len(p.Records) != 1 || p.Summary.Unchanged != 2 {
		t.Fatalf("%+v", p)
	}
	if sent, kept := p.Records[0].Values.KeysSent(); !kept || sent != "aa:17" || p.Records[0].Values["ssh_keys"] != fleet.ValuesOf(*s.spec("db"))["ssh_keys"] {
		t.Errorf("recorded %+v", p.Records[0].Values)
	}
	s.recorded.Records[0] = p.Records[0]
	if p = s.expect(t); len(p.Records) != 0 {
		t.Errorf("recorded again and again: %+v", p.Records)
	}

	s = scene("17", "aa:18")
	if c := s.expect(t, "replace db 101").Actions[0].Changes; len(c) != 1 || c[0].From != "17" || c[0].To != "17,aa:18" {
		t.Errorf("the change does not say which key: %+v", c)
	}
	s = scene("aa:18")
	s.observed.Catalogue.Keys = nil // they could not be read
	s.expect(t, "replace db 101 held by preflight")
	s = scene("18")
	s.observed.Catalogue.Keys = nil // but two ids are two keys
	s.expect(t, "replace db 101")

	s = scene("17") // of an older version: the hash alone
	delete(s.recorded.Records[0].Values, "ssh_keys_sent")
	if p := s.expect(t); len(p.Records) != 1 {
		t.Errorf("the keys themselves are not recorded: %+v", p)
	}
}

// A key that is named now is the key that was numbered. Until the account's keys are read nothing is certain, so the plan asks for them,
// whatever holds the replace; then the record has the id.
func TestKeysByName(t *testing.T) {
	s := converged("db", "web-1")
	s.spec("db").SSHKeys = []string{"17"}
	s.recorded.Records[0].Values = fleet.ValuesOf(*s.spec("db"))
	s.spec("db").SSHKeys = []string{"Laptop"}
	s.recorded.Records[0].Protect = true
	if specs := s.expect(t, "replace db 101 held by protect").Makes(); len(specs) != 1 {
		t.Fatalf("makes %v", specs)
	}
	laptops(s.offer())
	p := s.expect(t)
	if len(p.Records) != 1 {
		t.Fatalf("%+v", p)
	}
	if sent, _ := p.Records[0].Values.KeysSent(); sent != "17" {
		t.Errorf("the record has %q", sent)
	}
	s.recorded.Records[0], s.observed.Catalogue = p.Records[0], nil
	if p = s.expect(t); len(p.Records) != 0 {
		t.Errorf("recorded again: %+v", p.Records)
	}
	laptops(s.offer())
	key := s.observed.Catalogue.Keys["17"]
	key.Name = "renamed"
	s.observed.Catalogue.Keys["17"] = key
	s.expect(t)
	s.spec("db").SSHKeys = []string{"old"} // which two have
	s.recorded.Records[0].Protect = false
	s.expect(t, "replace db 101 held by preflight")
	s.spec("db").SSHKeys = []string{"18"}
	s.expect(t, "replace db 101")
}
