package reconcile

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	// leastTick is the least time between two scheduled passes, whatever the schedule says.
	leastTick = 5 * time.Second
	// neverTick is how long a schedule that names no time is left alone before it is asked again.
	neverTick = 24 * time.Hour

	longestSchedule = 200 // bytes
)

// ParseSchedule reads a cron expression: five fields, or a descriptor such as @hourly or @every 5m. One that names no time within the
// next five years is refused: cron says "never" with the zero time, which lies in the past and would be due always.
func ParseSchedule(expression string) (cron.Schedule, error) {
	if len(expression) > longestSchedule {
		return nil, fmt.Errorf("the sync schedule is longer than %d bytes", longestSchedule)
	}
	zone, _, more := strings.Cut(expression, " ")
	var s cron.Schedule
	err := errors.New("it has a time zone and nothing else")
	if more || !strings.Contains(zone, "TZ=") { // else cron's parser panics
		s, err = cron.ParseStandard(expression)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("sync schedule %q: %w (five fields, such as \"*/15 * * * *\")", expression, err)
	case s.Next(time.Now()).IsZero():
		return nil, fmt.Errorf("sync schedule %q never comes", expression)
	}
	return s, nil
}

// untilTick is how long to wait for the schedule's next time. Due is false when that is a wait for nothing but another look at the
// schedule.
func untilTick(s cron.Schedule, now time.Time) (wait time.Duration, due bool) {
	next := s.Next(now)
	if next.IsZero() {
		return neverTick, false
	}
	return max(leastTick, next.Sub(now)), true
}
