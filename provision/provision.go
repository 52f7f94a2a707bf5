package provision

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// Options of the droplet sagas.
type Options struct {
	Cloud     *digitalocean.Client // writes, and the few reads that must not be shared
	Inventory *inventory.Inventory

	// Desired gives the fleet file in force; false: none is. Sagas ask it before their first cloud write and at step boundaries
	// (law 17).
	Desired func() (fleet.Fleet, bool)
	// Fresh gives the fleet file as it is at this moment, and where that cannot be used the last good version; false: there is none.
	// Sagas ask it right before each DELETE and each power off. Default: Desired.
	Fresh func() (fleet.Fleet, bool)
	// Record gives a droplet's record as it is now, nil without one; default: none has one.
	Record func(ctx context.Context, dropletID int64) (*fleet.Record, error)

	// WaitAttempts is how many answered looks a new droplet gets to become active before its create action is asked; default 96.
	WaitAttempts int
	// WaitLongest is how many answered looks it gets while its create action is still in progress; default 720, an hour at 5 s.
	WaitLongest int
	// Settle is how long an unanswered create is looked for before it may be sent again; default 2 min.
	Settle time.Duration
	// WriteTimeout is how long a create that was cut off by a crash may still be under way: as long as the API client lets a write
	// be; default 75 s, which is the client's own.
	WriteTimeout time.Duration
	// Visibility is how long absence must last to prove anything where no accepted DELETE explains it; default 5 min.
	Visibility time.Duration

	Log *slog.Logger
}

// Droplets makes, adopts and destroys droplets, as steps of sagas.
type Droplets struct{ o Options }

// New makes the steps. Define puts them into an engine.
func New(o Options) *Droplets {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Settle, 2*time.Minute)
	def(&o.WriteTimeout, digitalocean.DefaultWriteTimeout)
	def(&o.Visibility, 5*time.Minute)
	if o.Fresh == nil {
		o.Fresh = o.Desired
	}
	if o.Record == nil {
		o.Record = func(context.Context, int64) (*fleet.Record, error) { return nil, nil }
	}
	if o.WaitAttempts <= 0 {
		o.WaitAttempts = 96
	}
	if o.WaitLongest <= 0 {
		o.WaitLongest = 720
	}
	o.WaitLongest = max(o.WaitLongest, o.WaitAttempts)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Droplets{o}
}

// Define tells the engine the kinds of sagas and their steps. The names are in journals out there: a renamed step is a stuck saga.
func (p *Droplets) Define(e *saga.Engine) {
	create := step("CreateDroplet", p.create, p.uncreate)
	wait := step("WaitDropletActive", p.wait, nil)
	register := step("RegisterDroplet", p.register, p.unregister)
	destroy := step("DestroyDroplet", p.destroy, p.undestroy).AsPivot()
	e.Define(fleet.SagaProvision, create, wait, register)
	e.Define(fleet.SagaReplace, create, wait, register, destroy)
	e.Define(fleet.SagaDestroy, destroy)
	e.Define(fleet.SagaAdopt, register)
	e.Define(fleet.SagaUpdate, // an update has only those that it needs, see updateSteps
		step("ProtectDroplet", p.protect, p.unprotect),
		step("RetagDroplet", p.retag, p.unretag),
		step("RenameDroplet", p.rename, p.unrename),
		step("SwitchBackups", p.switchBackups, p.unswitchBackups),
		step("EnableIPv6", p.enableIPv6, p.unenableIPv6),
		step("PowerOffDroplet", p.powerOff, p.powerOffUndone),
		step("ResizeDroplet", p.resize, p.unresize),
		step("PowerOnDroplet", p.powerOn, nil).AsPivot(),
		step("RecordDroplet", p.record, nil))
	e.Define(fleet.SagaTakeOver, saga.Typed("TagDroplet", p.tagDroplet, p.untagDroplet), register)
	e.Define(fleet.SagaRelease, saga.Typed("UntagDroplet", p.release, p.unrelease), saga.Typed("ForgetDroplet", p.forget, nil))
}

// stepFunc is one direction of a step.
type stepFunc = func(context.Context, *saga.Run, *work) error

// step makes a step whose requests are known to be the saga's.
func step(name string, run, compensate stepFunc) saga.Step {
	traced := func(f stepFunc) stepFunc {
		if f == nil {
			return nil
		}
		return func(ctx context.Context, r *saga.Run, w *work) error { return f(digitalocean.For(ctx, r.ID()), r, w) }
	}
	return saga.Typed(name, traced(run), traced(compensate))
}

// poller looks again and again for one step. A look that fails counts for nothing; the first of a row is logged.
type poller struct {
	p      *Droplets
	run    *saga.Run
	failed int // looks in a row
}

// next gives what the next look that is answered shows. Where nothing is shown, that means something: see inventory.Query.Proof.
// The error is the context's.
func (l *poller) next(ctx context.Context, q inventory.Query) (seen []fleet.Droplet, began time.Time, err error) {
	q.Proof = true
	for {
		began = time.Now()
		seen, err = l.p.o.Inventory.Look(ctx, q)
		if ctx.Err() != nil {
			return nil, began, ctx.Err()
		}
		if err == nil {
			l.failed = 0
			return seen, began, nil
		}
		l.failed++
		moved := errors.Is(err, digitalocean.ErrMoved) // that is usual while a large fleet changes
		if l.failed%remindFailed == 1 && !moved || l.failed%remindFailed == 0 && moved {
			l.run.Log().Warn("could not look; looking again", "error", err, "failed", l.failed)
		}
	}
}

// remindFailed is how many failed looks in a row share a line in the log.
const remindFailed = 60
