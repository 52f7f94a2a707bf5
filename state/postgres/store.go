package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
	"arcadiad/state/lease"
	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5/stdlib"
)

const (
	connections  = 5               // of a Store: one writes
	releaseLimit = 5 * time.Second // how long Close tries to give the lease back
)

// Options of Open. The zero value is fine.
type Options struct {
	Log      *slog.Logger  // default: nothing is logged
	Lease    time.Duration // how long the lease lasts without a commit; default: lease.DefaultLength
	OnItsWay time.Duration // how long a request of the one that the lease is taken from may be on its way; at least the lease
	Patient  bool          // waits for as long as another Store leads; else state.ErrLocked as soon as that one shows that it does
	Known    bool          // there was a state in the database: no tables are made where it is empty now, and the error is state.ErrNone

	limit time.Duration        // of one transaction; default: half the lease, so that a dead connection does not cost it
	clock func() time.Duration // default: lease.Clock
}

// Store is an open state database that may be written to. Its methods may be called from many goroutines at once.
type Store struct {
	*Reader
	*tables.Writes
	writer *tables.Writer
	fence  *fence

	endRenewing context.CancelFunc
	renewing    sync.WaitGroup
}

// Open opens the state database that the URL names, makes its tables where there are none, or brings them up to date, and takes the lease. While
// another Store has it, wherever that runs, it waits until that one is silent for the length of the lease, or returns state.ErrLocked
// ([Options.Patient]). The errors are the sentinels of package state; when there is one, nothing is held.
//
// A Store has goroutines, which end with Close.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Lease = cmp.Or(o.Lease, lease.DefaultLength)
	if o.clock == nil {
		o.clock = lease.Clock
	}
	c, err := configure(url)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &Store{Reader: newReader(shown(c)), writer: tables.NewWriter()}
	s.db, s.fence = db, &fence{db: db, dialect: s.dialect, clock: o.clock, over: make(chan struct{})}
	s.Writes = tables.NewWrites(s.Reads, s.writer)
	if err := s.open(ctx, o); err != nil {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseLimit)
		defer cancel()
		return nil, errors.Join(explain(s.name, err), s.fence.release(release), db.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	at, err := schemaVersion(ctx, s.db, s.name)
	switch {
	case errors.Is(err, state.ErrNone) && o.Known:
		return fmt.Errorf("%w (%s)", err, emptied)
	case errors.Is(err, state.ErrNone):
		if err := migrate(ctx, s.db); err != nil {
			return err
		}
		at = Schema
	case err != nil:
		return err
	case at > Schema:
		return newer(s.name, at)
	}
	was, err := s.fence.challenge(ctx, o)
	if err != nil {
		return err
	}
	if at < Schema { // not before it leads: an older arcadiad may lead until then
		if err := migrate(ctx, s.db); err != nil {
			return err
		}
	}
	if err := s.settle(ctx, was, o.Log); err != nil {
		return err
	}
	s.writer.Begin, s.writer.Commit, s.writer.Limit = s.fence.begin, s.fence.commit, cmp.Or(o.limit, o.Lease/2)
	s.writer.Fail = func(err error) error { return explain(s.name, err) }
	go s.writer.Run()
	ctx, s.endRenewing = context.WithCancel(context.WithoutCancel(ctx))
	s.renewing.Go(func() { s.renew(ctx, o.Lease, o.Log) })
	return nil
}

// settle does what a store does first. Where the lease was taken from another one, a failover may have lost its last commits, so its live sagas
// look before they send anything, as those of a backup do (law 16). Where it was on another host, no time of that one's clock may help to prove
// that a droplet is gone.
func (s *Store) settle(ctx context.Context, was before, log *slog.Logger) error {
	tx, err := s.fence.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	moved, err := tables.Settle(ctx, tx, time.Now())
	if err != nil {
		return err
	}
	if moved > 0 {
		log.Warn("the state database held times of the future: the clock went back, and they count as now", "rows", moved)
	}
	if was.died {
		if err := tables.DoubtLive(ctx, tx); err != nil {
			return err
		}
	}
	if was.host {
		if err := tables.RestartAbsences(ctx, tx); err != nil {
			return err
		}
	}
	return s.fence.commit(ctx, tx)
}

