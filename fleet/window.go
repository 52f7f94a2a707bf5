package fleet

import "time"

// Window is a part of the week in which droplets may be taken out of service: from From to To on each of its Days, which are those that
// it begins on. A To that is not after From is on the next day.
type Window struct {
	Days [7]bool        // by time.Weekday
	From time.Duration  // since midnight, as the clock on the wall shows
	To   time.Duration  // the same; at most 24 h
	Zone *time.Location // nil: UTC
}
