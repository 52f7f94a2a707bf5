package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
)

// goingBack is a rollout through eight droplets that a member has stopped, with two others finished: their old droplets are kept. So many may be
// out of service.
func goingBack(unavailable int) *scene {
	s := eight()
	for i := range s.desired.Specs {
		s.desired.Specs[i].Rollout = &fleet.RolloutKeys{MaxUnavailable: &fleet.Limit{Value: unavailable}, OnFailure: fleet.OnFailureBack}
	}
	row := s.begin("web")
	for _, id := range []int64{101, 102} {
		name, record := s.droplet(id).Name, s.recorded.Records[id-101]
		s.replaced(row, id, "completed", 10*time.Minute)
		record.Values = fleet.Values{"image": "debian-12-x64"}
		s.recorded.Quarantine = append(s.recorded.Quarantine, fleet.Quarantined{DropletID: id, Name: name, Record: record, At: noon.Add(-10 * time.Minute), Until: noon.Add(time.Hour)})
		s.seeTagged(id, name, fleet.UntilTag(noon.Add(time.Hour))).Status = fleet.StatusOff
	}
	s.replaced(row, 103, "compensated", 5*time.Minute).Undone = true
	return s
}

// Law 18: a member goes back only if enough of its group serves meanwhile, whoever took the others out. What does not serve goes back at once.
func TestLaw18BackLeavesEnoughInService(t *testing.T) {
	for name, tc := range map[string]struct {
		unavailable int
		off         []int64 // droplets that somebody has switched off
		want        []string
		told        string
	}{
		"all serve": {unavailable: 2, want: []string{"web-1", "web-2"}},
		"another is out": {unavailable: 2, off: []int64{108}, want: []string{"web-1"},
			told: "web-2 is not taken back yet: without it 5 of the 8 droplets of web would serve, and max_unavailable needs 6 (web-8 is out of service)"},
		"two others are out":        {unavailable: 2, off: []int64{107, 108}, told: "web-1 is not taken back yet"},
		"the new ones do not serve": {unavailable: 2, off: []int64{201, 202, 108}, want: []string{"web-1", "web-2"}},
		"nothing may be out":        {told: "max_unavailable needs 8"},
	} {
		s := goingBack(tc.unavailable)
		for _, id := range tc.off {
			s.droplet(id).Status = fleet.StatusOff
		}
		p := s.build(t)
		var back []string
		for _, one := range p.Back {
			back = append(back, one.Transfer.Name)
		}
		if !slices.Equal(back, tc.want) || tc.told != "" && !slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, tc.told) }) {
			t.Errorf("%s: back go %q, told %q", name, back, p.Warnings)
		}
	}
}
