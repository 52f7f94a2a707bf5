package metrics

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"arcadiad/condition"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// sources are those of a daemon that has just started.
func sources() Sources {
	return Sources{
		Budget: func() digitalocean.BudgetState {
			return digitalocean.BudgetState{Limit: 5000, Remaining: -1, HourCap: 4000, MinCap: 200, Stretch: 1, Closed: errors.New("not proved")}
		},
		Sagas: func() []saga.Saga { return nil },
		Conditions: func() map[condition.Kind]int {
			return map[condition.Kind]int{condition.Stuck: 0, condition.Stopped: 0, condition.Held: 2}
		},
		Undelivered: func() int { return 3 },
		Version:     "v1.2.3",
	}
}

// busy is a registry whose metrics have all been given something to show.
func busy(t *testing.T) (*prometheus.Registry, *Metrics) {
	s := sources()
	s.Notifications, s.Shared = true, true
	s.Budget = func() digitalocean.BudgetState {
		return digitalocean.BudgetState{Limit: 5000, Remaining: 4321, HourUsed: 12, HourCap: 4000, MinUsed: 2, MinCap: 200, Waiting: 7, InFlight: 1,
			Holding: "429", Stretch: 1.5}
	}
	s.Sagas = func() []saga.Saga {
		return []saga.Saga{
			{Kind: fleet.SagaProvision, Status: saga.Running, CreatedAt: noon},
			{Kind: fleet.SagaProvision, Status: saga.Stuck, CreatedAt: noon.Add(-time.Hour)},
			{Kind: "FromTheFuture", Status: saga.Stuck, CreatedAt: noon},
		}
	}
	r := prometheus.NewPedanticRegistry()
	m := New(r, s)
	m.Pass(reconcile.Report{At: noon, Took: 2 * time.Second, Trigger: reconcile.TriggerEnded + ", " + reconcile.TriggerSchedule,
		Outcome: reconcile.Outcome{Pass: aPass(), Saved: true}})
	m.File(fleetfile.Version{})
	m.Saga(saga.Event{What: saga.EventDone, Step: "CreateDroplet", Saga: saga.Saga{History: []saga.StepTime{
		{Name: "CreateDroplet", Status: saga.StepDone, StartedAt: noon, EndedAt: noon.Add(4 * time.Second)}}}})
	m.Saga(saga.Event{What: saga.EventFailed, Step: "WaitDropletActive"})
	m.Saga(saga.Event{What: saga.EventEnded, Saga: saga.Saga{Kind: fleet.SagaProvision, Status: saga.Completed, CreatedAt: noon, EndedAt: noon.Add(40 * time.Second)}})
	m.Request(digitalocean.Exchange{Method: "GET", Route: "/v2/droplets", Status: 200, Took: time.Second})
	m.Notified(nil)
	return r, m
}

func aPass() reconcile.Pass {
	ours := []string{fleet.ManagedTag, fleet.FleetTag("demo")}
	return reconcile.Pass{
		Desired:  fleet.Fleet{Name: "demo", Specs: []fleet.Spec{{}, {}, {}, {Name: "web-1", Group: "web"}}},
		Recorded: fleet.Recorded{Fleet: "demo", Records: []fleet.Record{{DropletID: 1, Name: "web-1"}, {DropletID: 2, Name: "old"}, {DropletID: 3}, {DropletID: 6}}, Paused: true},
		Observed: fleet.Observed{
			Account: fleet.Account{DropletLimit: 25}, EndedAt: noon.Add(time.Second),
			Droplets: []fleet.Droplet{
				{ID: 1, Status: fleet.StatusActive, Tags: ours, Price: fleet.Price{Monthly: 6 * fleet.Dollar}},
				{ID: 2, Status: fleet.StatusOff, Tags: ours, Price: fleet.Price{Monthly: 12 * fleet.Dollar}}, {ID: 3, Status: fleet.StatusActive},
				{ID: 4, Status: fleet.StatusNew, Tags: ours}, {ID: 5, Status: fleet.StatusActive},
				{ID: 6, Status: fleet.StatusOff, Tags: append(slices.Clone(ours), fleet.FleetTag("shop"))},
				{ID: 7, Status: fleet.StatusOff, Tags: []string{fleet.ManagedTag, fleet.FleetTag("shop")}},
			},
		},
		Plan: plan.Plan{
			ID: "3f2a9c51d0e7", Rollouts: []plan.Rollout{
				{Rollout: fleet.Rollout{Group: "web"}, Done: []string{"web-1"}, Live: []string{"web-2", "web-3"}, Next: []string{"web-4"}, Waiting: []string{"web-5"}},
				{Rollout: fleet.Rollout{Group: "db"}, Waiting: []string{"db"}},
			},
			Summary: plan.Summary{Drifted: 1, Pending: 2}, Released: []plan.Released{{DropletID: 3}},
			Actions: []plan.Action{{Kind: plan.Provision}, {Kind: plan.Destroy, Held: true, HeldBy: "max_destroy"}, {Kind: plan.Destroy, Held: true, HeldBy: "max_destroy"}},
		},
	}
}

