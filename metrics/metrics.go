package metrics

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"arcadiad/condition"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// Sources are asked whenever somebody scrapes. They must be safe for concurrent use, and quick. All are required.
type Sources struct {
	Budget        func() digitalocean.BudgetState
	Sagas         func() []saga.Saga            // the live ones
	Conditions    func() map[condition.Kind]int // that need a person, by kind; kinds with none too
	Undelivered   func() int                    // conditions that the webhook has not been told of
	Notifications bool                          // there is a webhook
	Shared        bool                          // hosts share the state database, and this process leads
	Version       string                        // of arcadiad
}

// Metrics are arcadiad's metrics. They are safe for concurrent use.
type Metrics struct {
	book     book
	counters counters
	sources  Sources

	mu      sync.Mutex
	figures figures
	loaded  time.Time // when a version of the fleet file was last put in force
	newest  *bool     // whether the newest version is in force; nil: none was read yet
	passed  time.Time // when a pass was last carried out
	synced  time.Time // when an observation was last saved
}

// New makes the metrics and registers them. It panics when the registerer has some of them already.
func New(r prometheus.Registerer, s Sources) *Metrics {
	m := &Metrics{sources: s}
	m.book.registerer = r
	m.counters = newCounters(&m.book)
	r.MustRegister(newGauges(m))
	m.zero()
	return m
}

// zero makes the counters whose labels are known beforehand start at 0: the first failure is an increase then.
func (m *Metrics) zero() {
	for _, trigger := range reconcile.Triggers() {
		for _, outcome := range []string{"executed", "synced", "changed", "failed"} {
			m.counters.passes.WithLabelValues(word(trigger), outcome)
		}
	}
	for _, kind := range fleet.SagaKinds() {
		for _, outcome := range []saga.Status{saga.Completed, saga.Compensated, saga.Superseded} {
			m.counters.sagas.WithLabelValues(kind, string(outcome))
		}
	}
	m.counters.passTime.WithLabelValues()
	m.counters.unwritten.WithLabelValues()
	if m.sources.Notifications {
		m.counters.notifications.WithLabelValues("delivered")
		m.counters.notifications.WithLabelValues("failed")
	}
}

func word(s string) string { return strings.ReplaceAll(s, " ", "_") }

// Pass takes in what a pass came to.
func (m *Metrics) Pass(r reconcile.Report) {
	pass := r.Outcome.Pass
	outcome := "executed"
	switch {
	case errors.Is(r.Err, reconcile.ErrChanged):
		outcome = "changed"
	case r.Err != nil:
		outcome = "failed"
	case pass.Plan.ID == "":
		outcome = "synced"
	}
	m.counters.passes.WithLabelValues(word(r.Woke()), outcome).Inc()
	m.counters.passTime.WithLabelValues().Observe(r.Took.Seconds())
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.Outcome.Saved {
		m.synced = pass.Observed.EndedAt
		m.figures = figuresOf(pass)
	}
	if outcome == "executed" {
		m.passed = r.At.Add(r.Took)
	}
}

// File takes in a version of the fleet file.
func (m *Metrics) File(v fleetfile.Version) {
	good := v.Err == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = &good
	if good {
		m.loaded = time.Now()
	}
}

// Saga takes in a transition of a saga.
func (m *Metrics) Saga(e saga.Event) {
	switch e.What {
	case saga.EventDone:
		for _, step := range e.Saga.History {
			if step.Name == e.Step && step.Status == saga.StepDone {
				m.counters.stepTime.WithLabelValues(e.Step).Observe(step.EndedAt.Sub(step.StartedAt).Seconds())
			}
		}
	case saga.EventFailed, saga.EventBack, saga.EventStuck:
		if !e.Saga.Superseded {
			m.counters.stepFailures.WithLabelValues(e.Step).Inc()
		}
	case saga.EventUnwritten:
		m.counters.unwritten.WithLabelValues().Inc()
	case saga.EventEnded:
		m.counters.sagas.WithLabelValues(e.Saga.Kind, string(e.Saga.Status)).Inc()
		if e.Saga.Status == saga.Completed {
			m.counters.sagaTime.WithLabelValues(e.Saga.Kind).Observe(e.Saga.EndedAt.Sub(e.Saga.CreatedAt).Seconds())
		}
	}
}

// Request takes in a request that went to the API.
func (m *Metrics) Request(x digitalocean.Exchange) {
	code := "none"
	if x.Status != 0 {
		code = strconv.Itoa(x.Status)
	}
	m.counters.requests.WithLabelValues(x.Method, x.Route, code).Inc()
	m.counters.requestTime.WithLabelValues(x.Method, x.Route).Observe(x.Took.Seconds())
}

// Notified takes in an attempt to call the webhook.
func (m *Metrics) Notified(err error) {
	outcome := "delivered"
	if err != nil {
		outcome = "failed"
	}
	m.counters.notifications.WithLabelValues(outcome).Inc()
}

