package saga

import (
	"testing"
	"time"
)

func TestDefaultBackoff(t *testing.T) {
	for attempts, most := range map[int]time.Duration{
		-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1 << 40: time.Minute,
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			d := DefaultBackoff(attempts)
			if d > most || d <= most*3/4 {
				t.Errorf("after %d tries: %v, want at most %v and more than three quarters of it", attempts, d, most)
			}
			seen[d] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d tries: only %d different pauses of 100", attempts, len(seen))
		}
	}
}

func TestPauseAfter(t *testing.T) {
	o := Options{StuckAfter: 8, Backoff: func(attempts int) time.Duration { return time.Duration(attempts) * time.Second }}
	for _, c := range []struct {
		attempts int
		stuck    bool
		want     time.Duration
	}{
		{1, false, time.Second},
		{-1, false, 0},
		{5000, false, time.Hour},
		{1, true, time.Second}, // a panic is stuck from the first try on
		{8, true, 8 * time.Second},
		{9, true, 18 * time.Second},
		{12, true, 192 * time.Second},
		{100, true, 10 * time.Minute},
		{1000, true, 1000 * time.Second}, // never shorter than asked for
	} {
		if got := o.pauseAfter(c.attempts, c.stuck); got != c.want {
			t.Errorf("after %d tries, stuck %v: %v, want %v", c.attempts, c.stuck, got, c.want)
		}
	}
}

func TestPauseLeft(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ decided, until, want time.Duration }{
		"no pause was decided":        {decided: -time.Hour, until: 0, want: 0},
		"half of it is over":          {decided: -time.Minute, until: time.Minute, want: time.Minute},
		"all of it is over":           {decided: -time.Hour, until: -time.Minute, want: 0},
		"the clock was set back":      {decided: time.Hour, until: time.Hour + time.Minute, want: time.Minute},
		"the clock was set forward":   {decided: -24 * time.Hour, until: time.Minute - 24*time.Hour, want: 0},
		"a row that somebody touched": {decided: -time.Minute, until: 99999 * time.Hour, want: time.Hour},
	} {
		s := Saga{UpdatedAt: now.Add(c.decided)}
		if c.until != 0 {
			s.NotBefore = now.Add(c.until)
		}
		if got := s.pauseLeft(now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
