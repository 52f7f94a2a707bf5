package digitalocean

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Priority orders the requests that wait for a slot. The lower value goes first.
type Priority int

const (
	PrioritySaga Priority = iota // steps of sagas, writes above all
	PriorityPoll                 // looks for whoever waits
	PrioritySync                 // the inventory sync
	priorities
)

// How many slots go to sagas in a row, at most, while polls wait: in a rush of writes that takes hours, what was made in its first minute
// must be noticed before its end. It costs the writes 7 % where they wait for slots alone, and 4 % where the rate limits hold them.
const (
	pollTurn     = 15
	heldPollTurn = 25
)

// BudgetOptions are the settings of a Budget.
type BudgetOptions struct {
	Concurrency int          // requests in flight at most; 0: 10
	Reserve     float64      // share of the rate limit left to people, 0.2 for 20 %; 0 leaves none; at most 0.95
	Log         *slog.Logger // nil: silence
}

// Budget hands out the slots in which requests go to the API. It paces them so that the rate limits hold and a share stays for
// people, and it is where all writes are stopped.
//
// It trusts two books: its own log of what it sent within the last minute and hour, and the RateLimit headers, which also know
// what others sent with the same token. It is safe for concurrent use.
type Budget struct {
	concurrency int
	reserve     float64
	log         *slog.Logger

	mu       sync.Mutex
	closed   error // why writes are refused; nil: they may go
	queues   [priorities]*list.List
	inFlight int
	sagas    int       // of these, the requests of sagas
	rushed   time.Time // when the last request of a saga ended
	row      int       // slots that sagas got in a row while polls waited
	sent     int64     // requests that went out since the start
	limits   limits
	timer    *time.Timer // wakes the queue when time alone lets the next request go
	holding  string      // why the head of the queue waits for time, for the log and the status
}

// errNotProved is why the gate is closed at the start.
var errNotProved = errors.New("the account is not proved yet")

// NewBudget makes a budget whose gate is closed to writes until Writes(nil). It starts with DigitalOcean's usual limits, 5,000
// requests an hour and 250 a minute, and learns the real ones from the answers (docs/digitalocean-api.md, "Rate limits").
func NewBudget(o BudgetOptions) *Budget {
	o.Concurrency = cmp.Or(o.Concurrency, 10)
	o.Reserve = min(max(o.Reserve, 0), 0.95)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	b := &Budget{concurrency: o.Concurrency, reserve: o.Reserve, log: o.Log, closed: errNotProved, limits: newLimits(o.Reserve)}
	for i := range b.queues {
		b.queues[i] = list.New()
	}
	return b
}

// Writes opens the write gate with nil, and closes it with anything else: a pause, another account, a lost lease, a shutdown. The
// writes that wait then return at once as ErrNotSent with that reason; those on the wire are left alone.
func (b *Budget) Writes(closed error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = closed
	if closed == nil {
		return
	}
	for _, q := range b.queues {
		for e := q.Front(); e != nil; {
			next := e.Next()
			if w := e.Value.(*waiter); w.write {
				q.Remove(e)
				w.turn <- gateClosed(closed)
			}
			e = next
		}
	}
	b.pump()
}

// gate tells why writes are refused now; nil: they may go.
func (b *Budget) gate() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return gateClosed(b.closed)
}

func gateClosed(why error) error {
	if why == nil {
		return nil
	}
	return fmt.Errorf("the write gate is closed: %w", why)
}

// waiter is a request that waits for its slot.
type waiter struct {
	priority Priority
	write    bool
	turn     chan error // gets nil with the slot, or why there will be none
}

// slot is the right to send one request. It must be released, once.
type slot struct {
	budget   *Budget
	priority Priority
	sent     bool // the request went out, or may have
}

