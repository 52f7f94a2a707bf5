package notify

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"arcadiad/condition"
)

// Options of a Notifier.
type Options struct {
	Board     *condition.Board
	URL       func() (string, error) // of the webhook, asked for each call; a secret. Only https, or http to a loopback address
	Format    Format                 // empty: JSON
	Fleet     func() string          // the name of the fleet in force
	Memory    string                 // file that keeps what was told over a restart; empty: nothing is kept
	Transport http.RoundTripper      // nil: over the network
	UserAgent string
	Observe   func(err error) // told of every call, and whether it failed; nil: nobody is
	Log       *slog.Logger    // nil: silence
}

// The pace of calls.
const (
	gather       = 2 * time.Second // what happens together is told together
	callTime     = 15 * time.Second
	firstBackoff = 5 * time.Second // doubles with each call that fails
	maxBackoff   = 15 * time.Minute
)

// Notifier tells a webhook of the conditions on a board.
type Notifier struct {
	o      Options
	http   *http.Client
	gather time.Duration

	mu   sync.Mutex
	told map[condition.Key]condition.Condition
}

// New makes a Notifier, and reads what an earlier one has told. It sends nothing before Run.
func New(o Options) *Notifier {
	o.Format = cmp.Or(o.Format, JSON)
	if o.Fleet == nil {
		o.Fleet = func() string { return "" }
	}
	if o.Observe == nil {
		o.Observe = func(error) {}
	}
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	n := &Notifier{o: o, http: newHTTP(o.Transport), gather: gather}
	n.told = n.remember()
	return n
}

// Test sends the webhook one message that says that nothing is wrong, and gives the status of the answer. The error says nothing of the URL.
func Test(ctx context.Context, o Options) (status int, err error) {
	o.Memory = ""
	n := New(o)
	defer n.http.CloseIdleConnections()
	status, _, err = n.call(ctx, []condition.Event{{What: condition.Tested, Condition: condition.Condition{
		Kind: "test", State: "test", Summary: "this is a test message of arcadiad doctor --notify: nothing is wrong", Since: time.Now().UTC(),
	}}})
	return status, err
}

// Undelivered is the number of conditions, raised or recovered, that the webhook does not know.
func (n *Notifier) Undelivered() int { return len(n.news()) }

func (n *Notifier) news() []condition.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.o.Board.News(n.told)
}

// Run tells the webhook of what changes on the board, until the context ends. What is not delivered by then, the next start tells.
func (n *Notifier) Run(ctx context.Context) {
	defer n.http.CloseIdleConnections()
	for failures := 0; ; {
		if failures == 0 {
			select {
			case <-ctx.Done():
				return
			case <-n.o.Board.Changes:
			}
		}
		if !pause(ctx, n.gather) {
			return
		}
		events := n.news()
		if len(events) == 0 {
			failures = 0
			continue
		}
		_, wait, err := n.call(ctx, events)
		if ctx.Err() != nil && err != nil {
			return
		}
		n.o.Observe(err)
		if err == nil {
			failures = 0
			n.remind(events)
			continue
		}
		failures++
		wait = max(wait, backoff(failures))
		n.o.Log.Warn("the notification webhook could not be called; retrying", "error", err, "events", len(events), "again_in", wait)
		if !pause(ctx, wait-n.gather) {
			return
		}
	}
}

func backoff(failures int) time.Duration { return min(maxBackoff, firstBackoff<<min(failures-1, 20)) }

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// remind notes what was delivered.
func (n *Notifier) remind(events []condition.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	condition.Note(n.told, events)
	n.keep()
}
