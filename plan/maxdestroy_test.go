package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// Law 9: the last droplets of a fleet are destroyed, and a whole fleet replaced, only where the policy says so.
func TestLaw09TheLastDropletIsNotDestroyedUnasked(t *testing.T) {
	whole, quarter := fleet.Limit{Value: 100, Percent: true}, fleet.DefaultMaxDestroy
	for _, tt := range []struct {
		limit fleet.Limit
		edit  func(s *scene)
		want  string
	}{
		{quarter, func(s *scene) { s.unwant("db") }, "destroy db 101 held by max_destroy"},
		{fleet.Limit{Value: 5}, func(s *scene) { s.unwant("db") }, "destroy db 101 held by max_destroy"},
		{whole, func(s *scene) { s.unwant("db") }, "destroy db 101"},
		{quarter, func(s *scene) { s.spec("db").Size = "s-2vcpu-2gb" }, "replace db 101 held by max_destroy"},
		{fleet.Limit{Value: 1}, func(s *scene) { s.spec("db").Size = "s-2vcpu-2gb" }, "replace db 101"},
		{whole, func(s *scene) { s.spec("db").Size = "s-2vcpu-2gb" }, "replace db 101"},
		{fleet.Limit{}, func(s *scene) { s.spec("db").Size = "s-2vcpu-2gb" }, "replace db 101 held by max_destroy"},
	} {
		s := converged("db")
		s.desired.Policy.MaxDestroy = tt.limit
		tt.edit(s)
		p := s.expect(t, tt.want)
		if p.Actions[0].Held && !p.Actions[0].Approvable {
			t.Errorf("%v: no person can let it through", tt.limit)
		}
	}
	s := converged("db", "web")
	s.desired.Policy.MaxDestroy = fleet.Limit{Value: 1}
	s.unwant("db")
	s.vanish(102, false) // the only other one is not to be seen
	s.expect(t, "destroy db 101 held by max_destroy")
}

// Law 9: what no edit of the file asked for is counted over time, until a person approves more.
func TestLaw09CorrectionsAreCountedOverTime(t *testing.T) {
	names := make([]string, 12)
	for i := range names {
		names[i] = fmt.Sprint("web-", i+1)
	}
	s := converged(names...)
	s.desired.Policy.MaxDestroy, s.desired.Policy.Drift = fleet.DefaultMaxDestroy, fleet.DriftReplace
	drift := func(id int64) {
		s.droplet(id).Size = "s-2vcpu-2gb"
		s.recorded.Deviations = append(s.recorded.Deviations, fleet.Deviation{DropletID: id, Field: "size", Seen: "s-2vcpu-2gb", Since: noon.Add(-time.Hour)})
	}
	drift(101)
	for i, kind := range []string{fleet.SagaReplace, fleet.SagaDestroy} {
		saga := s.ended(int64(900+i), kind, fmt.Sprint("web-", 5+i), "completed", "abc", time.Duration(48-i)*time.Hour)
		saga.Corrects = true
	}
	s.ended(910, fleet.SagaReplace, "web-7", "compensated", "abc", time.Hour).Corrects = true // it replaced nothing
	s.ended(911, fleet.SagaUpdate, "web-7", "completed", "abc", time.Hour).Corrects = true
	s.ended(912, fleet.SagaReplace, "web-8", "completed", "abc", time.Hour) // the file asked for it
	s.expect(t, "replace web-1 101")
	live := s.ended(913, fleet.SagaReplace, "web-9", "running", "abc", time.Minute)
	live.Live, live.Corrects, live.Replaces = true, true, 109
	p := s.expect(t, "replace web-1 101 held by max_destroy")
	if why := p.Actions[0].HeldReason; !strings.HasPrefix(why, "3 droplets were replaced already because of changes outside arcadiad") {
		t.Errorf("because %q", why)
	}
	s.spec("web-2").Size = "s-2vcpu-2gb" // an edit is bounded by the pass alone
	s.droplet(102).Size = "s-1vcpu-1gb"
	s.expect(t, "replace web-1 101 held by max_destroy", "replace web-2 102 held by turn") // web-9 is on its way
	s.recorded.Sagas[len(s.recorded.Sagas)-1].Approval = "a plan"
	s.expect(t, "replace web-1 101 held by turn", "replace web-2 102 held by turn")
}
