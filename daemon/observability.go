package daemon

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"arcadiad/condition"
	"arcadiad/fleetfile"
	"arcadiad/metrics"
	"arcadiad/notify"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// observability is what the daemon keeps for those who look on: metrics, health and notifications. Rooms tell it by their hooks; it never
// tells them anything.
type observability struct {
	registry *prometheus.Registry
	metrics  *metrics.Metrics
	board    *condition.Board
	log      condition.Log
	notifier *notify.Notifier // nil: there is no webhook

	planned atomic.Bool // a pass has made a plan

	failing time.Time // since when passes have failed; zero: the last did not. For the loop's goroutine alone
}

// startObservability makes the observability of a app whose rooms are there.
func (h *app) startObservability() {
	w := &h.observability
	w.log.To = h.o.Log
	w.registry, w.board = prometheus.NewRegistry(), condition.NewBoard()
	undelivered := func() int { return 0 }
	if h.o.WebhookURL != nil {
		w.notifier = notify.New(notify.Options{
			Board: w.board, URL: h.o.WebhookURL, Format: notify.Format(h.o.WebhookFormat), Transport: h.o.WebhookTransport, UserAgent: h.o.UserAgent, Log: h.o.Log,
			Memory: strings.TrimSuffix(h.o.State, ".db") + ".notified.json",
			Fleet: func() string {
				desired, _ := h.loop.Desired()
				return desired.Name
			},
			Observe: func(err error) { w.metrics.Notified(err) },
		})
		undelivered = w.notifier.Undelivered
	}
	w.metrics = metrics.New(w.registry, metrics.Sources{
		Budget: h.budget.State, Sagas: h.engine.Live, Conditions: w.board.Counts, Undelivered: undelivered,
		Notifications: w.notifier != nil, Version: h.o.Version,
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

// serveObservability answers scrapes and probes, and notifies, until the context ends. The returned function waits for the end of it.
func (h *app) serveObservability(ctx context.Context) (wait func(), err error) {
	var running sync.WaitGroup
	if h.o.Listen != "" {
		if err := h.serveWeb(ctx, &running); err != nil {
			return nil, err
		}
	}
	if n := h.observability.notifier; n != nil {
		running.Go(func() { n.Run(ctx) })
	}
	return running.Wait, nil
}

// taken hears of every version of the fleet file.
func (h *app) taken(v fleetfile.Version) {
	h.observability.metrics.File(v)
	set := h.attention()
	h.observability.board.Replace(set, condition.Versions)
	h.observability.log.TellFile(set)
}

// passed hears of every pass.
func (h *app) passed(r reconcile.Report) {
	w := &h.observability
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
	set := h.attention()
	set.Failing = w.failing
	w.board.Replace(set, condition.Passes)
	w.log.TellPlan(set)
	if r.Err == nil && set.Plan.ID != "" {
		w.planned.Store(true)
	}
}

// moved hears of every transition of a saga.
func (h *app) moved(e saga.Event) {
	w := &h.observability
	w.metrics.Saga(e)
	if c, stuck := condition.OfSaga(e.Saga); stuck {
		w.board.Raise(c)
	} else {
		w.board.Clear(condition.Stuck, e.Saga.Subject)
	}
}
