package plan

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func TestZeroLicenseOpensNothing(t *testing.T) {
	var zero License
	if d, ok := zero.Droplet(); ok || d.ID != 0 {
		t.Errorf("it opens %+v", d)
	}
	if zero.Asks(fleet.Fleet{}) || zero.Asks(fleet.Fleet{Name: "demo"}) {
		t.Error("it is asked for")
	}
	b, err := json.Marshal(zero)
	if err != nil || string(b) != "null" {
		t.Errorf("it reads %s, %v", b, err)
	}
	back := licenses(t, unwanting("web-2"))[0]
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if _, ok := back.Droplet(); ok {
		t.Error("null, read into a license, opens something")
	}
}

func TestLicenseSurvivesTheJournal(t *testing.T) {
	l := licenses(t, unwanting("web-2"))[0]
	b, err := json.Marshal(map[string]any{"license": l})
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ License License }
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	d, ok := back.License.Droplet()
	if !ok || d.ID != 102 || d.Name != "web-2" || !reflect.DeepEqual(back.License, l) {
		t.Errorf("%+v came back as %+v", l.read(), back.License.read())
	}
	if of := back.License.read(); of.Fleet != "demo" || of.Account != "team-1" || len(of.Plan) != 12 || of.Reason == "" {
		t.Errorf("parts are missing: %s", b)
	}
}

func TestLicenseRefusesHalfTerms(t *testing.T) {
	for _, bad := range []string{`{}`, `{"droplet_id":5}`, `{"droplet_id":-5,"name":"a","fleet":"demo"}`, `{"name":"a","fleet":"demo"}`, `7`, `"x"`} {
		var l License
		if err := json.Unmarshal([]byte(bad), &l); err == nil || !strings.Contains(err.Error(), "license") {
			t.Errorf("%s: got %v", bad, err)
		}
		if _, ok := l.Droplet(); ok {
			t.Errorf("%s opens a droplet", bad)
		}
	}
}

// The file's present word counts (law 17).
func TestLaw17Asks(t *testing.T) {
	destroy := licenses(t, unwanting("web-2"))[0]
	changed := converged("web-1")
	changed.spec("web-1").Size = "s-2vcpu-2gb"
	replace := licenses(t, changed)[0]
	leftovers := converged("web-1")
	leftovers.seeTagged(102, "web-1")
	leftovers.left("web-1", "compensated", time.Hour, 102)
	leftover := licenses(t, leftovers)[0]
	twice := converged("web-1")
	twice.register(102, "web-1")
	twice.recorded.Grants = twice.build(t).Grants(twice.now)
	second := licenses(t, twice)[0]

	empty := newScene()
	old := newScene("web-1", "web-2")
	again := newScene("web-1")
	again.spec("web-1").Size = "s-8vcpu-16gb"
	lifted := newScene("web-1")
	no := false
	lifted.spec("web-1").Size, lifted.spec("web-1").Protect = "s-2vcpu-2gb", &no
	ordered := converged("web-1")
	ordered.spec("web-1").Size, ordered.spec("web-1").Rules.Order = "s-2vcpu-2gb", fleet.DestroyFirst
	ignored := converged("web-1")
	ignored.spec("web-1").Size, ignored.spec("web-1").Rules.OnChange = "s-2vcpu-2gb", fleet.OnChangeIgnore
	other := newScene()
	other.desired.Name = "other"
	for _, tc := range []struct {
		what string
		l    License
		file *scene
		want bool
	}{
		{"destroy, still unwanted", destroy, empty, true},
		{"destroy, wanted again", destroy, old, false},
		{"destroy, another fleet's file", destroy, other, false},
		{"replace, same spec", replace, changed, true},
		{"replace, protection aside", replace, lifted, true},
		{"replace, changed back", replace, old, false},
		{"replace, changed on", replace, again, false},
		{"replace, no longer wanted", replace, empty, false},
		{"replace, in another order", replace, ordered, false},
		{"replace, ignored by now", replace, ignored, false},
		{"destroy, protected under its own name", destroy, protecting("web-2"), false},
		{"replace, protected", replace, protecting("web-1", "s-2vcpu-2gb"), false},
		{"registered twice, and protected", second, protecting("web-1"), false},
		{"registered twice, approved", second, old, true},
		{"leftover, under a protected name", leftover, protecting("web-1"), true},
		{"leftover, wanted", leftover, old, true},
		{"leftover, unwanted", leftover, empty, true},
	} {
		if got := tc.l.Asks(tc.file.desired); got != tc.want {
			t.Errorf("%s: %v", tc.what, got)
		}
	}
}

