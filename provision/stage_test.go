package provision_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
	"arcadiad/provision"
	"arcadiad/saga"
	"arcadiad/simulator"
	"arcadiad/state/sqlite"
)

// stage is where droplets are made and taken down: the steps under the real engine, on a real database, with the real client over a
// simulated account, in virtual time.
type stage struct {
	t       *testing.T
	sim     *simulator.Simulator
	path    string
	token   atomic.Value // string
	desired atomic.Pointer[fleet.Fleet]
	asks    func() (fleet.Fleet, bool)           // answers for the file in force, to one saga; nil: desired does
	fresh   func() (fleet.Fleet, bool)           // answers for the file as it is read right before a write; nil: the file in force
	hook    func(saga.Event)                     // hears of every transition; nil: nobody does
	dialed  atomic.Pointer[func(address string)] // set by onDial
	amend   func(*plan.Action)                   // changes what a plan has before its sagas are drafted; nil: nothing is

	// Of the process that runs.
	store  *sqlite.Store
	api    *digitalocean.API
	budget *digitalocean.Budget
	inv    *inventory.Inventory
	engine *saga.Engine
	kill   func() // ends its life, and does not wait for it
	end    func()
}

const (
	ourToken   = "dop_v1_ours"
	otherToken = "dop_v1_other_team"
	fleetName  = "test"

	routeCreate = "POST /v2/droplets"
	routeDelete = "DELETE /v2/droplets/{id}"
	routeGet    = "GET /v2/droplets/{id}"
)

// inStage runs a test in a bubble, with a process that has observed the account.
func inStage(t *testing.T, o simulator.Options, test func(y *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Limits = simulator.Unlimited()
		y := &stage{t: t, sim: simulator.New(o), path: filepath.Join(fastDir(t), "arcadiad.db")}
		y.sim.AddAccount(otherToken)
		y.token.Store(ourToken)
		y.start()
		defer func() { y.end() }()
		y.observe()
		test(y)
	})
}

// fastDir is a directory of the test's own, in memory where the system has such a place.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// onDial has each probe call f first, from the probe's own goroutine; nil: none does.
func (y *stage) onDial(f func(address string)) { y.dialed.Store(&f) }

// start starts a process on the database: its sagas carry on.
func (y *stage) start() {
	y.t.Helper()
	ctx, cancel := context.WithCancel(y.t.Context())
	var err error
	if y.store, err = sqlite.Open(ctx, y.path, sqlite.Options{}); err != nil {
		y.t.Fatal(err)
	}
	y.budget = digitalocean.NewBudget(digitalocean.BudgetOptions{Reserve: -1})
	y.api, err = digitalocean.New(digitalocean.Config{
		BaseURL: "http://127.0.0.1", Transport: y.sim.Transport(), Budget: y.budget,
		Token: func() (string, error) { return y.token.Load().(string), nil },
	})
	if err != nil {
		y.t.Fatal(err)
	}
	y.inv = inventory.New(inventory.Options{
		Sync: y.api.Client(digitalocean.PrioritySync), Poll: y.api.Client(digitalocean.PriorityPoll),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if dialed := y.dialed.Load(); dialed != nil && *dialed != nil {
				(*dialed)(address)
			}
			return y.sim.Dial(ctx, network, address)
		},
	})
	y.engine = saga.New(y.store, saga.Options{Observe: func(e saga.Event) {
		if y.hook != nil {
			y.hook(e)
		}
	}})
	desired := func() (fleet.Fleet, bool) {
		if y.asks != nil {
			return y.asks()
		}
		f := y.desired.Load()
		if f == nil {
			return fleet.Fleet{}, false
		}
		return *f, true
	}
	provision.New(provision.Options{
		Cloud: y.api.Client(digitalocean.PrioritySaga), Inventory: y.inv, Record: y.store.RecordOf, Records: y.store.Records, Desired: desired,
		Fresh: func() (fleet.Fleet, bool) {
			if y.fresh != nil {
				return y.fresh()
			}
			return desired()
		},
	}).Define(y.engine)
	looks := make(chan struct{})
	go func() { defer close(looks); y.inv.Run(ctx) }()
	if err := y.engine.Resume(ctx); err != nil {
		y.t.Fatal(err)
	}
	engine, store := y.engine, y.store
	y.kill = cancel
	y.end = func() {
		cancel()
		engine.Wait()
		<-looks
		if err := store.Close(); err != nil {
			y.t.Error(err)
		}
	}
}

// restart ends the process and starts another, which has not observed anything yet.
func (y *stage) restart() {
	y.t.Helper()
	y.end()
	y.start()
}

// observe is what a pass does before it acts: it looks, pins, saves and opens the write gate.
func (y *stage) observe() (fleet.Recorded, fleet.Observed) {
	y.t.Helper()
	ctx := y.t.Context()
	recorded, err := y.store.Load(ctx)
	y.must(err)
	observed, err := y.inv.Observe(ctx, recorded)
	y.must(err)
	y.must(y.store.Pin(ctx, observed.Account, fleetName))
	y.must(y.store.Save(ctx, observed))
	y.api.Pin(observed.Account.UUID)
	y.budget.Writes(nil)
	y.engine.WakeAll()
	return recorded, observed
}

