package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"arcadiad/state"
	"arcadiad/state/lease"
	"arcadiad/state/tables"
)

// Leads tells whether something may be sent to the cloud at this moment, which is asked once more right before it is: nil, or why not. The
// lease has run out when the database could not be reached for almost as long as it lasts. It may be renewed in time; else state.ErrLapsed stays.
func (s *Store) Leads() error {
	if err := s.fence.check(); err != nil {
		return err
	}
	if now := s.fence.clock(); !s.fence.leader.Leads(now) {
		if wait := s.fence.leader.Quiet() - now; wait > 0 {
			return fmt.Errorf("the lease was taken from another arcadiad, whose requests may be on their way for %v", wait.Round(time.Second))
		}
		return fmt.Errorf("%w: nothing could be committed for too long", state.ErrLapsed)
	}
	return nil
}

// challenge waits until the lease can be taken, and takes it. It tells whom it was taken from; empty: it was given back, or never held.
func (f *fence) challenge(ctx context.Context, o Options) (from string, err error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	me := fmt.Sprintf("%s, process %d", host, os.Getpid())
	var watch lease.Watch
	told, leads := "", ""
	for {
		asked := f.clock()
		was, holder, err := readLease(ctx, f.db, "")
		switch {
		case err != nil && ctx.Err() != nil && leads != "":
			return "", fmt.Errorf("%w: %s leads (%w)", state.ErrLocked, leads, ctx.Err())
		case err != nil:
			return "", fmt.Errorf("read the lease: %w", err)
		}
		if watch.Saw(was, asked, f.clock(), o.Lease) {
			row, started := was.Taken(rand.Text(), o.Lease), f.clock()
			done, err := f.db.ExecContext(ctx, `
				UPDATE lease SET holder = $1, epoch = $2, commits = $3, length = $4, host = $5, since = $6 WHERE holder = $7 AND epoch = $8 AND commits = $9`,
				row.Holder, row.Epoch, row.Commits, o.Lease.Milliseconds(), me, tables.TimeText(time.Now()), was.Holder, was.Epoch, was.Commits)
			if err != nil {
				return "", fmt.Errorf("take the lease: %w", err)
			}
			if n, err := done.RowsAffected(); err != nil || n == 1 {
				f.leader = lease.Lead(was, row, started, f.clock(), o.OnItsWay)
				return was.Holder, err
			}
			continue // another one was faster
		}
		if told != was.Holder {
			told, leads = was.Holder, holder
			o.Log.Info("another arcadiad leads; waiting until it ends or is silent", "leader", holder, "for", max(was.Length, o.Lease))
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%w: %s leads (%w)", state.ErrLocked, leads, ctx.Err())
		case <-time.After(lease.Pause(o.Lease)):
		}
	}
}

// renew commits nothing, again and again, so that the lease goes on while there is nothing to write. It ends with the context.
func (s *Store) renew(ctx context.Context, length time.Duration, log *slog.Logger) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lease.Pause(length)):
		}
		err := s.writer.Write(ctx, func(context.Context, *tables.Tx) error { return nil })
		switch {
		case ctx.Err() != nil || errors.Is(err, state.ErrClosed):
			return
		case err != nil && s.fence.check() != nil:
			log.Error("the lease is lost: nothing is written or sent any more", "error", err)
			return
		case err != nil && !failing:
			log.Warn("the lease could not be renewed; trying again", "error", err)
		case err == nil && failing:
			log.Info("the lease is renewed")
		}
		failing = err != nil
	}
}

// release gives the lease back, so that the next one need not wait. Where that does not work, the next one waits.
func (f *fence) release(ctx context.Context) error {
	if f.leader == nil || f.check() != nil {
		return nil
	}
	row := f.leader.Row()
	_, err := f.db.ExecContext(ctx, "UPDATE lease SET holder = '', commits = commits + 1 WHERE holder = $1 AND epoch = $2 AND commits = $3",
		row.Holder, row.Epoch, row.Commits)
	return err
}
