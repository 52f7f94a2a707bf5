package plan

import (
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// drifted has a droplet in every field of which somebody meddled.
func drifted(policy fleet.DriftPolicy) *scene {
	s := converged("web-1")
	s.desired.Policy.Drift = policy
	d := s.droplet(101)
	d.Name, d.Size, d.Status = "mine-now", "s-2vcpu-2gb", fleet.StatusOff
	d.Tags = append(d.Tags, "theirs")
	d.Features = []string{"backups", "ipv6"}
	return s
}

// again looks a while later, knowing what was noticed.
func (s *scene) again(p Plan, after time.Duration) {
	s.recorded.Deviations = p.Deviations()
	s.now, s.observed.BeganAt = s.now.Add(after), s.observed.BeganAt.Add(after)
}

func TestDriftIsToldApart(t *testing.T) {
	s := drifted(fleet.DriftReport)
	p := s.expect(t)
	causes := map[string]Cause{}
	for _, c := range p.Drift[0].Changes {
		causes[c.Field] = c.Cause
	}
	want := map[string]Cause{"name": CauseOutside, "size": CauseOutside, "tags": CauseOutside, "backups": CauseOutside, "ipv6": CauseOutside, "status": CauseBroken}
	if len(causes) != len(want) {
		t.Errorf("%v", causes)
	}
	for field, cause := range want {
		if causes[field] != cause {
			t.Errorf("%s: %q", field, causes[field])
		}
	}
	since := s.observed.BeganAt
	s.again(p, time.Hour)
	s.recorded.Deviations[1].By = "rename of 11:02 (action 7)"
	p = s.expect(t)
	for _, c := range p.Drift[0].Changes {
		if !c.Since.Equal(since) {
			t.Errorf("%s since %s, and first noticed at %s", c.Field, c.Since, since)
		}
	}
	s.droplet(101).Size = "s-8vcpu-16gb" // somebody changed it once more
	for _, c := range s.build(t).Drift[0].Changes {
		if c.Field == "size" && !c.Since.IsZero() {
			t.Errorf("size: since %s, but this is another size", c.Since)
		}
	}
	if by := p.Drift[0].Changes[1].By; by != "rename of 11:02 (action 7)" {
		t.Errorf("by %q", by)
	}
}

func TestDriftIsCorrected(t *testing.T) {
	s := drifted(fleet.DriftCorrect)
	p := s.expect(t, "update web-1 101 held by confirm")
	if p.Lapses.IsZero() {
		t.Error("no second look is planned")
	}
	s.again(p, time.Minute)
	p = s.expect(t, "update web-1 101")
	a := p.Actions[0]
	if a.Cause != CauseOutside || a.Alter.Name != "web-1" || a.Alter.Backups == nil || *a.Alter.Backups || !a.Alter.PowerOn || len(a.Alter.Untag) != 1 {
		t.Errorf("%+v", a)
	}
	if a.Reason != "name, tags and backups changed outside arcadiad; it is off" {
		t.Errorf("because %q", a.Reason)
	}
	// What cannot be mended in place is left alone, and so is a size that only another droplet would have.
	if len(p.Drift) != 1 || len(p.Drift[0].Changes) != 2 || p.Drift[0].Changes[0].Field != "size" || p.Drift[0].Changes[1].Field != "ipv6" {
		t.Errorf("drift %+v", p.Drift)
	}
}

// What the file asks for beside it makes drift no surer: the update waits for the second look.
func TestDriftIsConfirmedBesideTheFile(t *testing.T) {
	s := converged("web-1")
	s.desired.Policy.Drift = fleet.DriftCorrect
	s.droplet(101).Tags = append(s.droplet(101).Tags, "theirs")
	s.spec("web-1").IPv6 = true
	p := s.expect(t, "update web-1 101 held by confirm")
	s.again(p, time.Minute)
	p = s.expect(t, "update web-1 101")
	if a := p.Actions[0]; !a.Alter.IPv6 || len(a.Alter.Untag) != 1 {
		t.Errorf("%+v", a.Alter)
	}
	s.spec("web-1").Image = "debian-12-x64" // which takes another droplet anyway
	s.expect(t, "replace web-1 101")
}

// A person who asks is as good as a second look; but not for another droplet.
func TestDriftInAHurry(t *testing.T) {
	s := drifted(fleet.DriftReplace)
	s.recorded.Hurry = true
	p := s.expect(t, "update web-1 101", "replace web-1 101 held by confirm")
	s.again(p, time.Minute)
	s.expect(t, "replace web-1 101")
}

func TestDriftIsTheGroupsRule(t *testing.T) {
	s := drifted(fleet.DriftCorrect)
	s.spec("web-1").Rules.Drift = fleet.DriftReport
	s.expect(t)
	s.desired.Policy.Drift, s.spec("web-1").Rules.Drift = fleet.DriftReport, fleet.DriftCorrect
	s.spec("web-1").Rules.Resize = fleet.ResizeInPlace
	p := s.build(t)
	s.again(p, time.Minute)
	s.expect(t, "update web-1 101", "update web-1 101 held by turn")
}

// A disk that has grown does not shrink: where the file says so, another droplet comes in its place.
func TestAGrownDiskIsReplaced(t *testing.T) {
	for policy, want := range map[fleet.DriftPolicy]string{
		fleet.DriftCorrect: "update web-1 101 held by preflight",
		fleet.DriftReplace: "replace web-1 101",
	} {
		s := converged("web-1")
		s.spec("web-1").Rules = fleet.Rules{Resize: fleet.ResizeInPlace, Drift: policy}
		s.droplet(101).Size, s.droplet(101).Disk = "s-2vcpu-2gb", 60
		s.again(s.expect(t, "update web-1 101 held by confirm"), time.Minute)
		s.expect(t, "update web-1 101") // it can be put back, for all that is known
		s.offer()
		s.expect(t, want)
	}
}

// A droplet that is rebuilt from another build of its image is replaced only where that is said, and once.
func TestARebuiltDroplet(t *testing.T) {
	s := converged("web-1")
	s.droplet(101).ImageID = 9001
	s.desired.Policy.Drift = fleet.DriftCorrect
	s.expect(t)
	s.desired.Policy.Drift = fleet.DriftReplace
	p := s.expect(t, "replace web-1 101 held by confirm")
	s.again(p, time.Minute)
	s.expect(t, "replace web-1 101")
	s.ended(900, fleet.SagaReplace, "web-1", "completed", s.spec("web-1").Hash(), time.Minute)
	s.expect(t, "replace web-1 101 held by loop")
}

// That a droplet is gone is nobody's change of the file, also when its record went in a pass that could not make another.
func TestAVanishedDropletIsBroken(t *testing.T) {
	for name, tt := range map[string]struct {
		past  []string // kinds and statuses of sagas, oldest first
		cause Cause
	}{
		"never there":          {nil, CauseFile},
		"made":                 {[]string{"ProvisionDroplet completed"}, CauseBroken},
		"adopted, then woken":  {[]string{"AdoptDroplet completed", "UpdateDroplet completed"}, CauseBroken},
		"made, then a failure": {[]string{"ProvisionDroplet completed", "ProvisionDroplet compensated"}, CauseBroken},
		"not made":             {[]string{"ProvisionDroplet compensated"}, CauseFile},
		"destroyed":            {[]string{"ProvisionDroplet completed", "DestroyDroplet completed"}, CauseFile},
		"released":             {[]string{"ProvisionDroplet completed", "ReleaseDroplet completed"}, CauseFile},
	} {
		s := newScene("web-1")
		for i, words := range tt.past {
			kind, status, _ := strings.Cut(words, " ")
			s.ended(101, kind, "web-1", status, "", time.Duration(100-i)*time.Hour).ID = sagaID(int64(900 + i))
		}
		p := s.build(t)
		if len(p.Actions) != 1 || p.Actions[0].Kind != Provision || p.Actions[0].Cause != tt.cause {
			t.Errorf("%s: %+v", name, p.Actions)
		}
	}
}

// Another tool that changes it back every time is met ever more rarely.
func TestCorrectionsBackOff(t *testing.T) {
	s := converged("web-1")
	s.desired.Policy.Drift = fleet.DriftCorrect
	s.droplet(101).Status = fleet.StatusOff
	p := s.build(t)
	s.again(p, time.Minute)
	var waits []time.Duration
	for range 6 {
		saga := s.ended(101, fleet.SagaUpdate, "web-1", "completed", "", 0)
		saga.Corrects, saga.EndedAt = true, s.now
		p := s.expect(t, "update web-1 101 held by backoff")
		waits = append(waits, p.Lapses.Sub(s.now))
		if !strings.Contains(p.Actions[0].HeldReason, "another tool may be at work") {
			t.Errorf("held because %q", p.Actions[0].HeldReason)
		}
		s.recorded.Hurry = true
		s.expect(t, "update web-1 101") // a person asks
		s.recorded.Hurry = false
		s.now = p.Lapses.Add(time.Second)
		s.expect(t, "update web-1 101")
	}
	want := []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour}
	for i := range want {
		if waits[i].Round(time.Minute) != want[i] {
			t.Errorf("waits %v", waits)
			break
		}
	}
	s.now = s.now.Add(25 * time.Hour)
	s.expect(t, "update web-1 101") // long ago
}

// A size is put back after what else was changed: that is no sign of another tool.
func TestASizeIsPutBackAfterTheRest(t *testing.T) {
	s := drifted(fleet.DriftCorrect)
	s.spec("web-1").Rules.Resize = fleet.ResizeInPlace
	p := s.build(t)
	s.again(p, time.Minute)
	s.expect(t, "update web-1 101", "update web-1 101 held by turn")
	saga := s.ended(101, fleet.SagaUpdate, "web-1", "completed", "", 0)
	saga.Corrects, saga.EndedAt = true, s.now
	s.expect(t, "update web-1 101 held by backoff", "update web-1 101")
	saga.Downtime = true // it was the size that did not last
	s.expect(t, "update web-1 101", "update web-1 101 held by backoff")
}
