package daemon

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"arcadiad/condition"
	"arcadiad/digitalocean"
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

	registry *prometheus.Registry
	metrics  *metrics.Metrics
	board    *condition.Board
	log      condition.Log
	notifier *notify.Notifier // nil: there is no webhook

	planned atomic.Bool // a pass has made a plan

	failing time.Time // since when passes have failed; zero: the last did not. For the loop's goroutine alone
}

// start makes the metrics of what is given, and the notifications.
func (w *observability) start(o Options, b *digitalocean.Budget, e *saga.Engine, l *reconcile.Loop, attention func() condition.Set) {
	w.attention, w.log.To = attention, o.Log
	w.registry, w.board = prometheus.NewRegistry(), condition.NewBoard()
	undelivered := func() int { return 0 }
	if o.WebhookURL != nil {
		w.notifier = notify.New(notify.Options{
			Board: w.board, URL: o.WebhookURL, Format: notify.Format(o.WebhookFormat), Transport: o.WebhookTransport, UserAgent: o.UserAgent, Log: o.Log,
			Memory: strings.TrimSuffix(o.State, ".db") + ".notified.json",
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
		Notifications: w.notifier != nil, Version: o.Version,
	})
	w.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
	if r.Err == nil && set.Plan.ID != "" {
		w.planned.Store(true)
	}
}

// moved hears of every transition of a saga.
func (w *observability) moved(e saga.Event) {
	w.metrics.Saga(e)
	if c, stuck := condition.OfSaga(e.Saga); stuck {
		w.board.Raise(c)
	} else {
		w.board.Clear(condition.Stuck, e.Saga.Subject)
	}
}
