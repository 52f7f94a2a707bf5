package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleetfile"
)

// Run is the daemon: it keeps the account in line with the fleet file until the context ends. A shutdown is not a failure: the
// write gate shuts, requests on the wire get a moment, and sagas stay resumable (law 12).
func Run(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := checkWebhook(o); err != nil {
		return err
	}
	h, err := open(ctx, o)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	return errors.Join(unlessStopped(ctx, h.run(ctx)), h.store.Close())
}

// unlessStopped drops the error of a start that was told to stop half way.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (h *app) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, func() { h.shut(errShutdown) })
	watched, err := h.serveObservability(ctx)
	if err != nil {
		return err
	}
	defer watched()
	defer stop()
	versions := h.o.Versions
	if versions == nil {
		w, err := fleetfile.Watch(ctx, h.o.Fleet, fleetfile.WatchOptions{Secrets: h.o.secrets(), Log: h.o.Log, Reload: h.reload})
		if err != nil {
			return fmt.Errorf("watch the fleet file: %w", err)
		}
		versions = w
		go h.passReloads(ctx)
	}
	wait, err := h.start(ctx)
	if err != nil {
		return err
	}
	h.observability.board.Settle(condition.Stuck)
	defer wait()
	defer stop()
	if err := removeCopies(h.o.State); err != nil {
		h.o.Log.Warn("copies of the state database that were left behind could not be removed", "error", err)
	}
	served, err := h.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { <-served }()
	aside := h.aside(ctx)
	defer aside()
	defer stop()
	h.o.Log.Info("arcadiad runs", "fleet", h.o.Fleet, "state", h.o.State, "api", h.o.APIURL)
	err = h.loop.Run(ctx, h.supervisor.versions(ctx, versions))
	stop()
	h.o.Log.Info("arcadiad stops; unfinished sagas carry on at the next start", "sagas", len(h.engine.Live()))
	return err
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

// serveObservability answers scrapes and probes, and notifies, until the context ends. The returned function waits for the end of it.
func (h *app) serveObservability(ctx context.Context) (wait func(), err error) {
	var running sync.WaitGroup
	if h.o.Listen != "" {
		if err := serveWeb(ctx, h.o.Listen, h.web(), h.o.Log, &running); err != nil {
			return nil, err
		}
	}
	if n := h.observability.notifier; n != nil {
		running.Go(func() { n.Run(ctx) })
	}
	return running.Wait, nil
}

// aside starts what goes on beside the loop until the context ends; wait returns when all of it has ended.
func (h *app) aside(ctx context.Context) (wait func()) {
	var all sync.WaitGroup
	all.Go(func() { h.supervisor.run(ctx) })
	all.Go(func() { keepTidy(ctx, h.store, h.o) })
	return all.Wait
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

// listen serves the control socket until the context ends; served is closed then.
func (h *app) listen(ctx context.Context) (served <-chan struct{}, err error) {
	done := make(chan struct{})
	if h.o.NoControl {
		close(done)
		return done, nil
	}
	l, err := control.Listen(h.o.Socket, h.o.SocketGroup)
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(done)
		control.Serve(ctx, l, control.Handler(running{h, h.store}))
	}()
	return done, nil
}
