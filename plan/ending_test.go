package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// How a droplet ends is what the file says under its name, or in the group that it is numbered in, or said before.
func TestEndingIsTheFilesWord(t *testing.T) {
	kept, snapped := fleet.Ending{Snapshot: true, Keep: time.Hour}, fleet.Ending{Snapshot: true}
	ends := func(s *scene, name string, want fleet.Ending) {
		t.Helper()
		for _, a := range s.build(t).Actions {
			if a.Name == name && a.destroys() {
				if a.Ending != want {
					t.Errorf("%s ends as %q, want %q", said(a), a.Ending, want)
				}
				return
			}
		}
		t.Errorf("nothing ends %s: %+v", name, s.build(t).Actions)
	}
	group := func(e fleet.Ending) *scene {
		s := converged("web-1", "web-2", "web-3", "mail")
		for i := range s.desired.Specs {
			if s.desired.Specs[i].Name != "mail" {
				s.desired.Specs[i].Group, s.desired.Specs[i].Single = "web", false
				s.desired.Specs[i].Ending = e
			} else {
				s.desired.Specs[i].Single = true
			}
		}
		return s
	}
	s := group(kept)
	s.spec("web-1").Size = "s-2vcpu-2gb"
	ends(s, "web-1", kept)
	s.unwant("web-3")
	ends(s, "web-3", kept)
	s.recorded.Records[3].Values = fleet.Values{fleet.FieldDestroy: "snapshot: true"}
	s.unwant("mail")
	ends(s, "mail", snapped)
	s.recorded.Records[2].Values = fleet.Values{fleet.FieldDestroy: "shutdown: false"} // the group says it
	ends(s, "web-3", kept)
	for _, name := range []string{"web-1", "web-2"} {
		s.unwant(name)
	}
	ends(s, "web-3", fleet.Ending{Hard: true})
	ends(s, "web-2", fleet.Ending{})

	s = group(kept)
	s.seeTagged(7, "web-2") // a duplicate is nobody's to bring back
	s.left("web-2", "completed", 2*time.Hour, 7)
	ends(s, "web-2", snapped)
}

// It is recorded as the file has it, without any write, and the default is not recorded.
func TestEndingIsRecorded(t *testing.T) {
	s := converged("web")
	if p := s.expect(t); len(p.Records) != 0 {
		t.Errorf("recorded again: %+v", p.Records)
	}
	for _, e := range []fleet.Ending{{Snapshot: true, Keep: time.Hour}, {Hard: true}, {}} {
		s.spec("web").Ending = e
		p := s.expect(t)
		if len(p.Records) != 1 || p.Records[0].Ending() != e || p.Summary.Unchanged != 1 {
			t.Fatalf("%q: %+v", e, p.Records)
		}
		if _, there := p.Records[0].Values[fleet.FieldDestroy]; there != (e != fleet.Ending{}) {
			t.Errorf("%q is recorded as %v", e, p.Records[0].Values)
		}
		s.recorded.Records[0] = p.Records[0]
		if p := s.expect(t); len(p.Records) != 0 {
			t.Errorf("%q: recorded again: %+v", e, p.Records)
		}
	}
}

// It is recorded as soon as the file is in force, beside the protection and beside a live saga: the next version may drop the stanza.
func TestEndingIsRecordedAtOnce(t *testing.T) {
	s := converged("a", "b", "c", "d")
	yes := true
	s.spec("a").Ending = fleet.Ending{Snapshot: true}
	s.spec("b").Protect = &yes
	s.spec("c").Ending, s.spec("c").Protect = fleet.Ending{Keep: time.Hour}, &yes
	s.ended(101, fleet.SagaUpdate, "a", "running", "", 0)
	before := len(s.recorded.Records[0].Values)
	got := map[string]string{}
	for _, r := range AtOnce(s.desired, s.recorded, noon) {
		got[r.Name] = fmt.Sprintf("%v %q", r.Protect, r.Values[fleet.FieldDestroy])
	}
	if want := map[string]string{"a": `false "snapshot: true"`, "b": `true ""`, "c": `true "keep: 1h"`}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(s.recorded.Records[0].Values) != before {
		t.Error("the input was changed")
	}
}

// Whoever approved an end with a snapshot has not approved one without.
func TestLaw09AnEndThatKeepsLess(t *testing.T) {
	ids := map[string]fleet.Ending{}
	for _, e := range []fleet.Ending{{}, {Snapshot: true}, {Keep: time.Hour}} {
		s := converged("web")
		s.spec("web").Ending = e
		s.spec("web").Size = "s-2vcpu-2gb"
		s.desired.Policy.MaxDestroy = fleet.Limit{}
		p := s.expect(t, "replace web 101 held by max_destroy")
		if like, again := ids[p.ID]; again {
			t.Errorf("%q has the id of %q", e, like)
		}
		ids[p.ID] = e
		need := p.Actions[0].Needs[0]
		s.recorded.Grants = []fleet.Grant{{ID: 1, Kind: need.Kind, Name: need.Name, DropletID: need.DropletID, Spec: need.Spec, Rule: need.Rule, Facts: need.Facts, At: noon}}
		if p := s.build(t); p.Actions[0].Held {
			t.Errorf("%q: approved, and %s", e, said(p.Actions[0]))
		}
		s.spec("web").Ending.Snapshot = !e.Snapshot
		if p := s.build(t); !p.Actions[0].Held {
			t.Errorf("%q was approved, and not %q", e, p.Actions[0].Ending)
		}
	}
}

// An approval of an end that keeps something is not taken back by a file that says nothing new.
func TestLaw09AnApprovalOfAnEndStays(t *testing.T) {
	s := converged("web", "mail")
	s.recorded.Records[1].Values = fleet.Values{fleet.FieldDestroy: "snapshot: true"}
	s.unwant("mail")
	s.desired.Policy.MaxDestroy = fleet.Limit{}
	p := s.expect(t, "destroy mail 102 held by max_destroy")
	s.recorded.Grants = p.Actions[0].Needs
	if gone := Withdrawn(s.desired, s.recorded); len(gone) != 0 {
		t.Errorf("withdrawn: %v", gone)
	}
	s.desired.Specs = append(s.desired.Specs, specOf("mail"))
	if gone := Withdrawn(s.desired, s.recorded); len(gone) != 1 {
		t.Errorf("it is wanted again, and withdrawn are %v", gone)
	}
}

// Programs are told how a droplet ends.
func TestEndingInJSON(t *testing.T) {
	s := converged("web")
	s.spec("web").Ending = fleet.Ending{Snapshot: true, Keep: time.Hour}
	s.spec("web").Size = "s-2vcpu-2gb"
	out, err := json.Marshal(s.build(t))
	if err != nil || !strings.Contains(string(out), `"ends":{"shutdown":true,"snapshot":true,"keep_seconds":3600}`) {
		t.Errorf("%v: %s", err, out)
	}
}
