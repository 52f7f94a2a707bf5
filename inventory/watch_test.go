package inventory_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/simulator"
)

// watch is an inventory over a simulated account, with the real client, in virtual time.
type watch struct {
	t     *testing.T
	sim   *simulator.Simulator
	api   *digitalocean.API
	inv   *inventory.Inventory
	token atomic.Value // string
}

const (
	ourToken   = "dop_v1_ours"
	otherToken = "dop_v1_other_team"
)

// inWatch runs a test in a bubble.
func inWatch(t *testing.T, so simulator.Options, o inventory.Options, test func(w *watch)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		so.Limits = simulator.Unlimited()
		w := &watch{t: t, sim: simulator.New(so)}
		w.sim.AddAccount(otherToken)
		w.token.Store(ourToken)
		budget := digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: -1})
		api, err := digitalocean.New(digitalocean.Config{
			BaseURL: "http://127.0.0.1", Transport: w.sim.Transport(), Budget: budget,
			Token: func() (string, error) { return w.token.Load().(string), nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		budget.Writes(nil)
		o.Sync, o.Poll = api.Client(digitalocean.PrioritySync), api.Client(digitalocean.PriorityPoll)
		w.api, w.inv = api, inventory.New(o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		first := w.inv // a test may put another in its place
		go func() { defer close(done); first.Run(ctx) }()
		defer func() { cancel(); <-done }()
		test(w)
	})
}

// observe looks at the account, and fails the test when that fails.
func (w *watch) observe(r fleet.Recorded) fleet.Observed {
	w.t.Helper()
	o, err := w.inv.Observe(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// add puts droplets of that name into the account and gives their ids.
func (w *watch) add(n int, name string, tags ...string) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = w.sim.Add(simulator.Droplet{Name: fmt.Sprintf("%s-%d", name, i+1), Tags: tags}).ID
	}
	return ids
}

// create sends a create, so that the new droplet has the lags that the faults ask for.
func (w *watch) create(name string, tags ...string) int64 {
	w.t.Helper()
	c := w.api.Client(digitalocean.PrioritySaga)
	if _, err := c.Account(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	spec := fleet.Spec{Name: name, Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64"}
	d, err := c.Create(w.t.Context(), &spec, tags, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return d.ID
}

// looked is the answer to one look.
type looked struct {
	droplets []fleet.Droplet
	err      error
	at       time.Time
}

// lookAll asks all queries at one moment and waits for all answers.
func (w *watch) lookAll(queries ...inventory.Query) []looked {
	answers := make([]looked, len(queries))
	var wg sync.WaitGroup
	for n, q := range queries {
		wg.Go(func() {
			d, err := w.inv.Look(w.t.Context(), q)
			answers[n] = looked{d, err, time.Now()}
		})
	}
	wg.Wait()
	return answers
}

// byID are queries for these droplets.
func byID(ids ...int64) []inventory.Query {
	queries := make([]inventory.Query, len(ids))
	for n, id := range ids {
		queries[n] = inventory.Query{ID: id}
	}
	return queries
}

func idsOf(droplets []fleet.Droplet) []int64 {
	var ids []int64
	for _, d := range droplets {
		ids = append(ids, d.ID)
	}
	return ids
}

// swapAfter exchanges the token once the n-th request of that path was worked on.
func (w *watch) swapAfter(path string, n int, token string) {
	seen := 0
	w.sim.After(func(r *http.Request) {
		if r.URL.Path == path {
			if seen++; seen == n {
				w.token.Store(token)
			}
		}
	})
}

const (
	routeList    = "GET /v2/droplets"
	routeGet     = "GET /v2/droplets/{id}"
	routeAccount = "GET /v2/account"
)
