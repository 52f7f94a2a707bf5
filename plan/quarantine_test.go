package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// quarantine takes a droplet of the scene out of its name until a time. Row: the database knows of it.
func (s *scene) quarantine(id int64, until time.Time, row bool) {
	d := s.droplet(id)
	d.Status, d.Tags = fleet.StatusOff, append(d.Tags, fleet.UntilTag(until))
	q := fleet.Quarantined{DropletID: id, Name: d.Name, At: noon.Add(-time.Hour), Until: until}
	s.recorded.Records = slices.DeleteFunc(s.recorded.Records, func(r fleet.Record) bool {
		if r.DropletID == id {
			q.Record = r
		}
		return r.DropletID == id
	})
	if row {
		s.recorded.Quarantine = append(s.recorded.Quarantine, q)
	}
}

// Laws 4, 5 and 7: a droplet in quarantine bears no name, with its row or by its tag alone. It is billed, and counts for the account's limit.
func TestLaw05QuarantinedBearsNoName(t *testing.T) {
	tomorrow := noon.Add(24 * time.Hour)
	for _, row := range []bool{true, false} {
		s := converged("web", "mail")
		s.quarantine(102, tomorrow, row)
		s.unwant("mail")
		p := s.expect(t) // it goes
		if want := []Kept{{Name: "mail", DropletID: 102, Until: tomorrow, Price: sixDollars}}; !slices.Equal(p.Kept, want) || !p.Lapses.Equal(tomorrow) || !p.Settled() {
			t.Errorf("row %v: kept %+v, lapses %v", row, p.Kept, p.Lapses)
		}
		if p.Cost.Before.Monthly != 2*sixDollars.Monthly {
			t.Errorf("row %v: costs %v", row, p.Cost.Before)
		}
		s.desired.Specs = append(s.desired.Specs, specOf("mail")) // it comes back
		s.desired.Policy.MaxDroplets = 2
		s.observed.Account.DropletLimit = 3
		p = s.expect(t, "provision mail")
		if want := "not in the account yet; arcadiad undo mail brings droplet 102 back instead"; row != (p.Actions[0].Reason == want) {
			t.Errorf("row %v: %s", row, p.Actions[0].Reason)
		}
		s.observed.Account.DropletLimit = 2
		s.expect(t, "provision mail held by account_limit")
		s.register(103, "mail")
		s.expect(t)
	}
}

// Law 16: the tag alone tells a lost database what the droplet is, and the count of the fleet's tag fits what is shown.
func TestLaw16LostDatabaseReadsTheUntilTag(t *testing.T) {
	s := converged("web")
	s.seeTagged(7, "web", fleet.UntilTag(noon.Add(time.Hour)), fleet.ReplacesTag(101)).Status = fleet.StatusOff
	s.recorded = fleet.Recorded{}
	s.observed.Traces = &fleet.Traces{Exists: true, Droplets: 2}
	s.expect(t, "adopt web 101")
	s.observed.Droplets = s.observed.Droplets[1:]
	s.observed.Traces.Droplets = 1
	s.expect(t, "provision web")
	s.observed.Traces.Droplets = 2
	s.expect(t, "provision web held by lost")
	s.recorded = fleet.RecordedByTags(s.desired, s.observed.Droplets)
	if len(s.recorded.Records) != 0 {
		t.Errorf("recorded by tags: %+v", s.recorded.Records)
	}
}

// What the tag says counts only where arcadiad's other tags do, and never for what is registered.
func TestLaw01UntilTagOfOthers(t *testing.T) {
	s := converged("web", "mail", "db")
	until := fleet.UntilTag(noon.Add(time.Hour))
	for _, id := range []int64{101, 102, 103} {
		s.droplet(id).Tags = append(s.droplet(id).Tags, until)
	}
	s.recorded.Records = s.recorded.Records[:2]
	s.droplet(103).Tags = []string{until, fleet.ManagedTag, fleet.FleetTag("other")}
	p := s.expect(t, "provision db")
	if len(p.Kept) != 0 {
		t.Errorf("kept: %+v", p.Kept)
	}
	s.recorded.Registrations = []fleet.Registration{{DropletID: 104, ReleasedAt: noon}} // by a person
	s.seeTagged(104, "old", until)
	if p := s.expect(t, "provision db"); len(p.Kept) != 0 {
		t.Errorf("kept: %+v", p.Kept)
	}
}

