package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/state"
	"arcadiad/state/postgres"
)

// Local opens the service of this process for what a command needs, until close is called. Beside: a daemon runs on the state database, and
// is not asked.
func Local(ctx context.Context, o Options, need control.Need, beside bool) (s control.Service, close func() error, err error) {
	if o, err = o.withDefaults(); err != nil {
		return nil, nil, err
	}
	if e, err := askLeader(ctx, o, need); e != nil || err != nil {
		return e, func() error { return nil }, err
	}
	a := &alone{o: o, applies: need == control.Work, beside: beside, end: func() error { return nil }}
	a.begin = func(desired fleet.Fleet) error { return a.open(ctx, desired) }
	if need == control.Look || need == control.Order || need == control.DryRun && !o.Stateless { // an order about nothing must not create a database
		a.reader, err = openReader(ctx, o.State)
	}
	switch {
	case need != control.DryRun:
	case errors.Is(err, fs.ErrPermission):
		err = control.ErrUnreadable
	case errors.Is(err, state.ErrNone):
		a.reader, err = nil, nil
	case err != nil:
		err = fmt.Errorf("read the state database: %w", err)
	}
	if err == nil && (need == control.DryRun || need == control.AccountOnly || need == control.Work) {
		_, err = o.Token()
	}
	return a, func() error { return a.end() }, err
}

// hearTime is how long the leader gets to show that it is there: it looks for orders more often than it renews its lease.
func hearTime(length time.Duration) time.Duration { return max(2*time.Second, length/3) }

// askLeader gives the service of a command that changes something, where another process leads and answers; nil: none does. The lease of one that
// is dead is there to be taken.
func askLeader(ctx context.Context, o Options, need control.Need) (control.Service, error) {
	if !Shared(o.State) || need != control.Order && need != control.Work {
		return nil, nil
	}
	r, err := postgres.OpenReader(ctx, o.State)
	if errors.Is(err, state.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := r.Leader(ctx)
	if err != nil || l.Host == "" {
		return nil, err
	}
	e := newElsewhere(o, r)
	hear, cancel := context.WithTimeout(ctx, hearTime(o.Lease))
	defer cancel()
	if _, err := e.leader.Rollouts(hear); err != nil {
		o.Log.Info("the arcadiad that led does not answer; its lease is taken if it stays silent", "leader", l.Host, "error", err)
		return nil, nil
	}
	return e, nil
}
