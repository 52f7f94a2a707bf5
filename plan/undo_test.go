package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// keeps puts a droplet into quarantine: it was a name with an older image, until so long ago.
func (s *scene) keeps(id int64, name string, ago time.Duration) *fleet.Droplet {
	record := fleet.Record{DropletID: id, Name: name, Values: fleet.ValuesOf(specOf(name)), SagaID: sagaID(id)}
	record.Values["image"] = "debian-12-x64"
	at := noon.Add(-ago)
	s.recorded.Quarantine = append(s.recorded.Quarantine, fleet.Quarantined{DropletID: id, Name: name, Record: record, Tags: []string{"lb"}, At: at, Until: at.Add(24 * time.Hour)})
	d := s.seeTagged(id, name, fleet.UntilTag(at.Add(24*time.Hour)))
	d.Status = fleet.StatusOff
	return d
}

func (s *scene) undoable(t *testing.T, name string, droplet int64) Transfer {
	t.Helper()
	one, err := Undoable(s.desired, s.recorded, s.observed, name, droplet, s.now)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// live puts a saga that is at work on a name into the journal.
func (s *scene) live(kind, name string, droplet, replaces int64) *fleet.Saga {
	s.recorded.Sagas = append(s.recorded.Sagas, fleet.Saga{ID: sagaID(900), Kind: kind, Name: name, Status: "running", Live: true,
		Facts: fleet.Facts{DropletID: droplet, Replaces: replaces}})
	return &s.recorded.Sagas[len(s.recorded.Sagas)-1]
}

// A name has a kept droplet, and maybe a successor; what else is true decides.
func TestUndoable(t *testing.T) {
	for name, tc := range map[string]struct {
		meet      func(*scene)
		droplet   int64
		refuse    string // part of the reason; empty: it may be done
		brings    int64
		successor int64
		aborts    bool
	}{
		"nothing has the name": {brings: 7},
		"a successor is registered": {brings: 7, successor: 8, meet: func(s *scene) {
			s.register(8, "web-1")
		}},
		"a successor shows only its tags": {brings: 7, successor: 8, meet: func(s *scene) { s.seeTagged(8, "web-1") }},
		"a successor is being made": {brings: 7, aborts: true, meet: func(s *scene) {
			s.live(fleet.SagaProvision, "web-1", 8, 0)
			s.seeTagged(8, "web-1")
		}},
		"the successor is being replaced": {brings: 7, aborts: true, successor: 8, meet: func(s *scene) {
			s.register(8, "web-1")
			s.seeTagged(9, "web-1")
			s.live(fleet.SagaReplace, "web-1", 9, 8)
		}},
		"the successor is replaced already": {refuse: "has put droplet 9 in its place already", meet: func(s *scene) {
			s.register(8, "web-1")
			s.register(9, "web-1")
			s.live(fleet.SagaReplace, "web-1", 9, 8)
		}},
		"the name is at work, and nothing is kept yet": {refuse: "no droplet of that name is kept yet, and saga 00000384 (DestroyDroplet) works on it", meet: func(s *scene) {
			s.recorded.Quarantine, s.observed.Droplets = nil, nil
			s.register(7, "web-1")
			s.live(fleet.SagaDestroy, "web-1", 7, 0)
		}},
		"another one was kept after this database": {refuse: "by hand", meet: func(s *scene) {
			s.recorded.Quarantine = nil
			s.recorded.Records = append(s.recorded.Records, fleet.Record{DropletID: 7, Name: "web-1"})
		}},
		"the successor is gone": {brings: 7, meet: func(s *scene) {
			s.register(8, "web-1")
			s.observed.Droplets = slices.DeleteFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == 8 })
			s.observed.Gone = []int64{8}
		}},
		"the successor is missing": {refuse: "not certain that it is gone", meet: func(s *scene) {
			s.register(8, "web-1")
			s.observed.Droplets = slices.DeleteFunc(s.observed.Droplets, func(d fleet.Droplet) bool { return d.ID == 8 })
		}},
		"two have the name": {refuse: "more than one droplet", meet: func(s *scene) {
			s.register(8, "web-1")
			s.seeTagged(9, "web-1")
		}},
		"a newer one is kept, too":     {brings: 8, meet: func(s *scene) { s.keeps(8, "web-1", time.Minute) }},
		"the older one is asked for":   {brings: 7, droplet: 7, meet: func(s *scene) { s.keeps(8, "web-1", time.Minute) }},
		"one that is not kept":         {droplet: 12, refuse: "droplet 12 is not kept under that name; kept is 7"},
		"the file does not want it":    {refuse: "put web-1 back into the fleet file first", meet: func(s *scene) { s.desired.Specs = nil }},
		"writes are paused":            {refuse: "arcadiad resume first", meet: func(s *scene) { s.recorded.Paused = true }},
		"nothing is kept":              {refuse: "nor of any other", meet: func(s *scene) { s.recorded.Quarantine, s.observed.Droplets = nil, nil }},
		"it is kept by its tags alone": {refuse: "kept by its tags", meet: func(s *scene) { s.recorded.Quarantine = nil }},
		"another name is kept": {refuse: "kept are droplets of web-9", meet: func(s *scene) {
			s.recorded.Quarantine[0].Name, s.observed.Droplets[0].Name = "web-9", "web-9"
		}},
		"it is being destroyed": {refuse: "too late to bring it back", meet: func(s *scene) { s.live(fleet.SagaDestroy, "other", 7, 0) }},
		"it is gone": {refuse: "somebody destroyed it", meet: func(s *scene) {
			s.observed.Droplets, s.observed.Gone = nil, []int64{7}
		}},
		"it is missing":         {refuse: "try again when it shows", meet: func(s *scene) { s.observed.Droplets = nil }},
		"it lost its tags":      {refuse: "not this fleet's", meet: func(s *scene) { s.observed.Droplets[0].Tags = nil }},
		"a release is at work":  {refuse: "works on it", meet: func(s *scene) { s.register(8, "web-1"); s.live(fleet.SagaRelease, "web-1", 8, 0) }},
		"its tags are not told": {refuse: "tags cannot be read", meet: func(s *scene) { s.observed.Droplets[0].Unread = fleet.UnreadTags }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("web-1")
			s.keeps(7, "web-1", time.Hour)
			if tc.meet != nil {
				tc.meet(s)
			}
			got := s.undoable(t, "WEB-1", tc.droplet)
			if tc.refuse != "" {
				if !strings.Contains(got.Refused, tc.refuse) || got.Undoing != nil {
					t.Errorf("refused for %q, want %q", got.Refused, tc.refuse)
				}
				return
			}
			u := got.Undoing
			if got.Refused != "" || u == nil || got.DropletID != tc.brings || u.Kept.DropletID != tc.brings || u.Successor != tc.successor || u.Aborts != "" != tc.aborts {
				t.Fatalf("it says %+v, %+v; want droplet %d for %d", got, u, tc.brings, tc.successor)
			}
			if u.Group != "web" || len(u.Differs) != 1 || u.Differs[0].Field != "image" {
				t.Errorf("its rollout: group %q, for %+v", u.Group, u.Differs)
			}
		})
	}
}