// figures are what the last pass whose observation was saved has shown. Maps, so that they may be told apart from what is unknown.
type figures struct {
	known    bool // there was such a pass
	planned  bool // and a fleet file was in force
	droplets map[group]int
	desired  int
	drifted  int
	pending  int
	missing  int                    // registered droplets that the look lacked, lost ones too
	actions  map[string]int         // by kind, held ones too
	held     map[string]int         // by rule
	rollouts map[[2]string]int      // members of the rollouts under way, by group and by how they stand
	costs    map[string]fleet.Money // US dollars a month for what is registered, by group
	unpriced int                    // registered droplets whose price is not known
	limit    int                    // of the account; 0: the token may not see it
	paused   bool
}

// group is the droplets that are the same to the fleet and have the same status.
type group struct {
	state  fleet.State
	status fleet.Status
}

// ownersOf tells whose droplets are. Where no fleet file is in force, it is as the fleet that the database is pinned to sees it.
func ownersOf(pass reconcile.Pass) fleet.Owners {
	makers := map[string]bool{}
	for _, s := range pass.Recorded.Sagas {
		if s.Makes() {
			makers[fleet.Saga8(s.ID)] = true
		}
	}
	return fleet.Owners{Fleet: cmp.Or(pass.Desired.Name, pass.Recorded.Fleet), Made: func(saga8 string) bool { return makers[saga8] }}
}

func figuresOf(pass reconcile.Pass) figures {
	f := figures{
		known: true, planned: pass.Plan.ID != "", droplets: map[group]int{}, actions: map[string]int{}, held: map[string]int{}, rollouts: map[[2]string]int{},
		desired: len(pass.Desired.Specs), drifted: pass.Plan.Summary.Drifted, pending: pass.Plan.Summary.Pending,
		missing: len(pass.Observed.Missing),
		limit:   pass.Observed.Account.DropletLimit, paused: pass.Recorded.Paused,
	}
	for _, state := range []fleet.State{fleet.StateManaged, fleet.StateReleased, fleet.StateUntracked, fleet.StateKept, fleet.StateForeign} {
		for _, status := range []fleet.Status{fleet.StatusNew, fleet.StatusActive, fleet.StatusOff} {
			f.droplets[group{state, status}] = 0
		}
	}
	owners, registered := ownersOf(pass), fleet.SetOf(pass.Recorded.Records, func(r fleet.Record) int64 { return r.DropletID })
	for _, id := range pass.Observed.Gone {
		if registered[id] {
			f.missing++
		}
	}
	f.costs, f.unpriced = costsOf(pass, registered)
	for _, d := range pass.Observed.Droplets {
		released := !pass.Recorded.Registration(d.ID).ReleasedAt.IsZero()
		f.droplets[group{owners.State(&d, registered[d.ID], released), d.Status}]++
	}
	for _, a := range pass.Plan.Actions {
		f.actions[string(a.Kind)]++
		if a.Held {
			f.held[a.HeldBy]++
		}
	}
	for _, r := range pass.Plan.Rollouts {
		if r.Total() < 2 {
			continue
		}
		next := "live" // they begin with this very pass
		if f.paused {
			next = "waiting"
		}
		for _, m := range []struct {
			state string
			names []string
		}{{"done", r.Done}, {"live", r.Live}, {next, r.Next}, {"waiting", r.Waiting}} {
			f.rollouts[[2]string{r.Group, m.state}] += len(m.names)
		}
	}
	return f
}

// mostGroups is how many groups have a price of their own: those that cost most. The others share one, so that a file of a thousand stanzas does
// not make a thousand series.
const (
	mostGroups  = 50
	otherGroups = "(other)"
)

// costsOf adds up what the registered droplets cost, by the groups of the fleet file. What the file does not ask for any more has the group
// "(none)".
func costsOf(pass reconcile.Pass, registered map[int64]bool) (costs map[string]fleet.Money, unpriced int) {
	groups := make(map[int64]string, len(pass.Recorded.Records))
	for _, r := range pass.Recorded.Records {
		spec, _ := pass.Desired.Spec(r.Name)
		groups[r.DropletID] = cmp.Or(spec.Group, "(none)")
	}
	costs = map[string]fleet.Money{}
	for i := range pass.Observed.Droplets {
		switch d := &pass.Observed.Droplets[i]; {
		case !registered[d.ID]:
		case d.Price.Monthly == 0:
			unpriced++
		default:
			costs[groups[d.ID]] += d.Price.Monthly
		}
	}
	if len(costs) <= mostGroups {
		return costs, unpriced
	}
	names := slices.SortedFunc(maps.Keys(costs), func(a, b string) int { return cmp.Or(cmp.Compare(costs[b], costs[a]), cmp.Compare(a, b)) })
	for _, name := range names[mostGroups-1:] {
		costs[otherGroups] += costs[name]
		delete(costs, name)
	}
	return costs, unpriced
}
