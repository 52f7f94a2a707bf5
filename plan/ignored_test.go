package plan

import (
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
)

func fields(changes []FieldChange) (names []string) {
	for _, c := range changes {
		name := c.Field
		if c.Along {
			name += " along"
		}
		names = append(names, name)
	}
	return names
}

// What on_change has ignored is shown, and the next replace shows that it brings it along, with all else that the new droplet has and
// the old one has not.
func TestLaw09AReplaceShowsAllThatItBrings(t *testing.T) {
	s := converged("db", "web-1")
	db := s.spec("db")
	db.Rules.OnChange = fleet.OnChangeIgnore
	db.Image, db.UserData, db.SSHKeys = "debian-12-x64", "echo", []string{"7"}
	p := s.expect(t)
	if len(p.Ignored) != 1 || !slices.Equal(fields(p.Ignored[0].Changes), []string{"image", "ssh_keys", "user_data"}) || p.Summary.Ignored != 1 || p.Summary.Unchanged != 2 {
		t.Errorf("ignored: %+v, %+v", p.Ignored, p.Summary)
	}
	if c := p.Ignored[0].Changes[0]; c.From != "ubuntu-24-04-x64" || c.To != "debian-12-x64" {
		t.Errorf("ignored: %+v", c)
	}

	db.Size = "s-2vcpu-2gb"
	s.droplet(101).Tags = append(s.droplet(101).Tags, "theirs")
	s.droplet(101).Status = fleet.StatusOff
	p = s.expect(t, "replace db 101")
	if got := fields(p.Actions[0].Changes); !slices.Equal(got, []string{"size", "image along", "ssh_keys along", "user_data along", "tags along", "status along"}) || len(p.Ignored) != 0 {
		t.Errorf("the replace shows %v, ignored: %+v", got, p.Ignored)
	}
	if a := p.Actions[0]; a.Reason != "size changed in the file" || a.Cause != CauseFile {
		t.Errorf("what comes along is no reason: %s, %s", a.Reason, a.Cause)
	}
	if list := p.Deviations(); len(list) != 2 {
		t.Errorf("noticed: %+v", list)
	}
}

// A replace that puts back what somebody changed stays one, whatever the file brings along.
func TestLaw09WhatComesAlongMakesNoEditOfTheFile(t *testing.T) {
	s := converged("db", "web-1")
	s.desired.Policy.Drift = fleet.DriftReplace
	db := s.spec("db")
	db.Rules.OnChange = fleet.OnChangeIgnore
	db.UserData = "echo"
	s.droplet(101).Size = "s-2vcpu-2gb"
	s.recorded.Deviations = []fleet.Deviation{{DropletID: 101, Field: "size", Seen: "s-2vcpu-2gb", Since: noon.Add(-time.Hour)}}
	p := s.expect(t, "replace db 101")
	if a := p.Actions[0]; !a.Corrects() || !slices.Equal(fields(a.Changes), []string{"size", "user_data along"}) {
		t.Errorf("corrects: %v, changes %v", a.Corrects(), fields(a.Changes))
	}
}