// A reserved IP comes back with a droplet only as far as the file does not give it to another name, and the droplet's region has it.
func TestLaw20AddressThatComesBack(t *testing.T) {
	for name, tc := range map[string]struct {
		file, had, other string // the address that the file gives to the name, that the droplet had, and that the file gives to another name
		want             string
	}{
		"the file's":                  {file: ours, had: theirs, want: ours},
		"the file says nothing":       {had: ours, want: ours},
		"the file says none":          {file: fleet.NoAddress, had: ours},
		"another name has it now":     {had: ours, other: ours},
		"the file's is elsewhere":     {file: theirs, had: ours, want: ours},
		"both are elsewhere":          {file: theirs, had: theirs},
		"one that nobody has seen":    {had: "203.0.113.9", want: "203.0.113.9"},
		"another name's, and its own": {file: theirs, had: ours, other: ours},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("web-1", "app")
			s.keeps(7, "web-1", time.Hour)
			s.register(102, "app")
			s.observed.Attachments = &fleet.Attachments{AddressesKnown: true, Addresses: map[string]fleet.Address{
				ours: {IP: ours, Region: "syd1"}, theirs: {IP: theirs, Region: "nyc3"},
			}}
			s.spec("web-1").ReservedIP, s.spec("app").ReservedIP = tc.file, tc.other
			s.recorded.Quarantine[0].Record.Values[fleet.FieldReservedIP] = tc.had
			if got := s.undoable(t, "web-1", 0); got.Undoing == nil || got.Undoing.Address != tc.want {
				t.Errorf("it comes back with %+v, want %q", got, tc.want)
			}
		})
	}
}

// What was made as the file asks now is left alone by the next plan, so no rollout is stopped for it.
func TestUndoOfWhatTheFileAsksForStopsNothing(t *testing.T) {
	s := newScene("web-1")
	s.keeps(7, "web-1", time.Hour)
	s.recorded.Quarantine[0].Record.Values["image"] = "ubuntu-24-04-x64"
	if got := s.undoable(t, "web-1", 0); got.Undoing == nil || got.Undoing.Group != "" {
		t.Errorf("it says %+v", got)
	}
}

// A second undo follows the first, whatever stands under the name by then.
func TestUndoFollowsTheOneUnderWay(t *testing.T) {
	s := newScene("web-1")
	s.keeps(7, "web-1", time.Hour)
	saga := s.live(fleet.SagaRestore, "web-1", 7, 0)
	s.register(8, "web-1")
	if got := s.undoable(t, "web-1", 0); got.Undoing == nil || got.Undoing.Follows != saga.ID || got.DropletID != 7 {
		t.Errorf("it says %+v", got)
	}
}
