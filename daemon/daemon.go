package daemon

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"arcadiad/reconcile"
	"arcadiad/state"
	"arcadiad/state/lease"
	"arcadiad/state/postgres"
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
// A database that cannot be reached ends it only at the start: later it is away for a while.
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
		s, err := standBy(ctx, o, &handed, turn > 1)
		if err == nil {
			err = lead(ctx, o, s)
		} else if errors.Is(err, state.ErrAway) {
			return unlessStopped(ctx, err)
		}
		if ctx.Err() != nil || !passing(err) {
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

// lead is one turn of the one that leads.
func lead(ctx context.Context, o Options, s *postgres.Store) error {
	h, err := build(o, s, s, s)
	if err == nil {
		err = h.run(ctx)
	}
	return errors.Join(err, s.Close())
}

// passing tells whether a turn has ended by what may be otherwise in the next one: somebody else leads, or the database is away.
func passing(err error) bool {
	_, lost := errors.AsType[*reconcile.LostError](err)
	return lost || slices.ContainsFunc([]error{state.ErrLocked, state.ErrSwapped, state.ErrLapsed, state.ErrAway},
		func(one error) bool { return errors.Is(err, one) })
}
