package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"arcadiad/fleet"
)

// Law 18, on worlds of chance: no plan takes a member out of service that serves, unless enough of the others do; no batch is larger than the
// file says, and none begins before the one before has ended, in a pause, or when a person or a failure has stopped the rollout.
func TestLaw18NoPlanEndsTooMany(t *testing.T) {
	met := map[string]int{}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 18))
		s, row := anyGroup(r)
		p, err := Build(s.desired, s.recorded, s.observed, s.now)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if why := tooMany(s, row, p, met); why != "" {
			t.Fatalf("seed %d: %s\n%s", seed, why, inText(p))
		}
	}
	for _, what := range []string{"goes", "downs", "surges", "surplus", "cures", "waits", "stopped", "pauses"} {
		if met[what] < 20 {
			t.Errorf("%s: met %d times", what, met[what])
		}
	}
}

// anyGroup is a group of chance in the middle of a change of chance.
func anyGroup(r *rand.Rand) (*scene, *fleet.Rollout) {
	count := 1 + r.IntN(9)
	var names []string
	for i := range count {
		names = append(names, fmt.Sprint("web-", i+1))
	}
	s := converged(names...)
	for i := range r.IntN(3) {
		s.register(int64(150+i), fmt.Sprint("web-", 20+i)) // a surplus
	}
	keys := fleet.RolloutKeys{}
	unavailable, surge, canary, pause := fleet.Limit{Value: r.IntN(4)}, fleet.Limit{Value: 1 + r.IntN(3)}, r.IntN(3), time.Duration(r.IntN(2))*10*time.Minute
	if r.IntN(3) > 0 {
		keys.MaxUnavailable = &unavailable
	}
	if r.IntN(3) > 0 {
		keys.MaxSurge = &surge
	}
	if r.IntN(3) == 0 {
		keys.Canary = &canary
	}
	keys.Pause = &pause
	order, resize := []fleet.Order{fleet.CreateFirst, fleet.DestroyFirst}[r.IntN(2)], r.IntN(4) == 0
	var ready *fleet.Ready
	if r.IntN(2) == 0 {
		ready = &fleet.Ready{Port: 22}
		s.observed.Readiness = &fleet.Readiness{Passes: map[int64]bool{}, Answered: true}
	}
	for i := range s.desired.Specs {
		spec := &s.desired.Specs[i]
		spec.Rollout, spec.Ready, spec.Rules.Order = &keys, ready, order
		if resize {
			spec.Size, spec.Rules.Resize = "s-2vcpu-2gb", fleet.ResizeInPlace
		} else {
			spec.Image = "debian-12-x64"
		}
	}
	for i := range s.observed.Droplets {
		d := &s.observed.Droplets[i]
		if r.IntN(6) == 0 {
			d.Status = fleet.StatusOff
		}
		if ready != nil {
			s.observed.Readiness.Passes[d.ID] = r.IntN(5) > 0
		}
	}
	var row *fleet.Rollout
	if r.IntN(2) == 0 {
		row = s.begin("web")
		row.Phase = []fleet.RolloutPhase{fleet.RolloutRunning, fleet.RolloutRunning, fleet.RolloutRunning, fleet.RolloutPaused, fleet.RolloutAborted}[r.IntN(5)]
		for id := int64(101); id < int64(101+count) && !resize; id++ {
			switch r.IntN(8) {
			case 0:
				s.replaced(row, id, "completed", time.Duration(1+r.IntN(14))*time.Minute)
			case 1:
				live := s.replaced(row, id, "running", time.Minute)
				live.Live, live.EndedAt = true, time.Time{}
			case 2:
				if r.IntN(4) == 0 {
					s.replaced(row, id, "compensated", time.Minute)
				}
			}
		}
	}
	return s, row
}

// tooMany says what a plan does that it may not; empty: nothing.
func tooMany(s *scene, row *fleet.Rollout, p Plan, met map[string]int) string {
	rules := s.desired.Policy.RolloutOf(s.desired.Specs[0])
	count := len(s.desired.Specs)
	busy := map[string]bool{}
	var ended time.Time
	failed := false
	for _, saga := range s.recorded.Sagas {
		busy[saga.Name] = busy[saga.Name] || saga.Live
		if row != nil && saga.Rollout == row.ID {
			if saga.EndedAt.After(ended) {
				ended = saga.EndedAt
			}
			failed = failed || saga.Failed()
		}
	}
	inService := func(id int64) bool {
		d := s.droplet(id)
		return d.Status == fleet.StatusActive && (s.desired.Specs[0].Ready == nil || s.observed.Readiness.Passes[id])
	}
	serving := 0
	for _, rec := range s.recorded.Records {
		if _, desired := s.desired.Spec(rec.Name); desired && !busy[rec.Name] && inService(rec.DropletID) {
			serving++
		}
	}
	after, surges, downs, cures := serving, 0, 0, 0
	for _, a := range p.Actions {
		rolls := a.Kind == Replace || a.Kind == Update
		switch {
		case a.Held && a.HeldBy == "turn":
			met["waits"]++
			continue
		case a.Held && a.HeldBy == "stopped":
			met["stopped"]++
			continue
		case a.Held:
			continue
		case rolls && row != nil && (row.Phase != fleet.RolloutRunning || failed):
			return a.Name + " goes, and its rollout is stopped"
		}
		met["goes"]++
		if off := s.droplet(a.DropletID).Status == fleet.StatusOff; off {
			continue // out of service, and it always may
		}
		serves := inService(a.DropletID)
		switch {
		case a.Kind == Destroy:
			met["surplus"]++
			if serves && serving < count-rules.MaxUnavailable.Of(count) {
				return a.Name + " is no longer asked for, and too few serve without it"
			}
			continue
		case len(busyOf(busy)) > 0:
			return a.Name + " goes, and the batch before has not ended"
		case row != nil && !ended.IsZero() && s.now.Sub(ended) < rules.Pause:
			return a.Name + " goes in the pause"
		case a.Kind == Replace && a.Spec.Rules.Order != fleet.DestroyFirst:
			surges++
			met["surges"]++
		case serves:
			downs++
			after--
			met["downs"]++
		default:
			cures++
			met["cures"]++
		}
	}
	if row != nil && rules.Pause > 0 && s.now.Sub(ended) < rules.Pause {
		met["pauses"]++
	}
	most := rules.MaxUnavailable.Of(count)
	switch {
	case downs > 0 && after < count-most:
		return fmt.Sprintf("%d of %d would serve, and %d may be out of service", after, count, most)
	case surges > rules.Surge(count):
		return fmt.Sprintf("%d new droplets at once, and the file allows %d", surges, rules.Surge(count))
	case downs+cures > max(1, most):
		return fmt.Sprintf("%d are taken at once, and the file allows %d", downs+cures, most)
	case row == nil && rules.Canary > 0 && surges+downs+cures > rules.Canary:
		return "more go than the canary"
	}
	return ""
}

// busyOf are the names that have a live saga.
func busyOf(busy map[string]bool) (names []string) {
	for name, is := range busy {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