// samples gives every sample as name{label="value"} value, but for the buckets of histograms.
func samples(t *testing.T, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, s := range f.GetMetric() {
			var labels []string
			for _, l := range s.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := strings.TrimPrefix(f.GetName(), prefix)
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			switch {
			case s.Histogram != nil:
				found[name+" count"], found[name+" sum"] = float64(s.Histogram.GetSampleCount()), s.Histogram.GetSampleSum()
			case s.Counter != nil:
				found[name] = s.Counter.GetValue()
			default:
				found[name] = s.Gauge.GetValue()
			}
		}
	}
	return found
}

func demand(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for name, value := range want {
		if v, there := got[name]; !there || v != value {
			t.Errorf("%s is %v (there: %v), want %v", name, v, there, value)
		}
	}
}

// A token that cannot read tags makes no droplet a released one.
func TestLaw01WhatCannotBeReadIsNotReleased(t *testing.T) {
	pass := aPass()
	for i := range pass.Observed.Droplets {
		pass.Observed.Droplets[i].Tags, pass.Observed.Droplets[i].Unread = nil, fleet.UnreadTags
	}
	got := figuresOf(pass).droplets
	if managed, released := got[group{fleet.StateManaged, "active"}], got[group{fleet.StateReleased, "active"}]; managed != 2 || released != 0 {
		t.Errorf("%d active droplets are managed and %d released, want 2 and 0", managed, released)
	}
}

// What a person released is released, though its tags show again.
func TestLaw16WhatWasReleasedIsNotUntracked(t *testing.T) {
	pass := aPass()
	pass.Recorded.Registrations = []fleet.Registration{{DropletID: 4, ReleasedAt: noon}}
	got := figuresOf(pass).droplets
	if n := got[group{fleet.StateReleased, "new"}]; n != 1 || got[group{fleet.StateUntracked, "new"}] != 0 {
		t.Errorf("%d new droplets are released, want 1", n)
	}
}

// However many groups a file has, only so many have series of their own, and nothing of the cost is lost.
func TestTheCostHasABoundOnSeries(t *testing.T) {
	var pass reconcile.Pass
	registered := map[int64]bool{}
	for i := range int64(200) {
		name := fmt.Sprintf("g%03d", i)
		registered[i+1] = true
		pass.Desired.Specs = append(pass.Desired.Specs, fleet.Spec{Name: name, Group: name})
		pass.Recorded.Records = append(pass.Recorded.Records, fleet.Record{DropletID: i + 1, Name: name})
		pass.Observed.Droplets = append(pass.Observed.Droplets, fleet.Droplet{ID: i + 1, Price: fleet.Price{Monthly: fleet.Money(i+1) * fleet.Dollar}})
	}
	costs, unpriced := costsOf(pass, registered)
	sum := fleet.Money(0)
	for _, cost := range costs {
		sum += cost
	}
	if len(costs) != mostGroups || unpriced != 0 || sum != 200*201/2*fleet.Dollar || costs["g199"] != 200*fleet.Dollar || costs[otherGroups] != 151*152/2*fleet.Dollar {
		t.Errorf("%d series, %v in all, %v of the others", len(costs), sum, costs[otherGroups])
	}
}

