package fleetfile_test

import (
	"reflect"
	"testing"
	"time"

	"arcadiad/fleet"
)

var goodEndings = []fleetCase{
	{name: "what hangs on a droplet", yaml: head + `  - {name: mail, reserved_ip: 203.0.113.7, project: Mail & more, destroy: {shutdown: false, snapshot: true, keep: 24h}}
  - {name: web, count: 3, reserved_ips: [203.0.113.8, none, 203.0.113.9]}
  - {name: app, count: 3, reserved_ips: [203.0.113.10]}
  - {name: db, reserved_ip: none, destroy: {}}
`},
	{name: "an ending by default", yaml: "version: 1\nfleet: demo\ndefaults: {region: syd1, size: s, image: i, project: All, destroy: {keep: 720h}}\n" +
		"droplets:\n  - {name: a}\n  - {name: b, project: Own, destroy: {snapshot: true}}\n"},
}

var badEndings = []fleetCase{
	{name: "forms of what hangs on a droplet", yaml: head + "  - {name: a, reserved_ip: 2001:db8::1}\n  - {name: b, reserved_ip: 300.0.113.7}\n  - {name: c, reserved_ip: }\n" +
		"  - {name: d, project: \"\"}\n  - {name: e, destroy: keep}\n  - {name: f, destroy: {keep: 721h}}\n  - {name: g, destroy: {keep: 24}}\n  - {name: h, destroy: {burn: true}}\n", want: `
6:28: reserved_ip: "2001:db8::1" is not a reserved IP (an IPv4 address of the account, such as 203.0.113.7, or none)
7:28: reserved_ip: 300.0.113.7 is no IPv4 address (an IPv4 address of the account, such as 203.0.113.7, or none)
8:28: reserved_ip has no value
9:24: project: the text is empty (as the control panel shows it)
10:24: destroy must be a mapping of keys and values, not the text "keep"
11:31: keep must be from 0s to 720h, not 721h
12:31: keep must be a duration, not the number 24 (give the unit: 24s or 24m)
13:25: unknown key burn in destroy (known here: shutdown, snapshot, keep)`},
	{name: "an address follows one name", yaml: head + "  - {name: a, reserved_ip: 203.0.113.7}\n  - {name: b, count: 2, reserved_ips: [203.0.113.8, 203.0.113.7]}\n", deep: true, want: `
7:5: reserved IP 203.0.113.7 of b-2 is given to a on line 6 already (an address follows one name)`},
	{name: "addresses and counts", yaml: head + "  - {name: a, count: 2, reserved_ip: 203.0.113.7}\n  - {name: b, reserved_ips: [203.0.113.8]}\n" +
		"  - {name: c, count: 1, reserved_ips: [203.0.113.9, 203.0.113.10]}\n", deep: true, want: `
6:38: reserved_ip: a has a count (write reserved_ips: [..], one for each)
7:29: reserved_ips: b has no count (write reserved_ip)
8:39: reserved_ips has 2 addresses, and c has count: 1 (remove those that are too many)`},
}

// What hangs on a droplet is read as the file has it, and a stanza's own word replaces that of the defaults.
func TestEnding(t *testing.T) {
	f, err := decode(goodEndings[0].yaml)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]fleet.Spec{}
	for _, s := range f.Specs {
		got[s.Name] = s
	}
	for name, want := range map[string]string{"mail": "203.0.113.7", "web-1": "203.0.113.8", "web-2": fleet.NoAddress, "web-3": "203.0.113.9",
		"app-1": "203.0.113.10", "app-2": "", "db": fleet.NoAddress} {
		if got[name].ReservedIP != want {
			t.Errorf("%s has the reserved IP %q, want %q", name, got[name].ReservedIP, want)
		}
	}
	want := fleet.Ending{Hard: true, Snapshot: true, Keep: 24 * time.Hour}
	if mail := got["mail"]; !reflect.DeepEqual(mail.Ending, want) || mail.Project != "Mail & more" || got["db"].Ending != (fleet.Ending{}) {
		t.Errorf("read as %+v", mail)
	}
	bare := got["mail"]
	bare.ReservedIP, bare.Project, bare.Ending = "", "", fleet.Ending{}
	if bare.Hash() != got["mail"].Hash() || bare.RulesHash() == got["mail"].RulesHash() {
		t.Error("what hangs on a droplet is no part of it, and how it ends is one of its rules")
	}

	f, err = decode(goodEndings[1].yaml)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := f.Specs[0], f.Specs[1]; a.Project != "All" || a.Ending.Keep != fleet.MostKept || b.Project != "Own" || b.Ending != (fleet.Ending{Snapshot: true}) {
		t.Errorf("read as %+v and %+v", a, b)
	}
}