// Law 16: a registered droplet that shows that it was taken out of its name is of a database that is older than that. It is not put back, whatever
// has its name by now, and a person is told.
func TestLaw16OlderDatabaseLeavesWhatIsKept(t *testing.T) {
	s := converged("web")
	s.desired.Policy.Drift = fleet.DriftCorrect
	record := s.recorded.Records[0]
	s.quarantine(101, noon.Add(time.Hour), false)
	s.recorded.Records = append(s.recorded.Records, record)
	p := s.expect(t)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "web (droplet 101) shows the tag "+fleet.UntilTag(noon.Add(time.Hour))) {
		t.Errorf("told %q", p.Warnings)
	}
	s.seeTagged(201, "web", fleet.ReplacesTag(101))
	s.expect(t)
	if one, err := Releasable(s.desired, s.recorded, s.observed, "web", s.now); err != nil || one.Refused != "" || one.DropletID != 101 || one.Heir != 201 || one.KeepsName {
		t.Errorf("its release: %+v, %v", one, err)
	}
	s.desired.Specs[0].Image = "debian-12-x64"
	s.expect(t)
	s.unwant("web")
	for _, a := range s.build(t).Actions {
		if !a.Held {
			t.Errorf("%s goes", said(a))
		}
	}
}

// Until is the later of row and tag, and what is not shown is kept until it is proved gone.
func TestQuarantineLastsUntilTheLaterTime(t *testing.T) {
	s := converged("web", "mail")
	s.unwant("mail")
	s.quarantine(102, noon.Add(time.Hour), true)
	until := func(want time.Time) {
		t.Helper()
		if p := s.expect(t); len(p.Kept) != 1 || !p.Kept[0].Until.Equal(want) {
			t.Errorf("kept %+v, want until %v", p.Kept, want)
		}
	}
	until(noon.Add(time.Hour))
	s.droplet(102).Tags = append(s.droplet(102).Tags, fleet.UntilTag(noon.Add(2*time.Hour)))
	until(noon.Add(2 * time.Hour))
	s.droplet(102).Tags = []string{fleet.ManagedTag, fleet.FleetTag("demo"), fleet.UntilTag(noon.Add(time.Minute))}
	until(noon.Add(time.Hour))
	s.vanish(102, false)
	until(noon.Add(time.Hour))
	s.vanish(102, true)
	if p := s.expect(t); len(p.Kept) != 0 {
		t.Errorf("kept: %+v", p.Kept)
	}
}

