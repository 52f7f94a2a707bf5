package saga

import (
	"math/rand/v2"
	"time"
)

const (
	stuckPause = 10 * time.Minute // to which the pauses of a stuck saga grow
	maxPause   = time.Hour        // no pause is longer
)

// DefaultBackoff doubles from one second to one minute, less up to a quarter at random, so that sagas which failed together do not
// try again together.
func DefaultBackoff(attempts int) time.Duration {
	d := time.Minute
	if attempts < 7 {
		d = time.Second << max(attempts-1, 0)
	}
	return d - rand.N(d/4)
}

// pauseAfter is the pause before the next try after so many failed ones.
func (o Options) pauseAfter(attempts int, stuck bool) time.Duration {
	d := max(o.Backoff(attempts), 0)
	if over := attempts - o.StuckAfter; stuck && over > 0 && d < stuckPause {
		d = min(d<<min(over, 10), stuckPause)
	}
	return min(d, maxPause)
}

// pauseLeft is what is left of the pause before the next try. The clock may have jumped since the pause was decided, perhaps while
// nothing ran; so it is never longer than the pause was then.
func (s Saga) pauseLeft(now time.Time) time.Duration {
	if s.NotBefore.IsZero() {
		return 0
	}
	return max(min(s.NotBefore.Sub(now), s.NotBefore.Sub(s.UpdatedAt), maxPause), 0)
}
