package daemon

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"arcadiad/reconcile"
	"arcadiad/state/lease"
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
	if Shared(o.State) {
		return takeTurns(ctx, o)
	}
	h, err := open(ctx, o, true)
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

// takeTurns is the daemon where hosts share a state database: it stands by until it leads, leads until it no longer may, and stands by again.
// An error ends only its first turn: later ones may come from a database that is away for a while.
func takeTurns(ctx context.Context, o Options) error {
	if err := o.makeLocal(); err != nil {
		return err
	}
	var handed atomic.Pointer[string] // a token that was handed over while it stood by
	first := o.Token
	o.Token = func() (string, error) {
		if token := handed.Load(); token != nil {
			return *token, nil
		}
		return first()
	}
	for turn := 1; ; turn++ {
		s, err := standBy(ctx, o, &handed)
		if err == nil {
			var h *app
			if h, err = build(o, s, s, s); err == nil {
				err = h.run(ctx)
			}
			err = errors.Join(err, s.Close())
		} else if turn > 1 && ctx.Err() == nil {
			err = &reconcile.LostError{Err: err}
		}
		if _, lost := errors.AsType[*reconcile.LostError](err); ctx.Err() != nil || !lost {
			return unlessStopped(ctx, err)
		}
		o.Log.Error("this arcadiad does not lead any more, and stands by", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lease.Pause(o.Lease)):
		}
	}
}
