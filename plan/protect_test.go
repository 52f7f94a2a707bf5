package plan

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// protect: true is recorded by the very pass that has it, whatever goes on under the name; by silence nothing is lifted.
func TestLaw09ProtectionIsRecordedAtOnce(t *testing.T) {
	yes := true
	for what, tc := range map[string]struct {
		prepare func(s *scene)
		want    bool
	}{
		"at rest":                 {func(*scene) {}, true},
		"a destroy works on it":   {func(s *scene) { live(s, fleet.SagaDestroy, "db").DropletID = 101 }, true},
		"a replace works on it":   {func(s *scene) { live(s, fleet.SagaReplace, "db").Replaces = 101 }, true},
		"it is missing":           {func(s *scene) { s.vanish(101, false) }, true},
		"its tags were taken off": {func(s *scene) { s.droplet(101).Tags = nil; s.register(102, "x") }, true},
		"its group was renamed":   {func(s *scene) { s.spec("db").Name, s.spec("db").Was = "store", "db" }, true},
		"renamed, and being renamed": {func(s *scene) {
			live(s, fleet.SagaDestroy, "db").DropletID = 101
			s.spec("db").Name, s.spec("db").Was = "store", "db"
		}, true},
		"renamed in the console":       {func(s *scene) { s.spec("db").Name = "store"; s.known(101, "store") }, true},
		"renamed in the console since": {func(s *scene) { s.spec("db").Name = "store"; s.known(101, "db"); s.droplet(101).Name = "store" }, true},
		"another droplet is so named":  {func(s *scene) { s.spec("db").Name = "store"; s.known(102, "store") }, false},
		"recorded already":             {func(s *scene) { s.recorded.Records[0].Protect = true }, false},
		"the file is silent":           {func(s *scene) { s.spec("db").Protect = nil }, false},
	} {
		s := converged("db")
		s.spec("db").Protect = &yes
		tc.prepare(s)
		p := s.build(t)
		got := false
		for _, r := range p.Records {
			got = got || r.DropletID == 101 && r.Protect
		}
		if got != tc.want {
			t.Errorf("%s: recorded as protected: %v\n%s", what, got, inText(p))
		}
		for _, r := range p.Records {
			if got && r.DropletID == 101 && len(r.Values) == 0 {
				t.Errorf("%s: the record lost its values: %+v", what, r)
			}
		}
	}
}

// What is recorded again for another reason in the same pass is protected too, in one record.
func TestLaw09ProtectionJoinsWhatIsRecordedAgain(t *testing.T) {
	yes := true
	s := converged("db")
	delete(s.recorded.Records[0].Values, "region")
	s.spec("db").Protect = &yes
	if r := s.build(t).Records; len(r) != 1 || !r[0].Protect || r[0].Values["region"] != "syd1" {
		t.Errorf("%+v", r)
	}
}

// A replace that is held takes the resize in place with it: it would switch off a droplet that is to be replaced anyway, or to stay.
func TestLaw09AHeldReplaceHoldsTheDowntime(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.Size, spec.Region, spec.Rules.Resize = "s-2vcpu-2gb", "nyc3", fleet.ResizeInPlace
	s.recorded.Records[0].Protect = true
	s.droplet(101).Tags = append(s.droplet(101).Tags, fleet.ProtectTag)
	p := s.expect(t, "replace web-1 101 held by protect")
	if c := p.Actions[0].Changes; len(c) != 2 {
		t.Errorf("the replace changes %+v", c)
	}
	spec.Region = "syd1"
	s.expect(t, "update web-1 101")
}

// live puts a live saga into the journal.
func live(s *scene, kind, name string) *fleet.Saga {
	saga := s.ended(900, kind, name, "running", "", time.Minute)
	saga.Live, saga.DropletID = true, 0
	return saga
}

// known has the database know a droplet by the name that it bore when it was seen last.
func (s *scene) known(id int64, name string) {
	s.recorded.Known = append(s.recorded.Known, fleet.Known{DropletID: id, Name: name})
}
