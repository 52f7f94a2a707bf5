package fleet

import (
	"fmt"
	"strings"
	"time"
)

// Window is a part of the week in which droplets may be taken out of service: from From to To on each of its Days, which are those that
// it begins on. A To that is not after From is on the next day.
//
// A clock change can make the time that From or To names happen twice, or not at all. Then the shorter stretch holds: it begins at the later
// of two such times and ends at the earlier one, and what falls into a gap is the moment of the change.
type Window struct {
	Days [7]bool        // by time.Weekday
	From time.Duration  // since midnight, as the clock on the wall shows
	To   time.Duration  // the same; at most 24 h
	Zone *time.Location // nil: UTC
}

// Windows are all parts of the week in which droplets may be taken out of service. None: that is always.
type Windows []Window

// horizon is how far ahead windows are looked at. Every window that opens at all opens within a week or two.
const horizon = 400 // days

// Open tells whether a window is open at that time, and until when one is without a break. Zero: for more than a year, or it is closed.
func (ws Windows) Open(at time.Time) (until time.Time, open bool) {
	if len(ws) == 0 {
		return time.Time{}, true
	}
	for end := at; end.Before(at.AddDate(0, 0, horizon)); end = until {
		until = end
		for _, w := range ws {
			if closes := w.closes(end); closes.After(until) {
				until = closes
			}
		}
		switch {
		case until.Equal(at):
			return time.Time{}, false
		case until.Equal(end):
			return until, true
		}
	}
	return time.Time{}, true
}

// Opens is when a window opens next, after that time and after the one that is open then. Zero: none does for more than a year.
func (ws Windows) Opens(after time.Time) (at time.Time) {
	if until, open := ws.Open(after); open {
		if until.IsZero() {
			return time.Time{}
		}
		after = until
	}
	for _, w := range ws {
		for day := -2; day <= horizon; day++ {
			opens, closes := w.stretch(after, day)
			if opens.After(after) && closes.After(opens) {
				if at.IsZero() || opens.Before(at) {
					at = opens
				}
				break
			}
		}
	}
	return at
}

// closes is when the window's stretch ends that the time is in; the time itself: it is in none.
func (w Window) closes(at time.Time) time.Time {
	end := at
	for day := -2; day <= 1; day++ { // more than the days that a stretch can begin on: clocks have skipped a whole one
		if opens, closes := w.stretch(at, day); !opens.After(at) && closes.After(end) {
			end = closes
		}
	}
	return end
}

// stretch is when the window opens and closes that begins so many days after the day of a time. Closes is not after opens: it does not open.
func (w Window) stretch(of time.Time, days int) (opens, closes time.Time) {
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := of.In(zone).Date()
	day := time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC) // as if the wall were in UTC
	if !w.Days[day.Weekday()] {
		return time.Time{}, time.Time{}
	}
	to := w.To
	if to <= w.From {
		to += 24 * time.Hour
	}
	_, opens = instants(day.Add(w.From), zone)
	closes, _ = instants(day.Add(to), zone)
	return opens, closes
}

// instants are the first and the last moment at which the clocks of a zone show what is given in UTC; the same one twice, but for clocks that
// were set back. Where they were set forward over it, that is the moment of the change.
func instants(wall time.Time, zone *time.Location) (first, last time.Time) {
	at := wall.Add(-24 * time.Hour).In(zone) // before any moment that shows it: no zone is a day ahead
	for {
		_, offset := at.Zone()
		from, to := at.ZoneBounds()
		moment := wall.Add(-time.Duration(offset) * time.Second)
		begun, over := from.IsZero() || !moment.Before(from), !to.IsZero() && !moment.Before(to)
		switch {
		case begun && !over:
			if first.IsZero() {
				first = moment
			}
			last = moment
		case !begun && first.IsZero(): // this period's clocks began beyond it, and those before ended short of it
			return from, from
		}
		if to.IsZero() || to.Sub(wall) > 24*time.Hour {
			return first, last
		}
		at = to
	}
}

// String names the window as the file does: mon-thu 22:00-04:00 Europe/Berlin.
func (w Window) String() string {
	zone := "UTC"
	if w.Zone != nil {
		zone = w.Zone.String()
	}
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	return strings.TrimSpace(fmt.Sprintf("%s %s-%s %s", w.days(), clock(w.From), clock(w.To), zone))
}

// days are the days in words, from Monday on: mon-thu, or mon,wed-fri; empty: every day.
func (w Window) days() string {
	var runs []string
	on := func(i int) bool { return i < 7 && w.Days[(i+1)%7] } // from Monday on
	for i := 0; i < 7; i++ {
		if !on(i) {
			continue
		}
		begin := i
		for on(i + 1) {
			i++
		}
		switch run := dayWord(i); {
		case begin == 0 && i == 6:
			return ""
		case begin < i:
			runs = append(runs, dayWord(begin)+"-"+run)
		default:
			runs = append(runs, run)
		}
	}
	return strings.Join(runs, ",")
}

// dayWord is the short name of a day, counted from Monday.
func dayWord(i int) string {
	return strings.ToLower(time.Weekday((i + 1) % 7).String()[:3])
}
