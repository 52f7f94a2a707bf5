package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric describes one metric.
type Metric struct {
	Name   string
	Type   string // counter, gauge or histogram
	Labels []string
	Help   string
}

// Catalogue gives all metrics of arcadiad's own, by name.
func (m *Metrics) Catalogue() []Metric {
	all := slices.Clone(m.book.metrics)
	slices.SortFunc(all, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// book makes metrics, registers them, and remembers what they are.
type book struct {
	registerer prometheus.Registerer
	metrics    []Metric
}

const prefix = "arcadiad_"

func (b *book) note(kind, name, help string, labels []string) string {
	b.metrics = append(b.metrics, Metric{prefix + name, kind, labels, help})
	return prefix + name
}

func (b *book) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: b.note("counter", name, help, labels), Help: help}, labels)
	b.registerer.MustRegister(c)
	return c
}

func (b *book) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: b.note("histogram", name, help, labels), Help: help, Buckets: buckets}, labels)
	b.registerer.MustRegister(h)
	return h
}

// The buckets, in seconds. A request takes as long as the API likes, up to its timeout; a droplet takes half a minute to minutes.
var (
	requestBuckets = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 75}
	passBuckets    = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800}
	sagaBuckets    = []float64{1, 5, 10, 20, 30, 45, 60, 90, 120, 300, 600, 1800}
)

// counters are the metrics that grow with what happens.
type counters struct {
	passes, sagas, stepFailures, unwritten, requests, notifications *prometheus.CounterVec
	passTime, sagaTime, stepTime, requestTime                       *prometheus.HistogramVec
}

func newCounters(b *book) counters {
	return counters{
		passes: b.counter("passes_total",
			"Passes by the trigger that came first and by outcome: executed (planned and applied), synced (no fleet file is in force), "+
				"changed (the plan changed during the pass; another pass follows), failed.", "trigger", "outcome"),
		passTime: b.histogram("pass_duration_seconds", "How long passes took, including failed ones.", passBuckets),
		sagas: b.counter("sagas_total",
			"Sagas that ended, by kind and by outcome: completed, compensated (failed and undone), superseded (the file asked for something else).",
			"kind", "outcome"),
		sagaTime: b.histogram("saga_duration_seconds", "From the start of a completed saga to its end.", sagaBuckets, "kind"),
		stepTime: b.histogram("saga_step_duration_seconds", "From the first try of a saga's step until it was done.", sagaBuckets, "step"),
		stepFailures: b.counter("saga_step_failures_total",
			"Failed tries of a step or of its compensation.", "step"),
		unwritten: b.counter("journal_write_failures_total", "Writes that the journal refused: disk full, read-only, replaced by another file."),
		requests: b.counter("api_requests_total",
			"Requests that went to the DigitalOcean API, by HTTP status; code is none if no answer came.", "method", "route", "code"),
		requestTime: b.histogram("api_request_duration_seconds",
			"From sending a request until its answer was read or given up, without the time in the queue.", requestBuckets, "method", "route"),
		notifications: b.counter("notifications_total", "Attempts to call the webhook, by outcome: delivered, failed.", "outcome"),
	}
}
