package provision

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Droplets makes, adopts, alters and destroys droplets, as steps of sagas.
type Droplets struct{ core *core }

// New makes the steps. Define puts them into an engine.
func New(o Options) *Droplets {
	o.Settle = cmp.Or(o.Settle, 2*time.Minute)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, digitalocean.DefaultWriteTimeout)
	o.Visibility = cmp.Or(o.Visibility, 5*time.Minute)
	if o.Fresh == nil {
		o.Fresh = o.Desired
	}
	if o.Record == nil {
		o.Record = func(context.Context, int64) (*fleet.Record, error) { return nil, nil }
	}
	if o.Records == nil {
		o.Records = func(context.Context) ([]fleet.Record, error) { return nil, nil }
	}
	o.WaitAttempts = cmp.Or(o.WaitAttempts, 96)
	o.WaitLongest = max(cmp.Or(o.WaitLongest, 720), o.WaitAttempts)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	return &Droplets{&core{&o, fleetFile{&o}, func() []saga.Saga { return nil }, &takings{last: map[int64]taking{}, relieved: map[int64]time.Time{}}, make(chan struct{}, 1)}}
}

// Define tells the engine the kinds of sagas and their steps. The names are in journals out there: a renamed step is a stuck saga.
func (p *Droplets) Define(e *saga.Engine) {
	p.core.live = e.Live
	destroying, tagging := destroySteps{p.core}, tagSteps{p.core}
	creating, waiting, registering := createSteps{destroying}, waitSteps{p.core}, registerSteps{p.core}
	altering, transferring, draining := alterSteps{p.core}, transferSteps{tagging}, drainSteps{tagging}
	ending, restoring := endSteps{destroying, altering}, restoreSteps{transferring}

	addressing := addressSteps{p.core}

	create := step("CreateDroplet", creating.create, creating.uncreate).AsQueued()
	wait := step(waitStep, waiting.wait, nil)
	project := step("AssignProject", waiting.project, nil)
	ready := step("WaitDropletReady", waiting.ready, nil)
	address := step("AssignAddress", addressing.assign, addressing.unassign)
	register := step("RegisterDroplet", registering.register, registering.unregister)
	drain := step("DrainDroplet", draining.drain, draining.undrain)
	shutdown := step("ShutdownDroplet", ending.shutdown, altering.powerOffUndone)
	snapshot := step("SnapshotDroplet", ending.snapshot, ending.unsnapshot)
	destroy := step("DestroyDroplet", destroying.destroy, destroying.undestroy).AsPivot()
	powerOn := step("PowerOnDroplet", altering.powerOn, nil).AsPivot()
	quarantine := step("QuarantineDroplet", ending.quarantine, ending.unquarantine)
	// A saga has only those steps that it needs, see Draft.
	e.Define(fleet.SagaProvision, create, wait, project, ready, address, register)
	e.Define(fleet.SagaReplace, create, wait, project, ready, address, register, drain, shutdown, snapshot, quarantine, destroy)
	e.Define(fleet.SagaDestroy, drain, shutdown, snapshot, quarantine, destroy)
	e.Define(fleet.SagaPurge, destroy)
	e.Define(fleet.SagaAdopt, register)
	e.Define(fleet.SagaUpdate,
		step("ProtectDroplet", tagging.protect, tagging.unprotect),
		step("RetagDroplet", tagging.retag, tagging.unretag),
		step("RenameDroplet", altering.rename, altering.unrename),
		step("SwitchBackups", altering.switchBackups, altering.unswitchBackups),
		step("EnableIPv6", altering.enableIPv6, altering.unenableIPv6),
		address,
		drain,
		step("PowerOffDroplet", altering.powerOff, altering.powerOffUndone),
		step("ResizeDroplet", altering.resize, altering.unresize),
		powerOn,
		step("UndrainDroplet", draining.undrain, nil),
		step("RecordDroplet", registering.record, nil))
	e.Define(fleet.SagaTakeOver, saga.Typed("TagDroplet", transferring.tagDroplet, transferring.untagDroplet), register)
	e.Define(fleet.SagaRelease, saga.Typed("UntagDroplet", transferring.release, transferring.unrelease),
		saga.Typed("ForgetDroplet", transferring.forget, nil))
	e.Define(fleet.SagaRestore,
		step("RetagDroplet", restoring.retag, restoring.unretag),
		step("AssignAddress", restoring.assign, addressing.unassign),
		step("UntagDroplet", restoring.release, restoring.unrelease),
		step("RegisterDroplet", restoring.register, restoring.unregister),
		powerOn,
		step("WaitDropletReady", restoring.serves, nil))
}
