package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// Law 14: the creates of one spec are counted over its group; one that came through, a retry and another spec begin anew.
func TestLaw14AGroupStallsByAllItsMembers(t *testing.T) {
	failed := func(group string, undone bool) *scene {
		s := newScene("web-1", "web-2", "web-3", "web-4")
		for i := range s.desired.Specs {
			s.desired.Specs[i].Group = "web"
		}
		for i := range 3 {
			saga := s.ended(int64(i+1), fleet.SagaProvision, fmt.Sprintf("web-%d", i+1), "compensated", "of its own", 100*time.Hour)
			saga.Undone, saga.GroupHash = undone, group
		}
		return s
	}
	hash := failed("", true).spec("web-1").GroupHash()
	held := []string{"provision web-1 held by stalled", "provision web-2 held by stalled", "provision web-3 held by stalled", "provision web-4 held by stalled"}
	free := []string{"provision web-1", "provision web-2", "provision web-3", "provision web-4"}
	s := failed(hash, true)
	p := s.expect(t, held...)
	if why := p.Actions[3].HeldReason; !strings.HasPrefix(why, "3 droplets of web were created from this spec and had to be destroyed again (the last was web-") {
		t.Errorf("the hold says: %s", why)
	}
	for i := range 3 {
		s := failed(hash, true)
		s.recorded.Sagas[i].Retried = true // whichever of them a person says to try again
		s.expect(t, free...)
	}
	failed(hash, false).expect(t, free...) // refused by the API: nothing was made
	failed("", true).expect(t, free...)    // of a version that did not say the group: by name, and each failed once
	s = failed(hash, true)
	for i := range s.desired.Specs {
		s.desired.Specs[i].Image = "debian-12-x64"
	}
	s.expect(t, free...)
	s = failed(hash, true)
	s.ended(9, fleet.SagaProvision, "web-4", "completed", "of its own", time.Hour).GroupHash = hash
	s.expect(t, free...)
}