// A license covers the reserved IPs that the droplet had when it was given, and no other (law 9).
func TestLaw09LicenseStrandsNoOtherAddress(t *testing.T) {
	l := License{&terms{DropletID: 102, Addresses: []string{"192.0.2.1"}}}
	had := fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: "192.0.2.1"}
	since := fleet.Attachment{Kind: fleet.AttachedReservedIP, ID: "192.0.2.2"}
	firewall := fleet.Attachment{Kind: fleet.AttachedFirewall, ID: "fw"}
	if ip := l.Strands([]fleet.Attachment{had, firewall}); ip != "" {
		t.Errorf("%s is stranded, and a person agreed to that", ip)
	}
	if ip := l.Strands([]fleet.Attachment{had, firewall, since}); ip != since.ID {
		t.Errorf("%q is stranded; %s was assigned since", ip, since.ID)
	}
}

// Between the plan and the destroy somebody may have laid hands on the droplet (law 1).
func TestLaw01LicenseChecksAFreshLook(t *testing.T) {
	s := unwanting("web-2")
	l := licenses(t, s)[0]
	for what, tc := range map[string]struct {
		spoil func(*fleet.Droplet)
		ok    bool
	}{
		"as it was":           {func(*fleet.Droplet) {}, true},
		"switched off":        {func(d *fleet.Droplet) { d.Status = fleet.StatusOff }, true},
		"renamed":             {func(d *fleet.Droplet) { d.Name = "x" }, true},
		"the saga's tag only": {func(d *fleet.Droplet) { d.Tags = []string{fleet.ManagedTag, fleet.SagaTag(sagaID(102))} }, true},
		"another saga's tag":  {func(d *fleet.Droplet) { d.Tags = []string{fleet.ManagedTag, fleet.SagaTag(sagaID(103))} }, false},
		"a second saga's tag": {func(d *fleet.Droplet) {
			d.Tags = []string{fleet.ManagedTag, fleet.SagaTag(sagaID(102)), fleet.SagaTag(sagaID(103))}
		}, false},
		"another droplet":   {func(d *fleet.Droplet) { d.ID = 101 }, false},
		"untagged":          {func(d *fleet.Droplet) { d.Tags = nil }, false},
		"managed alone":     {func(d *fleet.Droplet) { d.Tags = []string{fleet.ManagedTag} }, false},
		"not managed":       {func(d *fleet.Droplet) { d.Tags = []string{fleet.FleetTag("demo")} }, false},
		"given away":        {func(d *fleet.Droplet) { d.Tags = append(d.Tags, fleet.FleetTag("other")) }, false},
		"protected":         {func(d *fleet.Droplet) { d.Tags = append(d.Tags, fleet.ProtectTag) }, false},
		"a volume attached": {func(d *fleet.Droplet) { d.VolumeIDs = []string{"v"} }, false},
	} {
		d := *s.droplet(102)
		d.Tags = slices.Clone(d.Tags)
		tc.spoil(&d)
		if err := l.Covers(d); (err == nil) != tc.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	if (License{}).Covers(fleet.Droplet{}) == nil {
		t.Error("the zero license covers the zero droplet")
	}
}

// protecting is a scene whose file protects the name.
func protecting(name string, size ...string) *scene {
	s, yes := newScene(name), true
	s.spec(name).Protect = &yes
	for _, slug := range size {
		s.spec(name).Size = slug
	}
	return s
}

// What spares a droplet does so by its id, through renames: the record, the file under the name of the record, of its heir, and under the
// name that somebody gave the droplet since the plan was made.
func TestLaw17WhatSparesADroplet(t *testing.T) {
	destroy := licenses(t, unwanting("web-2"))[0]
	changed := converged("web-1")
	changed.spec("web-1").Size = "s-2vcpu-2gb"
	replace := licenses(t, changed)[0]
	known := unwanting("web-2")
	known.droplet(102).Name = "web-1" // a registered droplet has that name already: the plan knows, and ends this one
	bore := licenses(t, known)[0]
	renamed := unwanting("web-2")
	for i := range renamed.recorded.Records {
		renamed.recorded.Records[i].Heir = "web-1" // by a file of before; this one does not say so any more
	}
	inherited := licenses(t, renamed)[0]
	heir := protecting("api")
	heir.spec("api").Was = "web-1"
	guarded := &fleet.Record{DropletID: 101, Name: "web-1", Protect: true}
	heirs := newScene("store")
	heirs.spec("store").Was = "api" // which the file before called what had been web-2
	lifted, no := converged("web-1"), false
	lifted.spec("web-1").Protect = &no
	for _, tc := range []struct {
		what     string
		l        License
		file     *scene
		recorded *fleet.Record
		bears    string
		want     bool
	}{
		{"nothing", destroy, newScene("web-1"), nil, "web-2", false},
		{"its record", destroy, newScene("web-1"), guarded, "web-2", true},
		{"its record, silent file", replace, changed, guarded, "web-1", true},
		{"its record, and the file lifts it", replace, lifted, guarded, "web-1", false},
		{"the file", replace, protecting("web-1"), nil, "web-1", true},
		{"the file, by another spec", replace, protecting("web-1", "s-8vcpu-16gb"), nil, "", true},
		{"the file, under its heir's name", replace, heir, nil, "web-1", true},
		{"the file wants the name that it bears now", destroy, newScene("web-1", "database"), nil, "database", true},
		{"also of a replace", replace, newScene("database"), nil, "database", true},
		{"a name that it bears and nobody wants", destroy, newScene("web-1"), nil, "database", false},
		{"a name that it bore when the plan was made", bore, newScene("web-1"), nil, "web-1", false},
		{"an heir that the plan did not go by", inherited, newScene("web-1"), &fleet.Record{Name: "web-2", Heir: "web-1"}, "web-2", false},
		{"an heir since", destroy, newScene("web-1"), &fleet.Record{Name: "web-2", Heir: "web-1"}, "web-2", true},
		{"a chain of renames", destroy, heirs, &fleet.Record{Name: "web-2", Heir: "api"}, "web-2", true},
		{"the same name in capitals", destroy, newScene("web-1"), nil, "WEB-2", false},
	} {
		if why := tc.l.Spares(tc.file.desired, tc.recorded, tc.bears); (why != "") != tc.want {
			t.Errorf("%s: %q", tc.what, why)
		}
	}
}

func unwanting(name string) *scene {
	s := converged("web-1", "web-2")
	s.unwant(name)
	return s
}

func licenses(t *testing.T, s *scene) []License {
	t.Helper()
	var out []License
	for _, a := range s.build(t).Actions {
		if _, ok := a.License.Droplet(); ok {
			out = append(out, a.License)
		}
	}
	if len(out) == 0 {
		t.Fatal("the plan grants no license")
	}
	return out
}

// A saga tag of which this journal knows nothing does not stand in for the fleet's tag, not even after a person let the plan through.
func TestLaw01AForeignSagaTagProvesNothing(t *testing.T) {
	s := converged("web-1")
	s.seeTagged(102, "web-2") // of a saga that is not in the journal
	s.recorded.Approved = []string{s.build(t).ID}
	l := licenses(t, s)[0]
	d := *s.droplet(102)
	if err := l.Covers(d); err != nil {
		t.Errorf("as it was: %v", err)
	}
	d.Tags = []string{fleet.ManagedTag, fleet.SagaTag(sagaID(102))}
	if l.Covers(d) == nil {
		t.Error("covered without the fleet's tag")
	}
}
