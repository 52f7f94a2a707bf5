package inventory

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"arcadiad/digitalocean"
)

// Options of an Inventory.
type Options struct {
	Sync *digitalocean.Client // for Observe: the lowest priority on the budget
	Poll *digitalocean.Client // for Look
	Lone *digitalocean.Client // for Gone and Shown, which answer one saga; nil: Poll. Polls stop while requests of Poll wait for a slot, see Budget.Gap

	// Interval between two polls for those who wait; default 5 s.
	Interval time.Duration
	// Pace says how long to wait between two polls of so many requests each, instead of the usual time, because the request budget
	// runs low. Nil: always the usual time.
	Pace func(usual time.Duration, requests int) time.Duration
	// Gap says how much time lies at least between two polls of so many requests each, from the least while most of the budget is free to
	// the usual one, and more when it runs low. Nil: always the least.
	Gap func(least, usual time.Duration, requests int) time.Duration
	// Idle tells whether requests that are in no hurry may go: without it Explain asks nothing.
	Idle func() bool
	// Visibility is how long a new droplet may be missing from answers (docs/digitalocean-api.md, "New droplets"). Default 5 min.
	Visibility time.Duration
	// Missed is told when a poll lacks a registered droplet that nobody asked for, once. It must not block. Nil: nobody is told.
	Missed func()

	// Unsaved says that nobody saves what is observed: then no observation holds the droplets' data.
	Unsaved bool

	// Dial connects to droplets, for Probe. Nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// LoopbackProbes lets Probe dial addresses of loopback, where a simulated account has its droplets.
	LoopbackProbes bool

	Log *slog.Logger
}

// Inventory looks at the account, for passes and for waiting sagas.
type Inventory struct {
	o Options

	mu      sync.Mutex
	lookers []*looker
	first   firsts // of the lookers
	pages   int    // requests that a whole listing took the last time
	account string // uuid that the last proved observation belongs to
	wake    chan struct{}

	offers      offers
	attention   attention
	probes      probes
	activations activations
	aside       atomic.Int32 // who wait in Aside
	latest      latest
}

// New makes an Inventory. Looks are answered only while Run runs.
func New(o Options) *Inventory {
	o.Interval = cmp.Or(o.Interval, 5*time.Second)
	o.Visibility = cmp.Or(o.Visibility, 5*time.Minute)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Lone = cmp.Or(o.Lone, o.Poll)
	return &Inventory{o: o, pages: 2, wake: make(chan struct{}, 1), offers: offers{reader: make(chan struct{}, 1)}, probes: newProbes()}
}

// listed remembers what a whole listing costs, so that Look can choose the cheaper way.
func (i *Inventory) listed(pages int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.pages = pages
}
