package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"arcadiad/state"
	"arcadiad/state/tables"
)

const (
	busyTimeout = 5 * time.Second // how long a statement waits for a lock of another process
	readers     = 4               // read connections of a Store
)

// Options of Open. The zero value is fine.
type Options struct {
	Log *slog.Logger // default: nothing is logged
}

// Store is an open state database that may be written to. There is one per file, in one process. Its methods may be called from
// many goroutines at once.
type Store struct {
	*Reader
	*tables.Writes
	writer *tables.Writer
	conn   *sql.Conn   // the writer's
	db     *sql.DB     // of that one connection
	file   fs.FileInfo // what path was when it was opened
	lock   *lock
}

// Open opens the state database at path, makes it where there is none (the directory with mode 0700, the file with 0600), takes
// its lock and brings its schema up to date. The errors are the sentinels of this package; when there is one, nothing is held.
//
// A Store has goroutines, which end with Close. In a synctest bubble it must be opened and closed inside.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explain(path, err)
	}
	real, err := resolve(path)
	if err != nil {
		return nil, explain(path, err)
	}
	s := &Store{Reader: newReader(real)}
	if err := s.open(ctx, o); err != nil {
		s.release()
		return nil, explain(path, err)
	}
	go s.writer.Run()
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) (err error) {
	if s.lock, err = takeLock(s.path); err != nil {
		return err
	}
	if s.file, err = prepare(s.path); err != nil {
		return err
	}
	busy := fmt.Sprintf("_busy_timeout=%d", busyTimeout.Milliseconds())
	if err := s.examine(ctx, busy); err != nil {
		return err
	}
	// FULL: go-sqlite3 would take NORMAL in WAL mode, and lose the last commits with the power.
	s.db, err = sql.Open("sqlite3", uri(s.path, "mode=rw", "_journal_mode=WAL", "_synchronous=FULL", "_foreign_keys=on",
		"_secure_delete=on", "_txlock=immediate", "_stmt_cache_size=64", busy))
	if err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if err := migrate(ctx, s.db); err != nil {
		return err
	}
	if err := moved(ctx, s.db, s.path); err != nil {
		return err
	}
	if s.pool, err = sql.Open("sqlite3", uri(s.path, "mode=ro", "_query_only=on", "_stmt_cache_size=32", busy)); err != nil {
		return err
	}
	s.pool.SetMaxOpenConns(readers)
	s.pool.SetMaxIdleConns(readers)
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	// A reader that may not write to the -shm file, as OpenReader's, needs a mark there which the first read leaves behind.
	if _, err := s.conn.ExecContext(ctx, "UPDATE control SET id = id"); err != nil {
		return err
	}
	if err := s.settle(ctx, o.Log); err != nil {
		return err
	}
	s.writer = s.newWriter(o.Log)
	s.Writes = tables.NewWrites(s.Reads, s.writer)
	return s.view(ctx, func(ctx context.Context, tx *tables.Tx) error {
		_, err := schemaVersion(ctx, tx, s.path)
		return err
	})
}

// settle does what a store does first.
func (s *Store) settle(ctx context.Context, log *slog.Logger) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit
	moved, err := tables.Settle(ctx, tables.NewTx(tx, dialect()), time.Now())
	if err != nil {
		return err
	}
	if moved > 0 {
		log.Warn("the state database held times of the future: the clock went back, and they count as now", "rows", moved)
	}
	return tx.Commit()
}

// examine finds damage, as far as SQLite can find it without reading every index, and databases that are not for this binary. It
// is done by a connection of its own, because to switch a foreign database to WAL mode would change it.
func (s *Store) examine(ctx context.Context, options ...string) error {
	db, err := sql.Open("sqlite3", uri(s.path, append(options, "mode=rw")...))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := intact(ctx, db, s.path, "quick_check"); err != nil {
		return err
	}
	switch at, err := schemaVersion(ctx, db, s.path); {
	case errors.Is(err, state.ErrNone): // a new file
		return nil
	case err != nil:
		return err
	case at > Schema:
		return newer(s.path, at)
	}
	return nil
}

// Check tells whether the store may go on: the file at its path is still the one that is open, and so is the lock (law 11). The
// same is checked before each commit. The error is state.ErrSwapped.
func (s *Store) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.check()
}

func (s *Store) check() error {
	if err := same(s.path, s.file); err != nil {
		return err
	}
	return same(s.lock.path, s.lock.info)
}

// Close lets what was handed in be written, then closes everything. Methods called after it fail with state.ErrClosed.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.writer.Close()
	return s.release()
}

// release gives back whatever open took, in the order that keeps the lock longest.
func (s *Store) release() error {
	var errs []error
	if s.pool != nil {
		errs = append(errs, s.pool.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
