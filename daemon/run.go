package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleetfile"
	"arcadiad/provision"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/lease"
)

// run is the app's life, until the context ends.
func (h *app) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup // what goes on beside the loop, until the context ends
	defer func() {
		stop()
		beside.Wait()
		h.engine.Wait()
	}()
	context.AfterFunc(ctx, func() { h.shut(errShutdown) })
	if err := h.serveObservability(ctx, &beside); err != nil {
		return err
	}
	versions := h.o.Versions
	if versions == nil {
		w, err := fleetfile.Watch(ctx, h.o.Fleet, fleetfile.WatchOptions{Secrets: h.o.secrets(), Log: h.o.Log, Reload: h.reload})
		if err != nil {
			return fmt.Errorf("watch the fleet file: %w", err)
		}
		versions = w
		beside.Go(func() { h.passReloads(ctx) })
	}
	if err := h.start(ctx, &beside); err != nil {
		return err
	}
	h.observability.board.Settle(condition.Stuck)
	if h.shared != nil {
		beside.Go(func() { h.lead(ctx, stop) })
	}
	if err := removeCopies(h.o.Local); err != nil {
		h.o.Log.Warn("old copies of the state database could not be removed", "error", err)
	}
	if err := h.listen(ctx, &beside); err != nil {
		return err
	}
	beside.Go(func() { h.supervisor.run(ctx) })
	beside.Go(func() { keepTidy(ctx, h.store, h.o) })
	if h.o.Fleet != "" {
		beside.Go(func() { h.observability.watchFetches(ctx, h.o) })
	}
	h.o.Log.Info("arcadiad runs", "fleet", h.o.Fleet, "state", h.o.shown(), "api", h.o.APIURL)
	err := h.loop.Run(ctx, h.supervisor.versions(ctx, versions))
	stop()
	if h.shared != nil && h.shared.Check(context.Background()) != nil {
		return &reconcile.LostError{Err: h.shared.Check(context.Background())}
	}
	h.o.Log.Info("arcadiad stops; unfinished sagas continue at the next start", "sagas", len(h.engine.Live()))
	return err
}

// lead answers orders from other hosts until the context ends. The write gate is shut while the lease has run out. When this process
// leads no more, the app is stopped.
func (h *app) lead(ctx context.Context, stop func()) {
	var answering sync.WaitGroup
	answering.Go(func() { h.shared.Answer(ctx, h.o.Log, answerRemote(control.Handler(running{h, h.store}))) })
	defer answering.Wait()
	look := time.NewTicker(lease.Pause(h.o.Lease))
	defer look.Stop()
	for shut := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-h.shared.Lost():
			h.shut(fmt.Errorf("this arcadiad does not lead any more: %w", h.shared.Check(ctx)))
			stop()
			return
		case <-look.C:
		}
		if err := h.shared.Leads(); (err != nil) != shut {
			shut = err != nil
			h.shut(err)
			h.loop.Trigger(reconcile.TriggerLease, false) // it tells what is wrong, or opens the gate again
		}
	}
}

// start resumes the sagas that were live when the last process ended, and answers their looks.
func (h *app) start(ctx context.Context, beside *sync.WaitGroup) error {
	h.learn(ctx)
	beside.Go(func() { h.inventory.Run(ctx) })
	return h.engine.Resume(ctx)
}

// learnedFrom is how many of the newest sagas tell how long new droplets take.
const learnedFrom = 100

// learn tells the inventory how long the last droplets took to become active, by the journal. Where that is not known they are looked at
// as if nothing were.
func (h *app) learn(ctx context.Context) {
	sagas, err := h.store.Sagas(ctx, saga.Filter{Limit: learnedFrom})
	if err != nil && ctx.Err() == nil {
		h.o.Log.Warn("how long new droplets take to become active could not be read; learning it again", "error", err)
	}
	for _, took := range provision.Activations(sagas) {
		h.inventory.Activated(took)
	}
}

// serveObservability answers scrapes, probes and browsers, and notifies.
func (h *app) serveObservability(ctx context.Context, beside *sync.WaitGroup) error {
	if h.o.Listen != "" {
		if err := serveWeb(ctx, h.o.Listen, h.web(), h.o.Log, beside); err != nil {
			return err
		}
		beside.Go(func() { h.site.watch(ctx) })
	}
	if n := h.observability.notifier; n != nil {
		beside.Go(func() { n.Run(ctx) })
	}
	return nil
}

// passReloads hands the reloads that a person asks for on to the watcher.
func (h *app) passReloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.o.Reload:
			h.supervisor.reload()
		}
		select {
		case <-ctx.Done():
			return
		case h.reload <- struct{}{}:
		}
	}
}

// listen serves the control socket. Another daemon that has it on this host, of the same database, passes orders on.
func (h *app) listen(ctx context.Context, beside *sync.WaitGroup) error {
	if h.o.NoControl {
		return nil
	}
	l, err := control.Listen(h.o.Socket, h.o.SocketGroup)
	switch {
	case err != nil && h.shared != nil:
		h.o.Log.Warn("commands are not answered on the control socket", "error", err)
		return nil
	case err == nil:
		beside.Go(func() { control.Serve(ctx, l, control.Handler(running{h, h.store})) })
	}
	return err
}

// How often the state database is tidied, and how long after the start first: a daemon that is started every day tidies too.
const (
	tidyEvery = 24 * time.Hour
	tidyFirst = 10 * time.Minute
)

// keepTidy removes from the state database what is over for long, once a day, until the context ends.
func keepTidy(ctx context.Context, s state.Store, o Options) {
	keep := state.Retention{Sagas: max(0, o.KeepSagas), Deleted: max(0, o.KeepDeleted)}
	for wait := tidyFirst; ; wait = tidyEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		removed, err := s.Retain(ctx, keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			o.Log.Warn("old rows could not be removed from the state database; trying again tomorrow", "error", err)
		case removed != state.Removed{}:
			o.Log.Info("old rows were removed from the state database", "sagas", removed.Sagas, "approvals", removed.Approvals, "rollouts", removed.Rollouts, "deleted_droplets", removed.Deleted)
		}
	}
}
