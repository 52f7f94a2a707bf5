package metrics

import (
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"arcadiad/condition"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// moment is all that the gauges show, read at once so that they agree with each other.
type moment struct {
	figures
	loaded, passed, synced time.Time
	newest                 *bool
	budget                 digitalocean.BudgetState
	sagas                  []saga.Saga
	conditions             map[condition.Kind]int
	undelivered            int
	sources                Sources
}

func (m *Metrics) now() moment {
	m.mu.Lock()
	at := moment{figures: m.figures, loaded: m.loaded, passed: m.passed, synced: m.synced, newest: m.newest, sources: m.sources}
	m.mu.Unlock()
	at.budget, at.sagas = m.sources.Budget(), m.sources.Sagas()
	at.conditions, at.undelivered = m.sources.Conditions(), m.sources.Undelivered()
	return at
}

// gauge is one metric that is read at each scrape.
type gauge struct {
	name   string
	help   string
	labels []string
	show   func(at moment, emit func(value float64, labels ...string))
}

// gauges is the one table of them.
func gauges() []gauge {
	type emit = func(value float64, labels ...string)
	return []gauge{
		{"build_info", "Always 1; the labels say what runs.", []string{"version", "goversion"}, func(at moment, emit emit) {
			emit(1, at.sources.Version, runtime.Version())
		}},

		{leading, leadingHelp, nil, one(func(at moment) (float64, bool) { return 1, at.sources.Shared })},

		{"droplets", "Droplets of the account by state (managed, released, orphaned, kept, foreign) and by status, as of the last observation.",
			[]string{"state", "status"}, func(at moment, emit emit) {
				for g, n := range at.droplets {
					emit(float64(n), string(g.state), string(g.status))
				}
			}},
		{"wanted_droplets", "Droplets that the fleet file in force asks for, as of the last plan.", nil, one(func(at moment) (float64, bool) { return float64(at.desired), at.planned })},
		{"drifted_droplets", "Droplets that were changed outside arcadiad, as of the last plan.", nil, one(func(at moment) (float64, bool) { return float64(at.drifted), at.planned })},
		{"pending_droplets", "Droplets with changes of the file that an existing droplet cannot get, as of the last plan.", nil,
			one(func(at moment) (float64, bool) { return float64(at.pending), at.planned })},
		{"missing_droplets", "Registered droplets that the account does not show, as of the last observation, including those that are gone and not created again yet.", nil,
			one(func(at moment) (float64, bool) { return float64(at.missing), at.known })},
		{"plan_actions", "Actions of the last plan, including held ones.", []string{"action"}, func(at moment, emit emit) {
			for _, k := range []plan.Kind{plan.Adopt, plan.Update, plan.Provision, plan.Replace, plan.Destroy, plan.Purge} {
				if at.planned {
					emit(float64(at.actions[string(k)]), string(k))
				}
			}
		}},
		{"plan_held_actions", "Held actions of the last plan, by hold; holds without an action are omitted.",
			[]string{"rule"}, func(at moment, emit emit) {
				for rule, n := range at.held {
					emit(float64(n), rule)
				}
			}},
		{"rollout_members", "Members of the rollouts that are under way or wait, by group and by state (done, live, waiting), as of the last plan; those of a single droplet are omitted.",
			[]string{"group", "state"}, func(at moment, emit emit) {
				for r, n := range at.rollouts {
					emit(float64(n), r[0], r[1])
				}
			}},
		{"group_monthly_cost_dollars", "What the registered droplets cost in US dollars a month at most, by group of the fleet file, as of the last observation: without backups, volumes, " +
			"snapshots and reserved IPs. The 49 groups that cost most have series of their own, the rest share (other); (none) is no longer in the file.",
			[]string{"group"}, func(at moment, emit emit) {
				for group, cost := range at.costs {
					emit(float64(cost)/float64(fleet.Dollar), group)
				}
			}},
		{"unpriced_droplets", "Registered droplets whose price is not known, so that they are missing from the cost.", nil,
			one(func(at moment) (float64, bool) { return float64(at.unpriced), at.known })},
		{"account_droplet_limit", "How many droplets the account may have. Omitted if the token may not read it.", nil,
			one(func(at moment) (float64, bool) { return float64(at.limit), at.limit > 0 })},

		{"fleet_file_last_load_successful", "1: the newest version of the fleet file is in force; 0: it is bad or gone, and an older one or none is in force.", nil,
			one(func(at moment) (float64, bool) { return truth(at.newest != nil && *at.newest), at.newest != nil })},
		{"fleet_file_last_load_success_timestamp_seconds", "When a version of the fleet file was last put in force.", nil, at(func(at moment) time.Time { return at.loaded })},
		{"last_pass_success_timestamp_seconds", "When a pass last applied its plan; held actions do not matter.", nil, at(func(at moment) time.Time { return at.passed })},
		{"last_sync_success_timestamp_seconds", "When the last saved observation of the whole account ended.", nil, at(func(at moment) time.Time { return at.synced })},

		{"live_sagas", "Live sagas, by kind and status: pending, running, compensating, stuck.", []string{"kind", "status"}, showSagas},
		{"oldest_live_saga_timestamp_seconds", "When the oldest live saga began. Omitted if there is none.", nil,
			at(func(at moment) (oldest time.Time) {
				for _, s := range at.sagas {
					if oldest.IsZero() || s.CreatedAt.Before(oldest) {
						oldest = s.CreatedAt
					}
				}
				return oldest
			})},

		{"write_gate_open", "1: writes to the account are allowed; 0: a pause, a pin, an unproved token or a shutdown stops them.", nil,
			budget(func(s digitalocean.BudgetState) float64 { return truth(s.Closed == nil) })},
		{"paused", "1: `arcadiad pause` was in force at the last observation.", nil, one(func(at moment) (float64, bool) { return truth(at.paused), at.known })},
		{"api_rate_limit_requests", "Requests an hour that the API allows the token.", nil, budget(func(s digitalocean.BudgetState) float64 { return float64(s.Limit) })},
		{"api_rate_limit_remaining_requests", "Requests left in this hour, as far as arcadiad knows. Omitted until an answer says so.", nil,
			one(func(at moment) (float64, bool) { return float64(at.budget.Remaining), at.budget.Remaining >= 0 })},
		{"api_budget_used_requests", "Our own requests within the window, including those in flight.", []string{"window"}, func(at moment, emit emit) {
			emit(float64(at.budget.HourUsed), "hour")
			emit(float64(at.budget.MinUsed), "minute")
		}},
		{"api_budget_cap_requests", "How many requests of our own the window allows: the limit without the reserve.", []string{"window"}, func(at moment, emit emit) {
			emit(float64(at.budget.HourCap), "hour")
			emit(float64(at.budget.MinCap), "minute")
		}},
		{"api_budget_holding", "1: requests wait because the rate limit is used up, or the API answered 429.", nil,
			budget(func(s digitalocean.BudgetState) float64 { return truth(s.Holding != "") })},
		{"api_poll_stretch_ratio", "How many times longer than usual the interval of polls is, to save the budget; 1 is usual, 12 the maximum.", nil,
			budget(func(s digitalocean.BudgetState) float64 { return s.Stretch })},
		{"api_requests_waiting", "API requests that wait for their turn.", nil, budget(func(s digitalocean.BudgetState) float64 { return float64(s.Waiting) })},
		{"api_requests_in_flight", "API requests in flight.", nil, budget(func(s digitalocean.BudgetState) float64 { return float64(s.InFlight) })},

		{"conditions", "Conditions that need a person, by kind, as reported to the webhook.", []string{"kind"}, func(at moment, emit emit) {
			for kind, n := range at.conditions {
				emit(float64(n), string(kind))
			}
		}},
		{"notifications_undelivered", "Conditions, raised or recovered, that the webhook has not received yet. Omitted without a webhook.", nil,
			one(func(at moment) (float64, bool) { return float64(at.undelivered), at.sources.Notifications })},
	}
}

func showSagas(at moment, emit func(float64, ...string)) {
	count := map[[2]string]int{}
	for _, kind := range fleet.SagaKinds() {
		for _, status := range []saga.Status{saga.Pending, saga.Running, saga.Compensating, saga.Stuck} {
			count[[2]string{kind, string(status)}] = 0
		}
	}
	for _, s := range at.sagas {
		count[[2]string{s.Kind, string(s.Status)}]++
	}
	for k, n := range count {
		emit(float64(n), k[0], k[1])
	}
}

// one shows one value; nothing where it is not known.
func one(figure func(moment) (value float64, known bool)) func(moment, func(float64, ...string)) {
	return func(at moment, emit func(float64, ...string)) {
		if value, known := figure(at); known {
			emit(value)
		}
	}
}

func budget(figure func(digitalocean.BudgetState) float64) func(moment, func(float64, ...string)) {
	return one(func(at moment) (float64, bool) { return figure(at.budget), true })
}

// at shows a time in seconds since 1970; nothing where there is none.
func at(when func(moment) time.Time) func(moment, func(float64, ...string)) {
	return one(func(at moment) (float64, bool) { return float64(when(at).UnixMilli()) / 1000, !when(at).IsZero() })
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// collector shows the gauges to a registry.
type collector struct {
	m      *Metrics
	gauges []gauge
	descs  []*prometheus.Desc
}

func newGauges(m *Metrics) *collector {
	c := &collector{m: m, gauges: gauges()}
	for _, g := range c.gauges {
		c.descs = append(c.descs, prometheus.NewDesc(m.book.note("gauge", g.name, g.help, g.labels), g.help, g.labels, nil))
	}
	return c
}

// Describe names all gauges.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		to <- d
	}
}

// Collect shows all gauges as they are now.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	now := c.m.now()
	for i, g := range c.gauges {
		g.show(now, func(value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(c.descs[i], prometheus.GaugeValue, value, labels...)
		})
	}
}
