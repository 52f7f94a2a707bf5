package inventory

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The times below are parts of the interval, so that whoever shortens that shortens all of them.
const (
	leastParts  = 10 // looks that wait for what needs a while come at least two of these apart, and a request that may be spared is worth one: 500 ms
	gapParts    = 20 // between two polls of one request each while most of the budget is free: 250 ms
	gatherParts = 50 // from the moment for which a poll is due until it goes, so that whoever comes right after shares it: 100 ms
	growth      = 8  // what is waited for is looked at again after an eighth of the time that it has taken so far
)

// Interval is the usual time between two looks of one who waits. Whoever counts looks counts one for each of these.
func (i *Inventory) Interval() time.Duration { return i.o.Interval }

// Again says when to look again for a change that was asked for at that time: soon after it, and ever more rarely, up to the usual interval.
// Zero: after that.
func (i *Inventory) Again(asked time.Time) time.Time {
	wait := max(time.Since(asked)/growth, 2*i.least())
	if wait >= i.o.Interval {
		return time.Time{}
	}
	return time.Now().Add(wait)
}

// Pause is how long one waits who looks, without a request, for what has been expected for that long.
func (i *Inventory) Pause(expected time.Duration) time.Duration {
	return min(max(expected/growth, 2*i.least()), i.o.Interval)
}

// Aside waits before one looks again, by a request that no poll shares, for what was asked for at that time: as Again says, but at most so long.
// The more do that at once, and the less of the budget is free, the longer they wait, as if their requests were those of one poll.
func (i *Inventory) Aside(ctx context.Context, asked time.Time, most time.Duration) error {
	requests := int(i.aside.Add(1))
	defer i.aside.Add(-1)
	wait := max(time.Since(asked)/growth, 2*i.least(), i.gap(requests))
	select {
	case <-time.After(min(wait, most)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Active says when a droplet that was made at that time may be active.
func (i *Inventory) Active(made time.Time) time.Time {
	return made.Add(i.activations.early(i.o.Interval))
}

// Until says when to look again for what was asked for at that time and may have happened at the other. Zero: after the usual interval, at
// which it is looked at before that.
func (i *Inventory) Until(asked, may time.Time) time.Time {
	switch left := time.Until(may); {
	case left <= 0:
		return i.Again(asked)
	case left <= i.o.Interval:
		return may
	}
	return time.Time{}
}

// Activated notes how long a new droplet took until a look showed it active.
func (i *Inventory) Activated(took time.Duration) { i.activations.add(took) }

// least is the time between two polls of one request each while most of the budget is free.
func (i *Inventory) least() time.Duration { return i.o.Interval / leastParts }

func (i *Inventory) gather() time.Duration { return i.o.Interval / gatherParts }

// due is when a poll of so many requests is due for those who do not wait for a usual interval: a moment later than for the first of them,
// so that others share it. What happens to several at nearly the same time is waited for longer, the more a poll costs.
func (i *Inventory) due(first firsts, requests int) (at time.Time) {
	if !first.prompt.IsZero() {
		at = first.prompt.Add(i.gather())
	}
	if !first.due.IsZero() {
		at = earlier(at, first.due.Add(i.gather()+min(time.Duration(requests-1)*i.least(), i.o.Interval)))
	}
	return at
}

// gap is the time between the beginnings of two polls of so many requests each.
func (i *Inventory) gap(requests int) time.Duration {
	gap := min(time.Duration(requests)*i.o.Interval/gapParts, i.o.Interval)
	if i.o.Gap != nil {
		gap = i.o.Gap(gap, i.o.Interval, requests)
	}
	return gap
}

// activations are how long the newest droplets took to become active. Times that cannot be are left out: a process was away, or the clock
// was set.
type activations struct {
	mu    sync.Mutex
	times []time.Duration // the newest last
}

const (
	activationsKept   = 32
	longestActivation = 10 * time.Minute
)

func (a *activations) add(took time.Duration) {
	if took <= 0 || took > longestActivation {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = append(a.times, took)
	if more := len(a.times) - activationsKept; more > 0 {
		a.times = slices.Delete(a.times, 0, more)
	}
}

// early is when the first of several new droplets may be active: a little before the time in which a quarter of the last ones were, so
// that it follows an account that has become faster. Usual: where nothing is known.
func (a *activations) early(usual time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.times) == 0 {
		return usual
	}
	quarter := slices.Sorted(slices.Values(a.times))[(len(a.times)-1)/4]
	return quarter - quarter/growth
}

// Tally counts the looks of one who waits as if each came an interval after the one before: looking more often does not make the wait end
// earlier.
type Tally struct {
	every time.Duration
	until time.Time // what the looks that counted stand for
}

// Tally begins to count at that time.
func (i *Inventory) Tally(begins time.Time) Tally { return Tally{i.o.Interval, begins} }

// Counts tells whether a look that began at that time counts.
func (t *Tally) Counts(began time.Time) bool {
	if began.Sub(t.until) < t.every {
		return false
	}
	// Time without answered looks is not made up for, but what is left over of an interval is.
	t.until = t.until.Add(t.every)
	if late := began.Add(-t.every); t.until.Before(late) {
		t.until = late.Add(t.every / 2)
	}
	return true
}
