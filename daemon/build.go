package daemon

import (
	"context"
	"errors"

	"arcadiad/digitalocean"
	"arcadiad/fleetfile"
	"arcadiad/provision"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state/postgres"
)

// mostTries is how many sagas of a name are looked through for the ones that failed in a row: the pause between two grows no more after seven.
const mostTries = 20

// open opens the state database for a command and builds the app on it; the caller closes the store. Settings that cannot work are refused
// before there is a database. Sends tells whether the command sends something to the account.
func open(ctx context.Context, o Options, sends bool) (*app, error) {
	if err := digitalocean.CheckURL(o.APIURL); err != nil {
		return nil, err
	}
	store, err := openStore(ctx, o, sends)
	if err != nil {
		return nil, err
	}
	h, err := build(o, store, store, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return h, nil
}

// build wires the app on a store. Journal and records are the store itself, but for tests that stand in between.
func build(o Options, store store, journal saga.Journal, records reconcile.Store) (*app, error) {
	watchdog := newWatchdog(max(workPatience, 20*o.WaitInterval))
	journal, records = watchedJournal{watchdog, journal}, watchedStore{watchdog, records}
	schedule, err := reconcile.ParseSchedule(o.SyncSchedule)
	if err != nil {
		return nil, err
	}
	h := &app{store: store, reload: make(chan struct{}), watchdog: watchdog, site: newSite(o.Log)}
	h.site.read, h.site.droplet, h.hosts = running{h, store}.overview, running{h, store}.story, running{h, store}.hosts
	first := o.Token
	o.Token = func() (string, error) {
		if handed := h.handed.Load(); handed != nil {
			return *handed, nil
		}
		return first()
	}
	if shared, ok := store.(*postgres.Store); ok {
		h.shared, o.may = shared, shared.Leads
	}
	l, err := newObserver(o, records.Load, func(x digitalocean.Exchange) { h.observability.requested(x) }, store.Note)
	if err != nil {
		return nil, err
	}
	h.observer = l
	h.supervisor = newSupervisor(o, h.hung, h.attention)
	h.engine = saga.New(journal, saga.Options{Log: o.Log, SubjectKey: "droplet", Observe: h.observe, Ahead: o.ahead})
	h.loop = &reconcile.Loop{Planner: l.planner, Schedule: schedule, Log: o.Log, Observe: h.observePass, Taken: func(v fleetfile.Version) {
		h.observability.taken(v)
		h.site.touch()
		h.size(len(v.Fleet.Specs))
	}}
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
		Cloud: l.api.Client(digitalocean.PrioritySaga), Inventory: l.inventory, Desired: h.loop.Desired, Fresh: h.fresh,
		Record: store.RecordOf, Records: store.Records, WaitAttempts: o.WaitAttempts,
		Settle: o.CreateSettle, WriteTimeout: min(l.api.WriteTimeout(), o.CreateSettle/2), Visibility: o.Visibility, Log: o.Log,
	}).Define(h.engine)
	h.observability.start(o, l.budget, h.engine, h.loop, h.attention, func(name string) ([]saga.Saga, error) {
		return store.Sagas(context.Background(), saga.Filter{Subject: name, Limit: mostTries})
	})
	return h, nil
}