// acquire waits for a slot. The error is the context's, or for a write the gate's.
func (b *Budget) acquire(ctx context.Context, p Priority, write bool) (*slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	if write && b.closed != nil {
		defer b.mu.Unlock()
		return nil, gateClosed(b.closed)
	}
	w := &waiter{priority: p, write: write, turn: make(chan error, 1)}
	place := b.queues[p].PushBack(w)
	b.pump()
	b.mu.Unlock()

	select {
	case err := <-w.turn:
		if err != nil {
			return nil, err
		}
		return &slot{budget: b, priority: p}, nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	select {
	case err := <-w.turn: // it came at the same moment
		if err == nil {
			b.limits.refund()
			b.holds(p, -1)
		}
	default:
		b.queues[p].Remove(place)
	}
	b.pump()
	b.mu.Unlock()
	return nil, ctx.Err()
}

// release gives the slot back. A request that may have gone out is counted from this moment on: the server counted it at some time
// before, so our log is never ahead of the server's.
func (s *slot) release() {
	b := s.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holds(s.priority, -1)
	if s.sent {
		b.sent++
		b.limits.count(time.Now())
	} else {
		b.limits.refund()
	}
	b.pump()
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

// pump hands slots to those who wait, highest priority first, as far as the limits allow now. Where only time can help, it sets
// the timer. The caller holds the lock.
func (b *Budget) pump() {
	now := time.Now()
	for {
		w, q := b.head()
		if w == nil || b.inFlight >= b.concurrency {
			b.hold(now, time.Time{}, "")
			return
		}
		at, why := b.limits.next(now, b.inFlight)
		if why != "" {
			b.hold(now, at, why)
			return
		}
		q.Remove(q.Front())
		if q == b.queues[PrioritySaga] && b.queues[PriorityPoll].Len() > 0 {
			b.row++
		} else {
			b.row = 0
		}
		b.holds(w.priority, 1)
		b.limits.spend(now)
		w.turn <- nil
	}
}

// holds counts those that hold a slot.
func (b *Budget) holds(p Priority, more int) {
	b.inFlight += more
	if p == PrioritySaga {
		b.sagas += more
		b.rushed = time.Now()
	}
}

// head is the request whose turn is next.
func (b *Budget) head() (*waiter, *list.List) {
	turn := pollTurn
	if b.holding != "" {
		turn = heldPollTurn
	}
	if polls := b.queues[PriorityPoll]; b.row >= turn-1 && polls.Len() > 0 {
		return polls.Front().Value.(*waiter), polls
	}
	for _, q := range b.queues {
		if e := q.Front(); e != nil {
			return e.Value.(*waiter), q
		}
	}
	return nil, nil
}

// hold remembers why requests wait, and comes back at that time. A zero time means that an event will come first: an answer, a
// new request.
func (b *Budget) hold(now, at time.Time, why string) {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	if why != b.holding {
		b.holding = why
		if why != "" {
			b.log.Info("api budget holds requests", "reason", why, "waiting", b.waiting(), "until", at)
		}
	}
	if !at.IsZero() {
		b.timer = time.AfterFunc(at.Sub(now), func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.pump()
		})
	}
}

func (b *Budget) waiting() int {
	n := 0
	for _, q := range b.queues {
		n += q.Len()
	}
	return n
}

// BudgetState is what a Budget knows at one moment, for the status.
type BudgetState struct {
	Limit     int       // requests an hour that the API allows the token
	Remaining int       // of these, what is left by our best knowledge; -1: no answer has told yet
	Reset     time.Time // when the API frees the next request, as it last said; zero: it did not say
	HourUsed  int       // our own requests within the last hour, those in flight included
	HourCap   int       // how many these may be
	MinUsed   int       // our own requests within the last minute, those in flight included
	MinCap    int       // how many these may be
	Waiting   int       // requests that wait for a slot
	InFlight  int       // requests that hold one
	Sent      int64     // requests sent since the start
	Until     time.Time // after a 429: nothing goes before this; zero: no 429 is in force
	Holding   string    // why requests wait for time to pass; empty: they do not
	Closed    error     // why writes are refused; nil: the gate is open
	Stretch   float64   // how many times longer than usual those who poll wait, see Budget.Pace
}

// State shows the budget as it is now.
func (b *Budget) State() BudgetState {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s := b.limits.state(now, b.inFlight)
	s.Waiting, s.InFlight, s.Sent, s.Holding, s.Closed = b.waiting(), b.inFlight, b.sent, b.holding, b.closed
	return s
}

// Pace says how long those who poll should wait between two polls of so many requests each, where usual is what they would like.
// Polls should take no more than half of a minute's requests: the waiting is as long as that takes. It grows as the budget shrinks,
// up to 12 times as long, so that polls shrink with what is left and never eat the last of it. While a poll still waits for its
// slots there is no use in another.
func (b *Budget) Pace(usual time.Duration, requests int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queues[PriorityPoll].Len() > 0 {
		return time.Hour
	}
	return b.limits.pace(time.Now(), b.inFlight, usual, requests)
}

// momentParts is how many moments there are in the usual time between two polls.
const momentParts = 50

// Gap says how much time those who poll leave at least between two polls of so many requests each: the least while most of the budget is
// free, and more the less there is. While requests of sagas are on their way, and for a moment after them, it is the usual time: what they
// make is not to be looked for yet. Polls take no more than half of a minute's requests, as with Pace.
func (b *Budget) Gap(least, usual time.Duration, requests int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queues[PriorityPoll].Len() > 0 {
		return time.Hour
	}
	now := time.Now()
	if b.sagas > 0 || b.queues[PrioritySaga].Len() > 0 || now.Sub(b.rushed) < usual/momentParts {
		return b.limits.pace(now, b.inFlight, usual, requests)
	}
	return b.limits.gap(now, b.inFlight, least, usual, requests)
}

// Idle tells whether requests that are in no hurry may go: the gate is open, nobody waits, and half of the budget is free.
func (b *Budget) Idle() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed == nil && b.waiting() == 0 && b.limits.stretch(time.Now(), b.inFlight) <= 1
}
