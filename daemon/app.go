package daemon

import (
	"context"
	"errors"
	"sync"

	"arcadiad/control"
	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/inventory"
	"arcadiad/provision"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// poller is the half of the app that only looks: a dry run needs no more.
type observer struct {
	o         Options
	budget    *digitalocean.Budget
	api       *digitalocean.API
	inventory *inventory.Inventory
	planner   reconcile.Planner

	missed func() // is told when a poll lacks a registered droplet; nil: nobody is

	gating sync.Mutex
	kept   error // why the write gate stays shut, whatever passes find
}

// newObserver makes one. Observe is told of every request, and note of those that are made for sagas; nil: nobody is.
func newObserver(o Options, load func(context.Context) (fleet.Recorded, error), observe func(digitalocean.Exchange),
	note func(sagas []string, c fleet.Call)) (*observer, error) {

	l := &observer{o: o}
	l.budget = digitalocean.NewBudget(digitalocean.BudgetOptions{Concurrency: o.Concurrency, Reserve: o.Reserve, Log: o.Log})
	var err error
	l.api, err = digitalocean.New(digitalocean.Config{
		BaseURL: o.APIURL, Token: o.Token, Transport: o.Transport, Budget: l.budget, UserAgent: o.UserAgent,
		Observe: observe, Note: note, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	l.inventory = inventory.New(inventory.Options{
		Sync: l.api.Client(digitalocean.PrioritySync), Poll: l.api.Client(digitalocean.PriorityPoll),
		Interval: o.WaitInterval, Pace: l.budget.Pace, Idle: l.budget.Idle, Visibility: o.Visibility, Missed: l.miss, Log: o.Log,
	})
	l.planner = reconcile.Planner{Load: load, Inventory: l.inventory, Pace: l.pace}
	if o.Fleet != "" {
		l.planner.Revision = func(ctx context.Context, desired fleet.Fleet) (fleet.Revision, bool) {
			return fleetfile.Revision(ctx, o.Fleet, desired.Hash)
		}
	}
	return l, nil
}

func (l *observer) miss() {
	if l.missed != nil {
		l.missed()
	}
}

// pace is how fast requests may go at the moment.
func (l *observer) pace() fleet.Pace {
	b := l.budget.State()
	return fleet.Pace{Minute: b.MinCap, Hour: b.HourCap, Left: b.HourCap - b.HourUsed, Interval: l.o.WaitInterval}
}

// store is all that a daemon needs of a store.
type store interface {
	state.Store
	reconcile.Store
}

// app is all rooms wired together on an open store.
type app struct {
	*observer
	store         store
	engine        *saga.Engine
	loop          *reconcile.Loop
	feed          feed
	watchdog      *watchdog
	supervisor    *supervisor
	handed        *handedToken
	shown         shownPlans
	reload        chan struct{} // asks the watcher to read the fleet file again
	observability observability
}

// open opens the state database and builds a app on it; the caller closes the store. Settings that cannot work are refused before
// there is a database.
func open(ctx context.Context, o Options) (*app, error) {
	if err := digitalocean.CheckURL(o.APIURL); err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, o.State, sqlite.Options{Log: o.Log})
	if err != nil {
		return nil, err
	}
	h, err := build(o, store, store, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return h, nil
}

// build wires a app on a store. Journal and records are the store itself, but for tests that stand in between.
func build(o Options, store store, journal saga.Journal, records reconcile.Store) (*app, error) {
	watchdog := newWatchdog(max(workPatience, 20*o.WaitInterval))
	journal, records = watchedJournal{watchdog, journal}, watchedStore{watchdog, records}
	schedule, err := reconcile.ParseSchedule(o.SyncSchedule)
	if err != nil {
		return nil, err
	}
	h := &app{store: store, reload: make(chan struct{}), watchdog: watchdog, handed: &handedToken{}}
	o.Token = h.handed.or(o.Token)
	l, err := newObserver(o, records.Load, func(x digitalocean.Exchange) { h.observability.metrics.Request(x) }, store.Note)
	if err != nil {
		return nil, err
	}
	h.observer = l
	h.supervisor = newSupervisor(h)
	h.engine = saga.New(journal, saga.Options{Log: o.Log, SubjectKey: "droplet", Observe: h.observe})
	h.loop = &reconcile.Loop{Planner: l.planner, Schedule: schedule, Log: o.Log, Observe: h.observePass, Taken: h.taken}
	l.missed = h.loop.Missed
	h.loop.Executor = &reconcile.Executor{
		Store: records, Engine: h.engine, Inventory: l.inventory, Planner: l.planner,
		Gate: l.gate, Desired: h.loop.Desired, SecondLook: o.SecondLook, Log: o.Log,
	}
	h.loop.Sweeper = &provision.Sweeper{
		Cloud: l.api.Client(digitalocean.PrioritySync), Idle: l.budget.Idle, Label: records.SetLabel, Log: o.Log,
	}
	// Who shortens the settle time says how quick the API is: a crashed write is not waited for longer than half of it.
	provision.New(provision.Options{
		Cloud: l.api.Client(digitalocean.PrioritySaga), Inventory: l.inventory, Desired: h.loop.Desired, Fresh: h.fresh, Record: store.RecordOf,
		WaitAttempts: o.WaitAttempts, Settle: o.CreateSettle, WriteTimeout: min(l.api.WriteTimeout(), o.CreateSettle/2), Visibility: o.Visibility, Log: o.Log,
	}).Define(h.engine)
	h.startObservability()
	return h, nil
}

// gate is how a pass lets writes to one account through, or shuts them all. It does not open what shut keeps shut: the pass may have
// begun before that.
func (l *observer) gate(account string, closed error) {
	l.gating.Lock()
	defer l.gating.Unlock()
	if closed == nil {
		l.api.Pin(account)
		closed = l.kept
	}
	l.budget.Writes(closed)
}

// shut shuts the gate and keeps it shut, or with nil leaves it to the next pass to open it. A shutdown is the last word.
func (l *observer) shut(why error) {
	l.gating.Lock()
	defer l.gating.Unlock()
	if errors.Is(l.kept, errShutdown) {
		return
	}
	l.kept = why
	if why != nil {
		l.budget.Writes(why)
	}
}

// observe hears of every transition of a saga: those who follow progress and those who watch are told, and an ended saga triggers a pass.
func (h *app) observe(e saga.Event) {
	h.observeSaga(e)
	h.feed.send(control.ProgressOf(e))
	h.moved(e)
	if e.What == saga.EventEnded {
		h.loop.SagaEnded(h.engine.Busy())
	}
}

// start resumes the sagas that were live when the last process ended, and answers their looks, until the context ends. The returned
// function waits for the end of all of them.
func (h *app) start(ctx context.Context) (wait func(), err error) {
	var looks sync.WaitGroup
	looks.Go(func() { h.inventory.Run(ctx) })
	if err := h.engine.Resume(ctx); err != nil {
		return nil, err
	}
	return func() {
		h.engine.Wait()
		looks.Wait()
	}, nil
}

// errShutdown shuts the write gate while the process stops.
var errShutdown = errors.New("arcadiad is stopping; the next start carries on")