func TestWhatABusyDaemonShows(t *testing.T) {
	r, _ := busy(t)
	demand(t, samples(t, r), map[string]float64{
		`droplets{state="managed",status="active"}`: 1, `droplets{state="managed",status="off"}`: 1, `droplets{state="managed",status="new"}`: 0,
		`droplets{state="released",status="active"}`: 1, `droplets{state="orphaned",status="new"}`: 1, `droplets{state="foreign",status="active"}`: 1,
		`droplets{state="released",status="off"}`: 1, `droplets{state="orphaned",status="off"}`: 0, `droplets{state="foreign",status="off"}`: 1,
		`group_monthly_cost_dollars{group="web"}`: 6, `group_monthly_cost_dollars{group="(none)"}`: 12, "unpriced_droplets": 2,
		"wanted_droplets": 4, "drifted_droplets": 1, "pending_droplets": 2, "account_droplet_limit": 25, "paused": 1,
		`plan_actions{action="provision"}`: 1, `plan_actions{action="destroy"}`: 2, `plan_actions{action="adopt"}`: 0,
		`plan_held_actions{rule="max_destroy"}`:                               2,
		`rollout_members{group="web",state="done"}`:                           1,
		`rollout_members{group="web",state="live"}`:                           2,
		`rollout_members{group="web",state="waiting"}`:                        2, // writes are paused: nothing begins
		`passes_total{outcome="executed",trigger="sagas_ended"}`:              1,
		`passes_total{outcome="failed",trigger="schedule"}`:                   0,
		"pass_duration_seconds count":                                         1,
		"pass_duration_seconds sum":                                           2,
		"last_sync_success_timestamp_seconds":                                 float64(noon.Unix() + 1),
		"last_pass_success_timestamp_seconds":                                 float64(noon.Unix() + 2),
		"fleet_file_last_load_successful":                                     1,
		`live_sagas{kind="ProvisionDroplet",status="running"}`:                1,
		`live_sagas{kind="ProvisionDroplet",status="stuck"}`:                  1,
		`live_sagas{kind="FromTheFuture",status="stuck"}`:                     1,
		`live_sagas{kind="DestroyDroplet",status="stuck"}`:                    0,
		"oldest_live_saga_timestamp_seconds":                                  float64(noon.Unix() - 3600),
		`sagas_total{kind="ProvisionDroplet",outcome="completed"}`:            1,
		`sagas_total{kind="ProvisionDroplet",outcome="compensated"}`:          0,
		`saga_duration_seconds{kind="ProvisionDroplet"} sum`:                  40,
		`saga_step_duration_seconds{step="CreateDroplet"} sum`:                4,
		`saga_step_failures_total{step="WaitDropletActive"}`:                  1,
		"journal_write_failures_total":                                        0,
		`api_requests_total{code="200",method="GET",route="/v2/droplets"}`:    1,
		`api_request_duration_seconds{method="GET",route="/v2/droplets"} sum`: 1,
		"api_rate_limit_requests":                                             5000, "api_rate_limit_remaining_requests": 4321,
		`api_budget_used_requests{window="hour"}`: 12, `api_budget_used_requests{window="minute"}`: 2,
		`api_budget_cap_requests{window="hour"}`: 4000, `api_budget_cap_requests{window="minute"}`: 200,
		"api_budget_holding": 1, "api_poll_stretch_ratio": 1.5, "api_requests_waiting": 7, "api_requests_in_flight": 1, "write_gate_open": 1,
		`notifications_total{outcome="delivered"}`: 1, `notifications_total{outcome="failed"}`: 0, "notifications_undelivered": 3,
		`conditions{kind="stuck"}`: 0, `conditions{kind="held"}`: 2,
	})
}