// What was kept long enough is purged, rule by rule like a destroy, outside max_destroy and windows, whatever is planned for the name.
func TestLaw09Purge(t *testing.T) {
	due := func() *scene {
		s := converged("web", "mail")
		s.unwant("mail")
		s.quarantine(102, noon.Add(-time.Second), true)
		s.desired.Policy.MaxDestroy = fleet.Limit{}
		return s
	}
	s := due()
	p := s.expect(t, "purge mail 102")
	if a := p.Actions[0]; p.Summary.Purge != 1 || a.Cost.Monthly != -sixDollars.Monthly || a.Ending != (fleet.Ending{}) || len(p.Kept) != 1 || p.Settled() {
		t.Errorf("%+v, %+v", a, p.Summary)
	}
	for why, change := range map[string]func(s *scene, d *fleet.Droplet){
		"protect": func(_ *scene, d *fleet.Droplet) { d.Tags = append(d.Tags, fleet.ProtectTag) },
		"volumes": func(_ *scene, d *fleet.Droplet) { d.VolumeIDs = []string{"v-1"} },
		"origin":  func(_ *scene, d *fleet.Droplet) { d.Status = fleet.StatusActive },
		"tags":    func(_ *scene, d *fleet.Droplet) { d.Tags = d.Tags[:len(d.Tags)-1] },
		"reserved_ip": func(s *scene, d *fleet.Droplet) {
			s.observed.Attachments = &fleet.Attachments{ByDroplet: map[int64][]fleet.Attachment{102: {{Kind: fleet.AttachedReservedIP, ID: "203.0.113.7"}}}}
		},
	} {
		s := due()
		change(s, s.droplet(102))
		s.expect(t, "purge mail 102 held by "+why)
	}
	for _, bad := range []func(d *fleet.Droplet){
		func(d *fleet.Droplet) { d.Status = fleet.StatusUnknown },
		func(d *fleet.Droplet) { d.Unread = fleet.UnreadTags },
	} {
		s := due()
		bad(s.droplet(102))
		if p := s.build(t); len(p.Actions) != 1 || said(p.Actions[0]) != "purge mail 102 held by tags" {
			t.Errorf("actions: %+v", p.Actions)
		}
	}
	s = due()
	s.droplet(102).Tags = s.droplet(102).Tags[1:] // a person's, by now
	if p := s.expect(t); len(p.Kept) != 0 || !p.Settled() {
		t.Errorf("kept: %+v", p.Kept)
	}
	s = due()
	s.recorded.Quarantine = nil
	s.expect(t, "purge mail 102 held by origin")

	s = due() // the name is wanted again, and its new droplet changes
	s.desired.Specs = append(s.desired.Specs, specOf("mail"))
	s.expect(t, "provision mail", "purge mail 102")
	s.recorded.Sagas = append(s.recorded.Sagas, fleet.Saga{ID: sagaID(7), Kind: fleet.SagaPurge, Name: "mail (droplet 102)", Live: true, Status: "stuck", Facts: fleet.Facts{DropletID: 102}})
	s.expect(t, "provision mail")
	s.register(103, "mail")
	if p := s.expect(t); len(p.Kept) != 1 || p.Summary.InFlight != 1 {
		t.Errorf("%+v", p.Summary)
	}
}

// The license of a purge covers a droplet that was kept, is off, and is kept no longer than the plan knew.
func TestLaw01PurgeCoversOnlyWhatWasKept(t *testing.T) {
	s := converged("web", "mail")
	s.unwant("mail")
	s.quarantine(102, noon, true)
	license := s.expect(t, "purge mail 102").Actions[0].License
	d := *s.droplet(102)
	if err := license.Covers(d); err != nil {
		t.Error(err)
	}
	for what, change := range map[string]func(d *fleet.Droplet){
		"on":             func(d *fleet.Droplet) { d.Status = fleet.StatusActive },
		"kept longer":    func(d *fleet.Droplet) { d.Tags = append(slices.Clone(d.Tags), fleet.UntilTag(noon.Add(time.Hour))) },
		"without a tag":  func(d *fleet.Droplet) { d.Tags = d.Tags[:len(d.Tags)-1] },
		"another's":      func(d *fleet.Droplet) { d.Tags = d.Tags[1:] },
		"with a volume":  func(d *fleet.Droplet) { d.VolumeIDs = []string{"v-1"} },
		"another's tags": func(d *fleet.Droplet) { d.ID = 101 },
	} {
		other := d
		if change(&other); license.Covers(other) == nil {
			t.Errorf("it covers one that is %s", what)
		}
	}
}

// A droplet of a person's own can be adopted beside one in quarantine that had its name, which is neither adopted nor released.
func TestQuarantinedIsNotTransferred(t *testing.T) {
	s := converged("web", "mail")
	s.quarantine(102, noon.Add(time.Hour), true)
	for _, want := range []int64{0, 9} {
		if want != 0 {
			s.see(want, "mail")
		}
		list, err := Adoptable(s.desired, s.recorded, s.observed, []string{"mail"}, s.now)
		if err != nil || len(list) != 1 || list[0].DropletID != want || (list[0].Refused == "") != (want != 0) {
			t.Errorf("%+v, %v", list, err)
		}
	}
	if h, err := Releasable(s.desired, s.recorded, s.observed, "mail", s.now); err != nil || h.Refused == "" {
		t.Errorf("%+v, %v", h, err)
	}
}
