package plan

import (
	"fmt"
	"testing"
	"time"

	"arcadiad/fleet"
)

// told is what a plan says of its only rollout: the present batch of all, what holds it and why, when it goes on, how long the rest takes.
func told(t *testing.T, s *scene) string {
	t.Helper()
	p := s.build(t)
	if len(p.Rollouts) != 1 {
		t.Fatalf("%d rollouts: %+v", len(p.Rollouts), p.Rollouts)
	}
	r := p.Rollouts[0]
	at := ""
	if !r.NextAt.IsZero() {
		at = clock(r.NextAt)
	}
	return fmt.Sprintf("batch %d of %d, %d of %d serve, %v, by %q at %q: %s", r.Batch, r.Batch+r.Batches-1, r.Serving, r.Count, r.Left, r.HeldBy, at, r.Why)
}

// A plan says how far a rollout has come, and what all that is left of it waits for.
func TestWhatAPlanSaysOfARollout(t *testing.T) {
	canary, pause := 1, 10*time.Minute
	begun := func() (*scene, *fleet.Rollout) {
		s := eight()
		s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
		s.desired.Policy.Rollout = fleet.RolloutKeys{Canary: &canary, Pause: &pause}
		row := s.begin("web")
		s.replaced(row, 101, "completed", 4*time.Minute)
		return s, row
	}
	afterPause := func() (*scene, *fleet.Rollout) {
		s, row := begun()
		s.now = noon.Add(6 * time.Minute)
		return s, row
	}
	underWay := func(s *scene, row *fleet.Rollout) {
		for _, old := range []int64{102, 103} {
			s.replaced(row, old, "running", time.Minute).Live = true
		}
	}
	for name, tt := range map[string]struct {
		scene func() *scene
		want  string
	}{
		"not begun": {func() *scene {
			s, _ := begun()
			s.recorded.Rollouts, s.recorded.Sagas = nil, s.recorded.Sagas[:8]
			return s
		}, `batch 1 of 4, 8 of 8 serve, 37m0s, by "" at "": `},
		"a pause": {func() *scene {
			s, _ := begun()
			return s
		}, `batch 2 of 5, 8 of 8 serve, 43m0s, by "" at "12:06:00": the next batch begins at 12:06:00, after a pause of 10m`},
		"a pause, and one member is protected": {func() *scene {
			s, _ := begun()
			yes := true
			s.spec("web-2").Protect = &yes
			return s
		}, `batch 2 of 5, 8 of 8 serve, 43m0s, by "" at "12:06:00": the next batch begins at 12:06:00, after a pause of 10m`},
		"the next batch": {func() *scene {
			s, _ := afterPause()
			return s
		}, `batch 2 of 5, 8 of 8 serve, 37m0s, by "" at "": `},
		"a batch is under way": {func() *scene {
			s, row := afterPause()
			underWay(s, row)
			return s
		}, `batch 2 of 5, 8 of 8 serve, 37m0s, by "" at "": `},
		"the canaries are under way": {func() *scene {
			s, three := eight(), 3
			s.desired.Policy.MaxDestroy = fleet.Limit{Value: 100, Percent: true}
			s.desired.Policy.Rollout = fleet.RolloutKeys{Canary: &three, Pause: &pause}
			row := s.begin("web")
			underWay(s, row)
			s.replaced(row, 101, "running", time.Minute).Live = true
			return s
		}, `batch 1 of 4, 8 of 8 serve, 37m0s, by "" at "": `},
		"the account is full": {func() *scene {
			s, _ := afterPause()
			s.observed.Account.DropletLimit = 8
			return s
		}, `batch 2 of 5, 8 of 8 serve, 37m0s, by "account_limit" at "": the account has 8 of at most 8 droplets: ask DigitalOcean for a higher limit, or ask for fewer in the fleet file`},
		"stopped while a batch is under way": {func() *scene {
			s, row := afterPause()
			underWay(s, row)
			row.Phase = fleet.RolloutPaused
			return s
		}, `batch 2 of 5, 8 of 8 serve, 37m0s, by "stopped" at "": the rollout is paused by a person; to go on: arcadiad rollout resume web`},
		"each is held for its own reason": {func() *scene {
			s, _ := afterPause()
			for id := range int64(7) {
				s.droplet(102 + id).VolumeIDs = []string{"v", "w"}[:1+id%2]
			}
			return s
		}, `batch 2 of 5, 8 of 8 serve, 37m0s, by "volumes" at "": web-2: a volume is attached to it`},
		"nobody serves any more": {func() *scene {
			s, _ := afterPause()
			for id := range int64(3) {
				s.droplet(106 + id).Status = fleet.StatusNew
			}
			return s
		}, `batch 2 of 5, 5 of 8 serve, 37m0s, by "turn" at "": waiting its turn (2 of 8 at once): web-6, web-7 and web-8 are out of service, and max_unavailable ` +
			`allows no more; bring web-6, web-7 and web-8 back into service, or raise max_unavailable`},
	} {
		if got := told(t, tt.scene()); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tt.want)
		}
	}
}