// What is not known is left out: a 0 would be believed.
func TestTheUnknownIsLeftOut(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	m := New(r, sources())
	unknown := []string{"droplets", "wanted_droplets", "drifted_droplets", "pending_droplets", "plan_actions", "account_droplet_limit", "paused",
		"last_pass_success_timestamp_seconds", "last_sync_success_timestamp_seconds", "fleet_file_last_load_successful",
		"fleet_file_last_load_success_timestamp_seconds", "oldest_live_saga_timestamp_seconds", "api_rate_limit_remaining_requests",
		"notifications_undelivered", "notifications_total"}
	show := func(when string, want ...string) {
		t.Helper()
		for name := range samples(t, r) {
			name, _, _ = strings.Cut(name, "{")
			if slices.Contains(unknown, name) && !slices.Contains(want, name) {
				t.Errorf("%s: %s is shown", when, name)
			}
		}
	}
	show("at the start")
	demand(t, samples(t, r), map[string]float64{"write_gate_open": 0})

	failed := reconcile.Report{At: noon, Trigger: reconcile.TriggerStart, Err: errors.New("no answer")}
	m.Pass(failed)
	m.File(fleetfile.Version{Err: errors.New("half a file")})
	show("after a failed pass", "fleet_file_last_load_successful")
	demand(t, samples(t, r), map[string]float64{`passes_total{outcome="failed",trigger="start"}`: 1, "fleet_file_last_load_successful": 0})

	sync := aPass()
	sync.Plan, sync.Desired = plan.Plan{}, fleet.Fleet{}
	m.Pass(reconcile.Report{At: noon, Trigger: reconcile.TriggerSchedule, Outcome: reconcile.Outcome{Pass: sync, Saved: true}})
	show("after a pass without a fleet file", "fleet_file_last_load_successful", "droplets", "account_droplet_limit", "paused", "last_sync_success_timestamp_seconds")
	demand(t, samples(t, r), map[string]float64{`passes_total{outcome="synced",trigger="schedule"}`: 1, `droplets{state="managed",status="active"}`: 1})
}

// A pass that fails leaves the figures of the last good one standing.
func TestFiguresOutliveAFailedPass(t *testing.T) {
	r, m := busy(t)
	before := samples(t, r)
	m.Pass(reconcile.Report{At: noon.Add(time.Hour), Trigger: reconcile.TriggerSchedule, Err: errors.New("no answer")})
	m.Pass(reconcile.Report{At: noon.Add(time.Hour), Trigger: reconcile.TriggerApply, Err: fmt.Errorf("well: %w", reconcile.ErrChanged)})
	after := samples(t, r)
	demand(t, after, map[string]float64{`passes_total{outcome="failed",trigger="schedule"}`: 1, `passes_total{outcome="changed",trigger="apply"}`: 1})
	for name, value := range before {
		if !strings.HasPrefix(name, "pass") && after[name] != value {
			t.Errorf("%s went from %v to %v", name, value, after[name])
		}
	}
}

func TestSagaOutcomes(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	m := New(r, sources())
	for what, s := range map[saga.What]saga.Saga{
		saga.EventBack:      {Superseded: true}, // the file changed its mind: nobody failed
		saga.EventStuck:     {},
		saga.EventUnwritten: {},
		saga.EventLater:     {},
		saga.EventEnded:     {Kind: fleet.SagaReplace, Status: saga.Compensated, CreatedAt: noon, EndedAt: noon.Add(time.Minute)},
	} {
		m.Saga(saga.Event{What: what, Step: "CreateDroplet", Saga: s})
	}
	got := samples(t, r)
	demand(t, got, map[string]float64{`saga_step_failures_total{step="CreateDroplet"}`: 1, "journal_write_failures_total": 1,
		`sagas_total{kind="ReplaceDroplet",outcome="compensated"}`: 1})
	if _, there := got[`saga_duration_seconds{kind="ReplaceDroplet"} count`]; there {
		t.Error("a saga that was undone counts among the durations")
	}
}

// The catalogue is what is really exposed, and keeps Prometheus' conventions.
func TestTheCatalogueIsTrue(t *testing.T) {
	r, m := busy(t)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var exposed []Metric
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		exposed = append(exposed, Metric{f.GetName(), strings.ToLower(f.GetType().String()), labels, f.GetHelp()})
	}
	catalogue := m.Catalogue()
	for i := range catalogue {
		catalogue[i].Labels = slices.Sorted(slices.Values(catalogue[i].Labels))
	}
	if d := cmp.Diff(exposed, catalogue); d != "" {
		t.Errorf("exposed and catalogue differ (-exposed +catalogue):\n%s", d)
	}
	problems, err := testutil.GatherAndLint(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}
