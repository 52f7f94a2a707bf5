package condition

import (
	"fmt"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Line is the Set in one line, for `systemctl status`: what needs a person first.
func (s Set) Line() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	count := func(n int, words string) {
		if n > 0 {
			add("%d "+words, n)
		}
	}
	stuck := 0
	for _, live := range s.Live {
		if live.Status == saga.Stuck {
			stuck++
		}
	}
	count(stuck, "stuck (arcadiad saga list)")
	count(len(s.Live)-stuck, "under way")
	if s.FileErr != nil {
		add("the fleet file is not usable (%s)", fleet.Fit(s.FileErr.Error(), 201))
	}
	switch {
	case s.PassAt.IsZero():
		add("looking at the account for the first time")
	case s.PassErr != nil:
		add("the pass of %s failed, trying again: %s", clock(s.PassAt), fleet.Fit(s.PassErr.Error(), 201))
	case s.Paused != nil:
		add("paused (arcadiad resume)")
	case s.Plan.ID == "":
		add("no fleet file is in force; last sync %s", clock(s.PassAt))
	default:
		sum := s.Plan.Summary
		count(sum.Held, "held (arcadiad plan)")
		count(sum.Missing, "missing (arcadiad plan)")
		count(sum.Drifted, "drifted")
		add("%d as desired; last pass %s (%s)", sum.Unchanged, clock(s.PassAt), s.Trigger)
	}
	line := strings.Join(parts, ", ")
	if s.Desired != nil {
		line = s.Desired.Name + ": " + line
	}
	return line
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