// Check tells whether the store may go on, as far as it knows: that nobody else has taken the right to write is looked for in each commit.
func (s *Store) Check(ctx context.Context) error {
	return errors.Join(ctx.Err(), s.fence.check())
}

// Lost is closed when the store may write nothing any more, until arcadiad opens it again: Check then says why.
func (s *Store) Lost() <-chan struct{} { return s.fence.over }

// Close lets what was handed in be written, gives the lease back, then closes everything. Methods called after it fail with state.ErrClosed.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.endRenewing()
	s.renewing.Wait()
	s.writer.Close()
	ctx, cancel := context.WithTimeout(context.Background(), releaseLimit)
	defer cancel()
	return errors.Join(s.fence.release(ctx), s.db.Close())
}

// Reader is a state.Reader. One of OpenReader holds nothing between calls: there is nothing to close.
type Reader struct {
	*tables.Reads
	name    string // shown
	dialect *tables.Dialect
	open    func() *sql.DB // for one read
	db      *sql.DB        // a Store's; nil: each read opens its own

	closed atomic.Bool // the Store was
}

func newReader(name string) *Reader {
	r := &Reader{name: name, dialect: dialect()}
	r.Reads = tables.NewReads(name, r.view, func(ctx context.Context, tx *tables.Tx) (int64, error) { return schemaVersion(ctx, tx, name) })
	return r
}

// OpenReader opens the database for reading, beside daemons or without one, and neither writes nor creates anything. state.ErrNone: it has
// no tables.
func OpenReader(ctx context.Context, url string) (*Reader, error) {
	c, err := configure(url)
	if err != nil {
		return nil, err
	}
	r := newReader(shown(c))
	r.open = func() *sql.DB { return stdlib.OpenDB(*c) }
	return r, r.view(ctx, func(context.Context, *tables.Tx) error { return nil })
}

// view gives read one snapshot of the database.
func (r *Reader) view(ctx context.Context, read func(context.Context, *tables.Tx) error) error {
	if r.closed.Load() {
		return state.ErrClosed
	}
	if r.db != nil {
		return explain(r.name, r.snapshot(ctx, r.db, read))
	}
	db := r.open()
	defer db.Close()
	return explain(r.name, r.snapshot(ctx, db, func(ctx context.Context, tx *tables.Tx) error {
		switch at, err := schemaVersion(ctx, tx, r.name); {
		case err != nil:
			return err
		case at > Schema:
			return newer(r.name, at)
		case at < Schema:
			return older(r.name, at)
		}
		return read(ctx, tx)
	}))
}

func (r *Reader) snapshot(ctx context.Context, db *sql.DB, read func(context.Context, *tables.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return read(ctx, tables.NewTx(tx, r.dialect))
}

// Meta tells what tables.Reads does, and who leads.
func (r *Reader) Meta(ctx context.Context) (fleet.Meta, error) {
	m, err := r.Reads.Meta(ctx)
	if err != nil {
		return m, err
	}
	m.Leader, err = r.Leader(ctx)
	return m, err
}

// Leader reads who has the lease.
func (r *Reader) Leader(ctx context.Context) (*fleet.Leader, error) {
	var l fleet.Leader
	err := r.view(ctx, func(ctx context.Context, tx *tables.Tx) (err error) {
		var holder, host string
		var since sql.NullString
		if err := tx.QueryRowContext(ctx, "SELECT holder, host, epoch, since FROM lease").Scan(&holder, &host, &l.Epoch, &since); err != nil {
			return err
		}
		if holder == "" {
			return nil
		}
		l.Host = host
		l.Since, err = time.Parse(time.RFC3339Nano, since.String)
		return err
	})
	return &l, err
}

// Sound tells whether the database can be read. Whether its files are whole is for its server to say.
func (r *Reader) Sound(ctx context.Context) error {
	_, err := r.Meta(ctx)
	return err
}
