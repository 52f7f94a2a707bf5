package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
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

// QuietFor is how long nothing may be sent yet.
func (s *Store) QuietFor() time.Duration { return s.fence.leader.Quiet() - s.fence.clock() }

// Quiet waits until something may be sent: the lease may have been taken from another one, whose requests may still be on their way. It tells
// why it ended before.
func (s *Store) Quiet(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.Lost():
		return s.fence.check()
	case <-time.After(s.QuietFor()):
		return nil
	}
}

// before is who had the lease before.
type before struct {
	died bool // it did not give the lease back
	host bool // it was on another host, whose clock nobody here knows
}

// challenge waits until the lease can be taken, and takes it. It tells whom it was taken from. Once it has seen the lease it also waits for a
// database that goes away.
func (f *fence) challenge(ctx context.Context, o Options) (was before, err error) {
	host, err := os.Hostname()
	if err != nil {
		return was, err
	}
	c := &challenger{fence: f, o: o, me: fmt.Sprintf("%s, process %d", host, os.Getpid())}
	for {
		done, err := c.try(ctx)
		switch {
		case done:
			last, _, _ := strings.Cut(c.host, ", ")
			return before{died: c.was.Holder != "", host: last != "" && last != host}, nil
		case ctx.Err() != nil && c.leads != "":
			return was, c.locked(ctx.Err())
		case ctx.Err() != nil:
			return was, ctx.Err()
		case err != nil && (c.leads == "" || errors.Is(err, state.ErrLocked)):
			return was, err
		case err != nil && !c.failing:
			o.Log.Warn("the lease cannot be read; trying again", "error", explain("the database", err))
		}
		c.failing = err != nil
		select {
		case <-ctx.Done():
		case <-time.After(lease.Pause(o.Lease)):
		}
	}
}

// challenger is one that would lead.
type challenger struct {
	*fence
	o  Options
	me string // in words

	watch   lease.Watch
	was     lease.Row // as it was seen last
	host    string    // who had it then, or before, in words
	leads   string    // the same of one that kept it; empty: there was none yet
	failing bool
}

func (c *challenger) locked(why error) error {
	return fmt.Errorf("%w: %s leads (%w)", state.ErrLocked, c.leads, why)
}

var errAlive = errors.New("it has just written to the database")

// try looks once, and takes the lease where it may be taken.
func (c *challenger) try(ctx context.Context) (done bool, err error) {
	asked := c.clock()
	row, holder, err := readLease(ctx, c.db, "")
	if err != nil {
		return false, fmt.Errorf("read the lease: %w", err)
	}
	last := c.was
	c.was, c.host = row, holder
	if c.watch.Saw(row, asked, c.clock(), c.o.Lease) {
		return c.take(ctx)
	}
	switch {
	case c.leads == "" || last.Holder != row.Holder:
		c.leads = holder
		level := slog.LevelInfo
		if !c.o.Patient { // a command, which a person waits for
			level = slog.LevelWarn
		}
		c.o.Log.Log(ctx, level, "another arcadiad leads; waiting until it ends or is silent", "leader", holder, "for", max(row.Length, c.o.Lease))
	case !c.o.Patient && last != row:
		return false, c.locked(errAlive)
	}
	return false, nil
}

// take takes the lease, unless another one is faster.
func (c *challenger) take(ctx context.Context) (done bool, err error) {
	row, started := c.was.Taken(rand.Text(), c.o.Lease), c.clock()
	result, err := c.db.ExecContext(ctx, `
		UPDATE lease SET holder = $1, epoch = $2, commits = $3, length = $4, host = $5, since = $6 WHERE holder = $7 AND epoch = $8 AND commits = $9`,
		row.Holder, row.Epoch, row.Commits, c.o.Lease.Milliseconds(), c.me, tables.TimeText(time.Now()), c.was.Holder, c.was.Epoch, c.was.Commits)
	if err != nil {
		return false, fmt.Errorf("take the lease: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	c.leader = lease.Lead(c.was, row, started, c.clock(), c.o.OnItsWay)
	return true, nil
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
