package digitalocean

import (
	"net/http"
	"strconv"
	"time"
)

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

// answered teaches the budget what an answer says, and tells for a 429 when to try again. The request still holds its slot.
func (b *Budget) answered(status int, h http.Header) (until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	rate := readRate(status, h, now)
	b.limits.learn(now, rate, b.inFlight-1)
	if status == http.StatusTooManyRequests {
		until = b.limits.refuse(now, rate)
		b.log.Warn("api rate limit reached; other users of this token count too", "until", until, "remaining", rate.remaining)
	} else {
		b.limits.recovered(now)
	}
	return until
}
