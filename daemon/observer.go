package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/inventory"
	"arcadiad/reconcile"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// observer is the half of the app that only looks: a dry run needs no more.
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
		Observe: observe, Note: note, May: o.may, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	l.inventory = inventory.New(inventory.Options{
		Sync: l.api.Client(digitalocean.PrioritySync), Poll: l.api.Client(digitalocean.PriorityPoll), Lone: l.api.Client(digitalocean.PrioritySaga),
		Interval: o.WaitInterval, Pace: l.budget.Pace, Gap: l.budget.Gap, Idle: l.budget.Idle, Visibility: o.Visibility, Missed: l.miss,
		Unsaved: note == nil, // a process without sagas only tells what it sees
		Log:     o.Log, Dial: o.Dial, LoopbackProbes: o.Transport != nil || l.api.Loopback(),
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

// errShutdown shuts the write gate while the process stops.
var errShutdown = errors.New("arcadiad is stopping; the next start continues")

// readsTags makes sure that the token may read tags: to one that may not, every droplet looks like nobody's.
func (l *observer) readsTags(ctx context.Context) error {
	_, err := l.api.Client(digitalocean.PrioritySync).TagUses(ctx, fleet.ManagedTag)
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return fmt.Errorf("check whether the token may read tags: %w", err)
	}
	return nil
}

// patient is what there is to examine.
func (l *observer) patient(as role) doctor.Patient {
	p := doctor.Patient{
		Fleet: l.o.Fleet, Secrets: l.o.secrets(), Token: l.o.Token, TokenFrom: l.o.TokenFrom, API: l.api.Client(digitalocean.PrioritySync),
		State: l.o.shown(), Local: l.o.Local, Holds: as == leader,
		Open: func(ctx context.Context) (state.Reader, error) { return openReader(ctx, l.o.State) },
	}
	if Shared(l.o.State) {
		p.Server = func(ctx context.Context) []doctor.Finding { return examineShared(ctx, l.o, as) }
	} else {
		p.Holder = func() (string, error) { return sqlite.Holder(l.o.State) }
	}
	return p
}
