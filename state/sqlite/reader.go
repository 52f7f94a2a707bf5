package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"arcadiad/state"
	"arcadiad/state/tables"
)

// Reader is a state.Reader. One of OpenReader holds nothing between calls: there is nothing to close.
type Reader struct {
	*tables.Reads
	path string
	pool *sql.DB // a Store's read connections; nil: each read opens the file in the way that fits it at that moment

	closed atomic.Bool // the Store was
}

// How often a read is tried again when the daemon starts, stops or swaps files beneath it, and after which pause.
const (
	readTries = 10
	readPause = 50 * time.Millisecond
)

// OpenReader opens the database at path for reading, beside a running daemon or without one, and neither writes nor creates
// anything: no directory, no -wal, no -shm. state.ErrNone: there is no database.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	real, err := resolve(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	r := newReader(real)
	return r, r.view(ctx, func(context.Context, *tables.Tx) error { return nil })
}

func newReader(path string) *Reader {
	r := &Reader{path: path}
	r.Reads = tables.NewReads(path, r.view, func(ctx context.Context, tx *tables.Tx) (int64, error) { return schemaVersion(ctx, tx, path) })
	return r
}

// view gives read one snapshot of the database. It may be called more than once, when the snapshot turns out to be none.
func (r *Reader) view(ctx context.Context, read func(context.Context, *tables.Tx) error) error {
	if r.closed.Load() {
		return state.ErrClosed
	}
	if r.pool != nil {
		return explain(r.path, snapshot(ctx, r.pool, read))
	}
	return r.steadily(ctx, func(f files) error { return r.viewAs(ctx, f, read) })
}

// steadily does something with the files of the database that is only right if nobody changed them meanwhile, or if SQLite's locks
// held: otherwise it does it again.
func (r *Reader) steadily(ctx context.Context, do func(files) error) error {
	for try := 1; ; try++ {
		before, err := lookAt(r.path)
		if err != nil {
			return unreadable(r.path, err)
		}
		if !before.unsettled() {
			err = do(before)
			if err == nil && before.live() {
				return nil // SQLite's own locks kept the snapshot whole, whatever was written meanwhile
			}
			after, gone := lookAt(r.path)
			if gone != nil {
				return unreadable(r.path, gone)
			}
			// A daemon that starts may be making the database at this moment, or bringing it up to date.
			unfinished := errors.Is(err, state.ErrNone) || errors.Is(err, state.ErrOlder)
			if before == after && (try == readTries || !unfinished) {
				return unreadable(r.path, err)
			}
		}
		if try == readTries {
			return r.restless(before, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readPause):
		}
	}
}

// restless explains why no try gave a snapshot.
func (r *Reader) restless(f files, err error) error {
	if f.unsettled() {
		return fmt.Errorf("%s has a -wal file without its -shm file, as after a power cut or a copy (start arcadiad run once, which repairs it)", r.path)
	}
	if err != nil {
		return unreadable(r.path, err)
	}
	return fmt.Errorf("%s kept changing while it was read (try again)", r.path)
}

func (r *Reader) viewAs(ctx context.Context, f files, read func(context.Context, *tables.Tx) error) error {
	if f.db.size == 0 {
		return r.empty()
	}
	db, err := sql.Open("sqlite3", uri(r.path, append(f.options(), "_query_only=on")...))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	return snapshot(ctx, db, func(ctx context.Context, tx *tables.Tx) error {
		at, err := schemaVersion(ctx, tx, r.path)
		switch {
		case errors.Is(err, state.ErrNone):
			return r.empty()
		case err != nil:
			return err
		case at > Schema:
			return newer(r.path, at)
		case at < Schema:
			return fmt.Errorf("%w: %s has schema %d, this one reads %d (start the new arcadiad run once, which brings it up to date)",
				state.ErrOlder, r.path, at, Schema)
		}
		if err := moved(ctx, tx, r.path); err != nil {
			return err
		}
		return read(ctx, tx)
	})
}

func (r *Reader) empty() error {
	return fmt.Errorf("%w: %s is empty (check --state, or start: arcadiad run)", state.ErrNone, r.path)
}

func snapshot(ctx context.Context, db *sql.DB, read func(context.Context, *tables.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return read(ctx, tables.NewTx(tx, dialect()))
}

// unreadable is explain for those who only read: a permission that is missing is not one to write.
func unreadable(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s (check --state, or start: arcadiad run)", state.ErrNone, path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w (run as the user that arcadiad runs as)", err)
	}
	if err = explain(path, err); errors.Is(err, state.ErrReadOnly) {
		return fmt.Errorf("%s cannot be read now: %w", path, errors.Unwrap(err))
	}
	return err
}

// files is what lies at the database's path: enough to tell whether it changed.
type files struct{ db, wal, shm mark }

type mark struct {
	exists  bool
	size    int64
	changed time.Time
}

// lookAt looks without opening. A database that is not there is fs.ErrNotExist.
func lookAt(path string) (f files, err error) {
	if f.db, err = markOf(path); err != nil {
		return files{}, err
	}
	if !f.db.exists {
		return files{}, fs.ErrNotExist
	}
	if f.wal, err = markOf(path + "-wal"); err != nil {
		return files{}, err
	}
	f.shm, err = markOf(path + "-shm")
	f.shm.changed = time.Time{} // readers change it too
	return f, err
}

func markOf(path string) (mark, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, nil
	}
	if err != nil {
		return mark{}, err
	}
	return mark{true, info.Size(), info.ModTime()}, nil
}

// live: a daemon runs, or was killed, and commits may lie in the -wal file alone.
func (f files) live() bool { return f.wal.exists && f.shm.exists }

// unsettled: those commits cannot be read without making a -shm file. For an instant it looks so when the daemon starts or stops.
func (f files) unsettled() bool { return !f.shm.exists && f.wal.size > 0 }

// options of SQLite by which reading leaves no trace:
//
//   - After a clean stop the file is complete. A plain read-only connection would make -wal and -shm files; immutable does not, and
//     needs no locks, so view checks afterwards that nobody wrote.
//   - Beside a running daemon a read-only -shm is enough to take part in SQLite's locks.
//   - After a kill nobody holds those, and SQLite makes its index of the -wal file in memory, because -shm is read-only.
func (f files) options() []string {
	if f.live() {
		return besideDaemon()
	}
	return []string{"mode=ro", "immutable=1"}
}

func besideDaemon() []string {
	return []string{"mode=ro", "readonly_shm=1", fmt.Sprintf("_busy_timeout=%d", busyTimeout.Milliseconds())}
}
