package digitalocean

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// The limits of a token before an answer told them, and their windows (docs/digitalocean-api.md, "Rate limits").
const (
	usualLimit     = 5000 // requests an hour
	minutesPerHour = 20   // the minute's limit is 5 % of the hour's

	// The API frees a request a full window after it came in. The margin keeps us off the very edge.
	edge   = 100 * time.Millisecond
	minute = time.Minute + edge
	hour   = time.Hour + edge

	blindPause = time.Minute // after a 429 that does not say when to come back
	probeEvery = time.Minute // between two requests while others have used up what we may use
	maxStretch = 12
)

// limits is the arithmetic of the two windows. Its methods are called under the Budget's lock.
type limits struct {
	reserve float64
	limit   int // an hour's

	lastMinute, lastHour sightings // our own requests, at the time each ended

	known     bool      // an answer has told what remains
	remaining int       // what the API says is left this hour, kept up to date with what we do
	reset     time.Time // when the API frees its next request
	probe     time.Time // while others leave us nothing: when to ask for news

	pause   time.Time // after a 429: nothing goes before
	careful bool      // after a 429: one request at a time, until one is answered

	// Requests of the last minute that are not in our log because an earlier process sent them. No header tells their number, so
	// the worst is assumed, for one minute.
	inherited      int
	inheritedUntil time.Time
}

func newLimits(reserve float64) limits { return limits{reserve: reserve, limit: usualLimit} }

// usable is what of a limit is ours.
func (l *limits) usable(limit int) int { return max(1, limit-l.reserved(limit)) }

func (l *limits) reserved(limit int) int { return int(math.Ceil(l.reserve * float64(limit))) }

func (l *limits) minuteLimit() int { return max(1, l.limit/minutesPerHour) }

func (l *limits) minuteCap(now time.Time) int {
	n := l.usable(l.minuteLimit())
	if now.Before(l.inheritedUntil) {
		n = min(n, max(l.minuteLimit()-l.inherited, l.minuteLimit()/10, 1))
	}
	return n
}

// next tells whether a request may go now: an empty reason means yes. Otherwise at is when to look again; zero means that only an
// answer can help.
func (l *limits) next(now time.Time, inFlight int) (at time.Time, why string) {
	l.forget(now)
	if now.Before(l.pause) {
		return l.pause, "the API answered 429"
	}
	if l.careful && inFlight > 0 {
		return time.Time{}, "the API answered 429, and one request is finding out whether it is over"
	}
	if l.lastMinute.len()+inFlight >= l.minuteCap(now) {
		at = l.lastMinute.expiry(minute)
		if now.Before(l.inheritedUntil) && (at.IsZero() || l.inheritedUntil.Before(at)) {
			at = l.inheritedUntil
		}
		return at, "our share of this minute is used up"
	}
	if l.lastHour.len()+inFlight >= l.usable(l.limit) {
		return l.lastHour.expiry(hour), "our share of this hour is used up"
	}
	if l.squeezed() {
		switch {
		case inFlight > 0:
			return time.Time{}, squeezedReason
		case now.Before(l.probe):
			return l.earliest(l.probe, l.lastHour.expiry(hour)), squeezedReason
		}
	}
	return time.Time{}, ""
}

const squeezedReason = "others who use this token have left only the share that is reserved for people"

// squeezed tells whether what remains is the people's.
func (l *limits) squeezed() bool { return l.known && l.remaining <= l.reserved(l.limit) }

func (l *limits) earliest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// spend takes a request out of what remains.
func (l *limits) spend(now time.Time) {
	if l.squeezed() {
		l.probe = now.Add(probeEvery) // even if no answer comes
	}
	l.remaining--
}

// refund takes back a spend whose request never went out.
func (l *limits) refund() { l.remaining++ }

func (l *limits) count(now time.Time) {
	l.lastMinute.add(now)
	l.lastHour.add(now)
}

// forget drops what left the windows. What left the hour is free again.
func (l *limits) forget(now time.Time) {
	l.lastMinute.drop(now.Add(-minute))
	if n := l.lastHour.drop(now.Add(-hour)); l.known {
		l.remaining = min(l.limit, l.remaining+n)
	}
}

// learn takes in the headers of an answer. others is how many more requests are in flight: the API may not have counted them yet.
func (l *limits) learn(now time.Time, h rateHeaders, others int) {
	l.forget(now)
	if h.limit <= 0 || h.burst {
		return // after a burst the API says that nothing remains, and means the minute
	}
	l.limit = h.limit
	if h.remaining < 0 {
		return
	}
	if !l.known {
		// What the API counted and we did not send: an earlier process, or people. Some of it may be of this very minute.
		strangers := h.limit - h.remaining - l.lastHour.len() - others - 1
		l.inherited = min(max(0, strangers), l.usable(l.minuteLimit()))
		l.inheritedUntil = now.Add(minute)
	}
	l.known = true
	l.remaining = h.remaining - others
	l.reset = h.reset
	// While we are squeezed, nothing gets better before the reset, but a reset beyond an hour cannot be meant.
	l.probe = now.Add(probeEvery)
	if l.reset.After(l.probe) {
		l.probe = l.earliest(l.reset, now.Add(hour))
	}
}

