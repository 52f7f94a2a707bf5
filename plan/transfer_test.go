package plan

import (
	"errors"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

func (s *scene) adoptable(t *testing.T, names ...string) []Transfer {
	t.Helper()
	list, err := Adoptable(s.desired, s.recorded, s.observed, names, s.now)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// One droplet bears the desired name; what else is true of it decides.
func TestLaw01AdoptableIsWhatIsNobodys(t *testing.T) {
	const other = "arcadia-fleet-other"
	for name, tc := range map[string]struct {
		tags   []string
		change func(*scene, *fleet.Droplet)
		refuse string // part of the reason; empty: it may be adopted
	}{
		"nobody's":                 {},
		"with a person's tags":     {tags: []string{"web", "arcadia"}},
		"another fleet's":          {tags: []string{fleet.ManagedTag, other}, refuse: "another fleet"},
		"another fleet's tag":      {tags: []string{other}, refuse: "another fleet"},
		"ours and another fleet's": {tags: []string{fleet.FleetTag("demo"), other}, refuse: "another fleet"},
		"a cluster's node":         {tags: []string{"k8s", "k8s:worker"}, refuse: "node of a managed Kubernetes cluster"},
		"managed, of no fleet":     {tags: []string{fleet.ManagedTag}, refuse: "another arcadiad"},
		"some saga's":              {tags: []string{fleet.SagaTag("0123abcd")}, refuse: "tag of a saga"},
		"lost the managed tag":     {tags: []string{fleet.FleetTag("demo"), fleet.SagaTag("0123abcd")}},
		"ours already":             {tags: []string{fleet.ManagedTag, fleet.FleetTag("demo")}, refuse: "apply registers it"},
		"another letter case":      {change: func(_ *scene, d *fleet.Droplet) { d.Name = "WEB-1" }},
		"off":                      {change: func(_ *scene, d *fleet.Droplet) { d.Status = fleet.StatusOff }},
		"new":                      {change: func(_ *scene, d *fleet.Droplet) { d.Status = fleet.StatusNew }, refuse: "not active yet"},
		"archived":                 {change: func(_ *scene, d *fleet.Droplet) { d.Status = fleet.StatusArchive }, refuse: "archive"},
		"another size":             {change: func(_ *scene, d *fleet.Droplet) { d.Size = "s-2vcpu-2gb" }, refuse: "size is s-2vcpu-2gb and not s-1vcpu-1gb"},
		"a namesake": {change: func(s *scene, _ *fleet.Droplet) { s.see(8, "Web-1") },
			refuse: "2 droplets have that name (7 and 8)"},
		"a namesake of another fleet": {change: func(s *scene, _ *fleet.Droplet) { s.see(8, "web-1", fleet.ManagedTag, other) }, refuse: "2 droplets"},
		"a live saga": {change: func(s *scene, _ *fleet.Droplet) {
			s.recorded.Sagas = append(s.recorded.Sagas, fleet.Saga{ID: sagaID(1), Kind: fleet.SagaProvision, Name: "web-1", Status: "running", Live: true})
		}, refuse: "works on it"},
		"a registered one beside it": {change: func(s *scene, _ *fleet.Droplet) { s.register(8, "web-1") }, refuse: "registered already"},
		"a released one beside it": {change: func(s *scene, _ *fleet.Droplet) {
			s.register(8, "web-1")
			s.droplet(8).Tags, s.droplet(8).Name = nil, "other"
		}, refuse: "arcadiad release web-1 frees it"},
		"released itself": {change: func(s *scene, _ *fleet.Droplet) {
			s.observed.Droplets = nil
			s.register(7, "web-1")
			s.droplet(7).Tags = nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene("web-1")
			d := s.see(7, "web-1", tc.tags...)
			if tc.change != nil {
				tc.change(s, d)
			}
			list := s.adoptable(t, "WEB-1")
			if len(list) != 1 || list[0].Kind != TakeOver || list[0].Name != "web-1" {
				t.Fatalf("it says %+v", list)
			}
			switch got := list[0]; {
			case tc.refuse == "" && (got.Refused != "" || got.DropletID != 7):
				t.Errorf("refused: %q (droplet %d)", got.Refused, got.DropletID)
			case !strings.Contains(got.Refused, tc.refuse):
				t.Errorf("refused for %q, want %q", got.Refused, tc.refuse)
			}
		})
	}
}

func TestAdoptableByNameAndAll(t *testing.T) {
	s := newScene("web-1", "web-2", "web-3", "web-4")
	s.register(1, "web-1")
	s.see(2, "web-2").Tags = []string{"mine"}
	s.spec("web-2").Tags = []string{"front"}
	s.see(3, "web-3")
	s.see(4, "web-3")
	s.see(5, "db")
	all := s.adoptable(t)
	if len(all) != 2 || all[0].Name != "web-2" || all[0].Refused != "" || all[1].Name != "web-3" || all[1].Refused == "" {
		t.Errorf("all: %+v", all)
	}
	if len(all[0].Differs) != 1 || all[0].Differs[0] != changeOf("tags", "mine", "front,mine", CauseFile) || strings.Join(all[0].Assumed, " ") != "ssh_keys user_data" {
		t.Errorf("web-2 differs in %v, assumed %v", all[0].Differs, all[0].Assumed)
	}
	named := s.adoptable(t, "web-1", "web-4", "db")
	for i, want := range []string{"registered already", "no droplet of that name", "not in the fleet file"} {
		if len(named) != 3 || !strings.Contains(named[i].Refused, want) {
			t.Fatalf("by name: %+v, want %q", named, want)
		}
	}
	s.observed.Partial = true
	if _, err := Adoptable(s.desired, s.recorded, s.observed, nil, s.now); !errors.Is(err, ErrNotWhole) {
		t.Errorf("half a listing: %v", err)
	}
}

func TestReleasable(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*scene)
		want   Transfer // its kind, name and droplet are understood
	}{
		"unwanted":              {func(s *scene) { s.unwant("web-1") }, Transfer{}},
		"wanted":                {func(*scene) {}, Transfer{KeepsName: true}},
		"untagged":              {func(s *scene) { s.droplet(101).Tags = nil; s.unwant("web-1") }, Transfer{Untagged: true}},
		"untagged, wanted":      {func(s *scene) { s.droplet(101).Tags = nil }, Transfer{Untagged: true, Another: true}},
		"missing":               {func(s *scene) { s.vanish(101, false) }, Transfer{Refused: "not certain that it is gone"}},
		"gone":                  {func(s *scene) { s.vanish(101, true) }, Transfer{Refused: "no droplet is registered"}},
		"two of them":           {func(s *scene) { s.register(103, "web-1") }, Transfer{Refused: "more than one"}},
		"a duplicate beside it": {func(s *scene) { s.seeTagged(103, "web-1") }, Transfer{Refused: "more than one"}},
		"a live saga":           {func(s *scene) { s.ended(101, fleet.SagaDestroy, "web-1", "running", "", time.Hour).Live = true }, Transfer{Refused: "works on it"}},
		"of unknown origin":     {func(s *scene) { s.recorded.Records = nil; s.unwant("web-1") }, Transfer{}},
		"never heard of":        {func(s *scene) { s.recorded.Records, s.observed.Droplets = nil, nil; s.unwant("web-1") }, Transfer{Refused: "no droplet is registered"}},
		"another fleet's": {func(s *scene) {
			s.unwant("web-1")
			s.droplet(101).Tags = []string{fleet.ManagedTag, "arcadia-fleet-other"}
		}, Transfer{Untagged: true, Note: "arcadia-fleet-other"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := converged("web-1", "web-2")
			tc.change(s)
			got, err := Releasable(s.desired, s.recorded, s.observed, "Web-1", s.now)
			if err != nil {
				t.Fatal(err)
			}
			want := tc.want
			if got.Kind != Release || got.KeepsName != want.KeepsName || got.Another != want.Another || got.Untagged != want.Untagged ||
				(got.Refused == "") != (want.Refused == "") || !strings.Contains(got.Refused, want.Refused) || !strings.Contains(got.Note, want.Note) {
				t.Errorf("it says %+v, want %+v", got, want)
			}
			if got.Refused == "" && got.DropletID != 101 {
				t.Errorf("it is about droplet %d", got.DropletID)
			}
		})
	}
}

// A droplet that was claimed as a misfit of the file of another day would be replaced only by a person's leave, as with an adoption.
func TestAdoptedMisfitsAreHeld(t *testing.T) {
	s := converged("web-1")
	s.droplet(101).Tags = []string{fleet.ManagedTag, fleet.FleetTag("demo")}
	s.recorded.Sagas = nil
	s.ended(101, fleet.SagaTakeOver, "web-1", "completed", s.spec("web-1").Hash(), time.Hour)
	s.recorded.Records[0].Values["size"] = "s-2vcpu-2gb"
	s.droplet(101).Size = "s-2vcpu-2gb"
	s.expect(t, "replace web-1 101 held by origin")
}
