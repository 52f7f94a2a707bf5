package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"arcadiad/condition"
	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/metrics"
	"arcadiad/notify"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// observability is what the daemon keeps for those who look on: metrics, conditions and notifications. The other parts tell it by their
// hooks; it never tells them anything.
type observability struct {
	attention func() condition.Set // is what wants attention
	past      func(name string) ([]saga.Saga, error)

	registry *prometheus.Registry
	metrics  *metrics.Metrics
	board    *condition.Board
	log      condition.Log
	notifier *notify.Notifier // nil: there is no webhook

	planned atomic.Bool // a pass has made a plan

	fetched atomic.Pointer[fleet.Fetched] // what arcadiad pull did last, when last looked; nil: the fleet file does not come by it

	answering sync.Mutex
	token     error // why the API refuses the token, by its newest answer
	answered  bool

	failing time.Time // since when passes have failed; zero: the last did not. For the loop's goroutine alone
}

// start makes the metrics of what is given, and the notifications.
func (w *observability) start(o Options, b *digitalocean.Budget, e *saga.Engine, l *reconcile.Loop, attention func() condition.Set,
	past func(name string) ([]saga.Saga, error)) {

	w.attention, w.past, w.log.To = attention, past, o.Log
	w.registry, w.board = prometheus.NewRegistry(), condition.NewBoard()
	undelivered := func() int { return 0 }
	if o.WebhookURL != nil {
		w.notifier = notify.New(notify.Options{
			Board: w.board, URL: o.WebhookURL, Format: notify.Format(o.WebhookFormat), Transport: o.WebhookTransport, UserAgent: o.UserAgent, Log: o.Log,
			Memory: strings.TrimSuffix(o.Local, ".db") + ".notified.json",
			Fleet: func() string {
				desired, _ := l.Desired()
				return desired.Name
			},
			Observe: func(err error) { w.metrics.Notified(err) },
		})
		undelivered = w.notifier.Undelivered
	}
	w.metrics = metrics.New(w.registry, metrics.Sources{
		Budget: b.State, Sagas: e.Live, Conditions: w.board.Counts, Undelivered: undelivered,
		Notifications: w.notifier != nil, Shared: Shared(o.State), Version: o.Version,
	})
	w.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// tryWebhook sends a test message, and reports how that went.
func tryWebhook(ctx context.Context, o Options, fleetName string, found *doctor.Report) {
	const check = "webhook"
	if o.WebhookURL == nil {
		found.Add(check, doctor.Fail, "no test message was sent, because no webhook is set", "give its URL: arcadiad run --notify-url-file FILE; a daemon must be restarted for it")
		return
	}
	status, err := notify.Test(ctx, notify.Options{
		URL: o.WebhookURL, Format: notify.Format(o.WebhookFormat), Transport: o.WebhookTransport, UserAgent: o.UserAgent, Fleet: func() string { return fleetName },
	})
	if err != nil {
		found.Add(check, doctor.Fail, "the test message was not delivered: "+err.Error(), "correct its URL or --notify-format, then try again: arcadiad doctor --notify")
		return
	}
	found.Add(check, doctor.OK, fmt.Sprintf("it took a test message, and answered %d", status), "")
}

// checkWebhook refuses a webhook that cannot be called: better now than when it is needed.
func checkWebhook(o Options) error {
	if o.WebhookURL == nil {
		return nil
	}
	url, err := o.WebhookURL()
	if err != nil {
		return err
	}
	return notify.CheckURL(url)
}

// taken hears of every version of the fleet file.
func (w *observability) taken(v fleetfile.Version) {
	w.metrics.File(v)
	set := w.attention()
	w.board.Replace(set, condition.Versions)
	w.log.TellFile(set)
}

// passed hears of every pass.
func (w *observability) passed(r reconcile.Report) {
	if errors.Is(r.Err, context.Canceled) {
		return // a shutdown is not a failure
	}
	w.metrics.Pass(r)
	if errors.Is(r.Err, reconcile.ErrChanged) {
		return // another pass follows at once
	}
	switch {
	case r.Err == nil:
		w.failing = time.Time{}
	case w.failing.IsZero():
		w.failing = r.At
	}
	set := w.attention()
	set.Failing = w.failing
	w.board.Replace(set, condition.Passes)
	w.log.TellPlan(set)
	w.log.TellNews(w.board)
	if r.Err == nil && set.Plan.ID != "" {
		w.planned.Store(true)
	}
}

// errRefused is what a refused token means.
var errRefused = errors.New("DigitalOcean refuses the API token (status 401): it is wrong, expired or revoked; nothing can be read or written")

// requested hears of every request that went out.
func (w *observability) requested(x digitalocean.Exchange) {
	w.metrics.Request(x)
	var refused error
	switch {
	case x.Status == http.StatusUnauthorized:
		refused = errRefused
	case x.Status < 200 || x.Status > 299:
		return // of a proxy, perhaps: it says nothing of the token
	}
	w.answering.Lock()
	defer w.answering.Unlock()
	if w.answered && w.token == refused {
		return
	}
	w.token, w.answered = refused, true
	w.board.Replace(condition.Of(condition.Input{Token: refused}), condition.Answers)
	w.log.TellNews(w.board)
}

// fetchEvery is the time between two looks at what arcadiad pull did: it runs every minute.
const fetchEvery = time.Minute

// watchFetches looks at what arcadiad pull does until the context ends. It may begin to bring the file at any time.
func (w *observability) watchFetches(ctx context.Context, o Options) {
	look := time.NewTicker(fetchEvery)
	defer look.Stop()
	for unread := false; ; {
		f, err := fleetfile.FetchedBeside(o.Fleet)
		if err != nil && !unread {
			o.Log.Warn("what arcadiad pull did last is not known", "error", err)
		}
		unread = err != nil
		if before := w.fetched.Load(); err == nil && (before != nil || f != nil) {
			w.fetched.Store(f)
			w.board.Replace(condition.Of(condition.Input{Fetched: f, Now: time.Now()}), condition.Fetches)
			w.log.TellNews(w.board)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// refused is why the API refuses the token; nil: it does not.
func (w *observability) refused() error {
	w.answering.Lock()
	defer w.answering.Unlock()
	return w.token
}

// moved hears of every transition of a saga.
func (w *observability) moved(e saga.Event) {
	w.metrics.Saga(e)
	s := e.Saga
	told, troubled := condition.OfSaga(s)
	if troubled {
		w.board.Raise(told)
	}
	for _, kind := range []condition.Kind{condition.Stuck, condition.Retrying} {
		if !troubled || told.Kind != kind {
			w.board.Clear(kind, s.Subject, "")
		}
	}
	switch {
	case e.What == saga.EventBack, e.What == saga.EventEnded && s.Status == saga.Compensated:
		w.failed(s)
	case e.What == saga.EventEnded && s.Status == saga.Completed:
		w.board.Clear(condition.Failed, s.Subject, fmt.Sprintf("saga %s (%s) has completed", fleet.Saga8(s.ID), s.Kind))
	default:
		return
	}
	w.log.TellNews(w.board)
}

// failed tells at once of a saga that goes back, or has: a pass that may be seconds away tells the rest.
func (w *observability) failed(s saga.Saga) {
	past, err := w.past(s.Subject)
	if err != nil || len(past) == 0 {
		past = []saga.Saga{s}
	}
	if c, failed := condition.FailedNow(s, past); failed {
		w.board.Raise(c)
	}
}
