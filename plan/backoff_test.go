package plan

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

func TestLaw14Backoff(t *testing.T) {
	failed := func(times int) *scene {
		s := newScene("web-1", "web-2")
		for i := range times {
			s.ended(int64(i+1), fleet.SagaProvision, "web-1", "compensated", specOf("web-1").Hash(), time.Duration(times-i-1)*time.Hour)
		}
		return s
	}
	for times, wait := range map[int]time.Duration{1: time.Minute, 2: 2 * time.Minute, 5: 16 * time.Minute, 7: time.Hour, 50: time.Hour} {
		s := failed(times)
		s.now = noon.Add(wait - time.Second)
		p := s.expect(t, "provision web-1 held by backoff", "provision web-2")
		if !p.Lapses.Equal(noon.Add(wait)) {
			t.Errorf("%d failures: lapses %v after the last, want %v", times, p.Lapses.Sub(noon), wait)
		}
		s.now = noon.Add(wait)
		if q := s.expect(t, "provision web-1", "provision web-2"); q.ID != p.ID || !q.Lapses.IsZero() {
			t.Errorf("%d failures: the id follows the clock, or a lapse is left: %+v", times, q)
		}
	}
	held := "provision web-1 held by backoff"
	s := failed(3)
	s.expect(t, held, "provision web-2")
	s.spec("web-1").Size = "s-2vcpu-2gb"
	s.expect(t, "provision web-1", "provision web-2") // another spec
	s = failed(3)
	s.recorded.Hurry = true
	s.expect(t, "provision web-1", "provision web-2")
	s = failed(3)
	s.recorded.Sagas[2].Retried = true
	s.expect(t, "provision web-1", "provision web-2")
	s = failed(3)
	s.recorded.Sagas[2].Status = "superseded" // no failure; the two before it lapsed long ago
	s.expect(t, "provision web-1", "provision web-2")
	s = failed(1)
	s.recorded.Sagas[0].EndedAt = noon.Add(24 * time.Hour) // the clock jumped
	s.expect(t, "provision web-1", "provision web-2")
}

func TestLaw14Stalled(t *testing.T) {
	s := newScene("web-1")
	for i := range 3 {
		s.ended(int64(i+1), fleet.SagaProvision, "web-1", "compensated", specOf("web-1").Hash(), 100*time.Hour).Undone = true
	}
	p := s.expect(t, "provision web-1 held by stalled")
	if !p.Lapses.IsZero() {
		t.Errorf("a stall does not lapse: %v", p.Lapses)
	}
	s.recorded.Hurry = true
	s.recorded.Approved = []string{p.ID}
	s.expect(t, "provision web-1 held by stalled")
	s.recorded.Sagas[2].Retried = true
	s.expect(t, "provision web-1")
	s.recorded.Sagas[2].Retried = false
	s.recorded.Sagas[1].Status = "superseded" // the file changed its mind meanwhile: only two failed
	s.expect(t, "provision web-1")
	s.recorded.Sagas[1].Status = "compensated"
	s.spec("web-1").Image = "debian-12-x64"
	s.expect(t, "provision web-1")
}

// Each try of a resize takes the droplet down: one that does not succeed is not tried for ever.
func TestLaw14AResizeStalls(t *testing.T) {
	s := converged("web-1")
	spec := s.spec("web-1")
	spec.Size, spec.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
	for i := range 3 {
		s.expect(t, "update web-1 101")
		failed := s.ended(int64(900+i), fleet.SagaUpdate, "web-1", "compensated", spec.Hash(), 100*time.Hour)
		failed.DropletID, failed.Downtime = 101, true
	}
	p := s.expect(t, "update web-1 101 held by stalled")
	if !p.Lapses.IsZero() {
		t.Errorf("a stall does not lapse: %v", p.Lapses)
	}
	last := &s.recorded.Sagas[len(s.recorded.Sagas)-1]
	last.Retried = true
	s.expect(t, "update web-1 101")
	last.Retried = false
	spec.Size = "s-4vcpu-8gb"
	s.expect(t, "update web-1 101")
}

func TestHeldByLoop(t *testing.T) {
	s := converged("web-1")
	s.spec("web-1").Size = "s-2vcpu-2gb"
	s.expect(t, "replace web-1 101")
	hash := s.spec("web-1").Hash()
	s.ended(300, fleet.SagaReplace, "web-1", "completed", hash, time.Minute)
	s.expect(t, "replace web-1 101 held by loop")
	s.ended(301, fleet.SagaReplace, "web-1", "completed", "another", time.Second) // there and back again is no loop
	s.expect(t, "replace web-1 101")
}