// refuse takes in a 429, and says when to try again.
func (l *limits) refuse(now time.Time, h rateHeaders) time.Time {
	until := now.Add(blindPause)
	switch {
	case h.retryAfter > 0:
		until = now.Add(h.retryAfter + edge)
	case h.reset.After(now):
		until = l.earliest(h.reset.Add(edge), now.Add(hour))
	}
	if until.After(l.pause) {
		l.pause = until
	}
	l.careful = true
	return until
}

// recovered ends the care that a 429 brought: a request was answered otherwise.
func (l *limits) recovered(now time.Time) {
	if !now.Before(l.pause) {
		l.careful = false
	}
}

// pace is how long to wait between two polls. See Budget.Pace.
func (l *limits) pace(now time.Time, inFlight int, usual time.Duration, requests int) time.Duration {
	half := time.Duration(requests) * 2 * time.Minute / time.Duration(l.usable(l.minuteLimit()))
	return time.Duration(float64(max(usual, half)) * l.stretch(now, inFlight))
}

// gap is how much time lies at least between two polls. See Budget.Gap. It grows faster than the pace, which it reaches in the end.
func (l *limits) gap(now time.Time, inFlight int, least, usual time.Duration, requests int) time.Duration {
	pace := l.pace(now, inFlight, usual, requests)
	return min(pace, time.Duration(float64(l.pace(now, inFlight, least, requests))*l.stretch(now, inFlight)))
}

// stretch is the inverse of the share that is left, counted from the second half on.
func (l *limits) stretch(now time.Time, inFlight int) float64 {
	l.forget(now)
	if now.Before(l.pause) {
		return maxStretch
	}
	left := 1 - float64(l.lastHour.len()+inFlight)/float64(l.usable(l.limit))
	left = min(left, 1-float64(l.lastMinute.len()+inFlight)/float64(l.minuteCap(now)))
	if l.known {
		left = min(left, float64(l.remaining-l.reserved(l.limit))/float64(l.usable(l.limit)))
	}
	if left <= 1.0/(2*maxStretch) {
		return maxStretch
	}
	return max(1, 1/(2*left))
}

func (l *limits) state(now time.Time, inFlight int) BudgetState {
	s := BudgetState{
		Stretch: l.stretch(now, inFlight), Limit: l.limit, Remaining: -1, Reset: l.reset,
		HourUsed: l.lastHour.len() + inFlight, HourCap: l.usable(l.limit),
		MinUsed: l.lastMinute.len() + inFlight, MinCap: l.minuteCap(now),
	}
	if l.known {
		s.Remaining = max(0, l.remaining)
	}
	if now.Before(l.pause) {
		s.Until = l.pause
	}
	return s
}

// sightings are points in time in the order in which they came.
type sightings struct {
	times []time.Time
	head  int
}

func (s *sightings) len() int        { return len(s.times) - s.head }
func (s *sightings) add(t time.Time) { s.times = append(s.times, t) }

// drop forgets all that is not after t, and tells how many that were.
func (s *sightings) drop(t time.Time) int {
	n := 0
	for s.head < len(s.times) && !s.times[s.head].After(t) {
		s.head++
		n++
	}
	if s.head > len(s.times)/2 {
		s.times = append(s.times[:0], s.times[s.head:]...)
		s.head = 0
	}
	return n
}

// expiry is when the oldest leaves a window of that length; zero where there is none.
func (s *sightings) expiry(window time.Duration) time.Time {
	if s.len() == 0 {
		return time.Time{}
	}
	return s.times[s.head].Add(window)
}

// rateHeaders is what an answer says about the rate limit (docs/digitalocean-api.md, "Rate limits").
type rateHeaders struct {
	limit      int // requests an hour; 0: not said
	remaining  int // -1: not said
	reset      time.Time
	retryAfter time.Duration // 0: not said
	burst      bool          // the remaining 0 is the minute's, not the hour's
}

// readRate reads the headers of an answer with that status. Points in time are taken relative to the API's own clock, where the
// answer tells it: the two clocks need not agree.
func readRate(status int, h http.Header, now time.Time) rateHeaders {
	theirs := now
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		theirs = date
	}
	r := rateHeaders{remaining: -1}
	if n, err := strconv.Atoi(h.Get("RateLimit-Limit")); err == nil && n > 0 {
		r.limit = n
	}
	if n, err := strconv.Atoi(h.Get("RateLimit-Remaining")); err == nil && n >= 0 {
		r.remaining = n
	}
	if n, err := strconv.ParseInt(h.Get("RateLimit-Reset"), 10, 64); err == nil && n > 0 {
		r.reset = now.Add(time.Unix(n, 0).Sub(theirs))
	}
	if s := h.Get("Retry-After"); s != "" {
		if n, err := strconv.Atoi(s); err == nil {
			r.retryAfter = time.Duration(min(max(n, 1), 3600)) * time.Second
		} else if at, err := http.ParseTime(s); err == nil {
			r.retryAfter = min(max(at.Sub(theirs), time.Second), time.Hour)
		}
	}
	r.burst = status == http.StatusTooManyRequests && h.Get("Retry-After") != ""
	return r
}
