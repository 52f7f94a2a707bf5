package plan

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// renamed is a group whose name was changed in the file.
func renamed() *scene {
	s := converged("web-1", "web-2")
	for i, name := range []string{"api-1", "api-2"} {
		was := s.desired.Specs[i].Name
		s.desired.Specs[i] = specOf(name)
		s.desired.Specs[i].Was = was
	}
	return s
}

func TestARenamedGroupKeepsItsDroplets(t *testing.T) {
	s := renamed()
	p := s.expect(t, "update api-1 101", "update api-2 102")
	if a := p.Actions[0]; a.Alter.Name != "api-1" || a.Record.Name != "api-1" || a.Changes[0] != changeOf("name", "web-1", "api-1", CauseFile) {
		t.Errorf("%+v", a)
	}
	next := int64(500)
	s.carryOut(p, &next)
	if p := s.expect(t); !p.Settled() || len(p.Warnings) != 0 {
		t.Errorf("%+v", p)
	}
}

// While the saga of a rename is at work, nothing is wrong: least of all something that taking out the old name would mend.
func TestARenameUnderWay(t *testing.T) {
	s := renamed()
	live := s.ended(101, fleet.SagaUpdate, "api-1", "running", "", time.Minute)
	live.ID, live.Live = sagaID(900), true
	if p := s.expect(t, "update api-2 102"); len(p.Warnings) != 0 || p.Summary.InFlight != 1 {
		t.Errorf("%+v", p)
	}
}

// Law 16: from the tags alone, under the new names.
func TestLaw16ARenamedGroupWithoutADatabase(t *testing.T) {
	s := renamed()
	s.recorded = fleet.Recorded{}
	next := int64(500)
	p := s.expect(t, "adopt api-1 101", "adopt api-2 102")
	s.carryOut(p, &next)
	p = s.expect(t, "update api-1 101", "update api-2 102")
	s.carryOut(p, &next)
	s.expect(t)
}

// Without a database, what cannot be read of a droplet under its old name is taken from the file, and replaces nothing.
func TestARenamedGroupByItsTags(t *testing.T) {
	s := renamed()
	for i := range s.desired.Specs {
		s.desired.Specs[i].UserData = "#!"
	}
	s.recorded = fleet.RecordedByTags(s.desired, s.observed.Droplets)
	s.expect(t, "update api-1 101", "update api-2 102")
}

// Nothing is made under a new name, and nothing destroyed under the old one, while what stands there is not clear.
func TestARenamedGroupWaitsForWhatIsNotClear(t *testing.T) {
	for name, change := range map[string]func(s *scene){
		"missing":  func(s *scene) { s.vanish(101, false) },
		"released": func(s *scene) { s.droplet(101).Tags = nil },
		"archived": func(s *scene) { s.droplet(101).Status = fleet.StatusArchive },
		"live": func(s *scene) {
			live := s.ended(900, fleet.SagaReplace, "web-1", "running", "", time.Minute)
			live.Live, live.Replaces = true, 101
		},
	} {
		s := renamed()
		change(s)
		p := s.expect(t, "update api-2 102")
		if len(p.Warnings) == 0 {
			t.Errorf("%s: nobody is told", name)
		}
	}
	s := renamed()
	s.vanish(101, true)
	s.expect(t, "provision api-1", "update api-2 102")
	live := s.ended(900, fleet.SagaProvision, "web-1", "running", "", time.Minute) // the next one is being made, under the old name
	live.Live = true
	if p := s.expect(t, "update api-2 102"); len(p.Warnings) == 0 {
		t.Error("being made: nobody is told")
	}
}

// A name that has a droplet already does not get another, and the old name's is not taken for superfluous.
func TestARenamedGroupWithANamesake(t *testing.T) {
	s := renamed()
	s.register(200, "api-1")
	p := s.expect(t, "update api-2 102")
	want := "the file says that api-1 was web-1, but api-1 has a droplet already: web-1 is left alone; remove `was` from the file to have it destroyed"
	if len(p.Warnings) != 1 || p.Warnings[0] != want {
		t.Errorf("warnings %q", p.Warnings)
	}
}

// Law 17: a destroy of the old name ends when the file says that it has a new one.
func TestLaw17ARenameStopsADestroy(t *testing.T) {
	s := converged("web-1", "web-2")
	s.unwant("web-1")
	p := s.expect(t, "destroy web-1 101")
	if r := renamed(); p.Actions[0].License.Asks(r.desired) || !p.Actions[0].License.Asks(s.desired) {
		t.Error("the destroy of web-1 is still asked for, though api-1 is to be it")
	}
}