func (y *stage) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func spec(name string) fleet.Spec {
	return fleet.Spec{Name: name, Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64", Tags: []string{"Web"}}
}

// hard is spec(name) of a droplet that is destroyed without asking its operating system first.
func hard(name string) fleet.Spec {
	s := spec(name)
	s.Ending.Hard = true
	return s
}

// want puts a fleet of these in force.
func (y *stage) want(specs ...fleet.Spec) fleet.Fleet {
	f := fleet.Fleet{Name: fleetName, Specs: specs, Policy: fleet.Policy{MaxDestroy: fleet.Limit{Value: 100, Percent: true}}, Hash: "hash"}
	y.desired.Store(&f)
	return f
}

// carry makes a plan of what is desired now, starts its sagas, and gives their ids.
func (y *stage) carry(kinds ...plan.Kind) []string {
	y.t.Helper()
	return y.begin(y.observe())(kinds...)
}

// planned is what a plan is made of now.
func (y *stage) planned() (fleet.Fleet, fleet.Recorded, fleet.Observed, time.Time) {
	y.t.Helper()
	recorded, observed := y.observe()
	return *y.desired.Load(), recorded, observed, time.Now()
}

// begin plans on an observation, and starts the sagas of the plan, which must be of these kinds.
func (y *stage) begin(recorded fleet.Recorded, observed fleet.Observed) func(kinds ...plan.Kind) []string {
	y.t.Helper()
	p, err := plan.Build(*y.desired.Load(), recorded, observed, time.Now())
	y.must(err)
	return func(kinds ...plan.Kind) (ids []string) {
		y.t.Helper()
		var got []plan.Kind
		for _, a := range p.Actions {
			var namesakes []int64
			for _, d := range observed.Droplets {
				if fleet.Key(d.Name) == fleet.Key(a.Name) {
					namesakes = append(namesakes, d.ID)
				}
			}
			ids, got = append(ids, y.draft(a, namesakes...)), append(got, a.Kind)
		}
		if !slices.Equal(got, kinds) {
			y.t.Fatalf("the plan has %v, want %v: %+v", got, kinds, p)
		}
		return ids
	}
}

// draft starts the saga of an action.
func (y *stage) draft(a plan.Action, namesakes ...int64) (id string) {
	y.t.Helper()
	if y.amend != nil {
		y.amend(&a)
	}
	s, err := provision.Draft(y.engine, fleetName, a, provision.Namesakes{IDs: namesakes, Witnessed: true})
	y.must(err)
	y.must(y.engine.Begin(y.t.Context(), s))
	return s.ID
}

// provision starts a saga that makes the droplet.
func (y *stage) provision(s fleet.Spec) string {
	y.t.Helper()
	y.want(s)
	return y.carry(plan.Provision)[0]
}

// made gives the fleet a registered droplet of that spec.
func (y *stage) made(s fleet.Spec) simulator.Droplet {
	y.t.Helper()
	id := y.provision(s)
	y.until(id, saga.Completed)
	if s.Protected() { // the tag comes after the registration
		y.until(y.carry(plan.Update)[0], saga.Completed)
	}
	return y.sim.Named(s.Name)[0]
}

// saga reads a saga from the database.
func (y *stage) saga(id string) saga.Saga {
	y.t.Helper()
	s, err := y.store.Saga(y.t.Context(), id)
	y.must(err)
	return s
}

// until waits until the saga has one of the statuses.
func (y *stage) until(id string, want ...saga.Status) saga.Saga {
	y.t.Helper()
	for began := time.Now(); time.Since(began) < 3*time.Hour; {
		time.Sleep(time.Second)
		synctest.Wait()
		if live := y.engine.Live(); slices.ContainsFunc(live, func(s saga.Saga) bool { return s.ID == id && !slices.Contains(want, s.Status) }) {
			continue
		}
		s := y.saga(id)
		if !slices.Contains(want, s.Status) {
			y.t.Fatalf("saga ended %s, want %v: %s", s.Status, want, s.Error)
		}
		return s
	}
	s := y.saga(id)
	y.t.Fatalf("saga is %s in step %d after three hours, want %v: %s", s.Status, s.Step, want, s.Error)
	return s
}

// sent are the times at which requests of that route arrived.
func (y *stage) sent(route string) []time.Time {
	var times []time.Time
	for _, r := range y.sim.RequestLog() {
		if r.Route == route {
			times = append(times, r.At)
		}
	}
	return times
}

// row finds the droplet's row in the inventory, with its record.
func (y *stage) row(id int64) fleet.Resource {
	y.t.Helper()
	rows, err := y.store.Resources(y.t.Context())
	y.must(err)
	for _, r := range rows {
		if r.DropletID == id {
			return r
		}
	}
	y.t.Fatalf("droplet %d has no row: %+v", id, rows)
	return fleet.Resource{}
}

// none says when a droplet of that name is left, or one of all that were made is not marked deleted.
func (y *stage) none(name string) {
	y.t.Helper()
	if left := y.sim.Named(name); len(left) != 0 {
		y.t.Errorf("left behind: %+v", left)
	}
	rows, err := y.store.Resources(y.t.Context())
	y.must(err)
	for _, r := range rows {
		if r.Name == name && (r.Status != fleet.StatusDeleted || r.DeletedAt.IsZero() || r.Recorded) {
			y.t.Errorf("row of a droplet that is no more: %+v", r)
		}
	}
}

// look observes without opening the gate.
func (y *stage) look() (fleet.Recorded, fleet.Observed) {
	y.t.Helper()
	recorded, err := y.store.Load(y.t.Context())
	y.must(err)
	observed, err := y.inv.Observe(y.t.Context(), recorded)
	y.must(err)
	return recorded, observed
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

var errPaused = errors.New("paused by a test")
