package simulator

import (
	"net/http"
	"sort"
	"strconv"
	"time"
)

// realLimits are DigitalOcean's (docs/digitalocean-api.md, "Rate limits").
func realLimits() Limits { return Limits{Hour: 5000, Minute: 250, KeyList: 10} }

func (l Limits) withDefaults() Limits {
	real := realLimits()
	if l.Hour == 0 {
		l.Hour = real.Hour
	}
	if l.Minute == 0 {
		l.Minute = real.Minute
	}
	if l.KeyList == 0 {
		l.KeyList = real.KeyList
	}
	return l
}

// budget is the log of one token's requests over the last hour.
type budget struct {
	all  []time.Time
	keys []time.Time
}

// within counts the entries younger than d.
func within(log []time.Time, now time.Time, d time.Duration) int {
	since := now.Add(-d)
	return len(log) - sort.Search(len(log), func(i int) bool { return log[i].After(since) })
}

// charge enters a request, or refuses it: burst says for how long when the minute's share is used up; hourly that the hour's is.
func (b *budget) charge(l Limits, now time.Time, keyList bool) (burst time.Duration, hourly bool) {
	b.all = b.all[len(b.all)-within(b.all, now, time.Hour):]
	b.keys = b.keys[len(b.keys)-within(b.keys, now, time.Minute):]
	if l.Hour >= 0 && len(b.all) >= l.Hour {
		return 0, true
	}
	if n := within(b.all, now, time.Minute); l.Minute >= 0 && n >= l.Minute {
		return untilFree(b.all[len(b.all)-n:], l.Minute, now), false
	}
	if keyList && l.KeyList >= 0 && len(b.keys) >= l.KeyList {
		return untilFree(b.keys, l.KeyList, now), false
	}
	b.all = append(b.all, now)
	if keyList {
		b.keys = append(b.keys, now)
	}
	return 0, false
}

// untilFree says when a full minute has room for one request again, in whole seconds, rounded up.
func untilFree(minute []time.Time, limit int, now time.Time) time.Duration {
	if limit == 0 {
		return time.Minute
	}
	oldest := minute[len(minute)-limit]
	wait := oldest.Add(time.Minute).Sub(now)
	return (wait + time.Second - 1).Truncate(time.Second)
}

// headers writes the rate-limit headers that every answer carries. ratelimit-reset is when the oldest request expires.
func (b *budget) headers(h http.Header, l Limits, now time.Time) {
	limit := l.Hour
	if limit < 0 {
		limit = realLimits().Hour
	}
	remaining, reset := limit, now.Add(time.Hour)
	if b != nil && l.Hour >= 0 {
		used := within(b.all, now, time.Hour)
		remaining = max(0, limit-used)
		if used > 0 {
			reset = b.all[len(b.all)-used].Add(time.Hour)
		}
	}
	h.Set("Ratelimit-Limit", strconv.Itoa(limit))
	h.Set("Ratelimit-Remaining", strconv.Itoa(remaining))
	h.Set("Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}
