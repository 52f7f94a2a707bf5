package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"arcadiad/state"
	"arcadiad/state/tables"

	"golang.org/x/sys/unix"
)

// Backup writes a copy of the database to path: whole, as of one moment, whatever is written meanwhile, and without the remains of
// what was erased. It needs no -wal file beside it. The file is for its owner alone (0600), because sagas that are live keep their
// user_data in it. It appears under its name when it is complete and on the disk. state.ErrExists: there is something at path.
func (r *Reader) Backup(ctx context.Context, path string) error {
	return place(ctx, path, func(temp string) error {
		if r.closed.Load() {
			return state.ErrClosed
		}
		if r.pool != nil {
			return explain(r.path, r.copyTo(ctx, temp, besideDaemon()...))
		}
		return r.steadily(ctx, func(f files) error {
			if err := r.viewAs(ctx, f, func(context.Context, *tables.Tx) error { return nil }); err != nil {
				return err
			}
			if err := os.Truncate(temp, 0); err != nil { // SQLite fills only an empty file
				return err
			}
			return r.copyTo(ctx, temp, f.options()...)
		})
	})
}

// Receive writes a backup that comes from elsewhere to path, as [Reader.Backup] does. What is cut short or no database of arcadiad
// is refused, and leaves nothing behind.
func Receive(ctx context.Context, path string, backup io.Reader) error {
	return place(ctx, path, func(temp string) error {
		f, err := os.OpenFile(temp, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, backup)
		return errors.Join(err, f.Close())
	})
}

// Fill makes a backup of another database at path: fill writes all that is in it. The file appears under its name when it is complete and on
// the disk. state.ErrExists: there is something at path.
func Fill(ctx context.Context, path string, fill func(context.Context, *tables.Tx) error) error {
	return place(ctx, path, func(temp string) error {
		db, err := sql.Open("sqlite3", uri(temp, "mode=rw", "_foreign_keys=on"))
		if err != nil {
			return err
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if err := migrate(ctx, db); err != nil {
			return err
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after a commit
		if err := fill(ctx, tables.NewTx(tx, dialect())); err != nil {
			return err
		}
		return errors.Join(tx.Commit(), markCopy(ctx, temp))
	})
}

// copyTo is SQLite's own way to copy a database while others write to it. It has a connection of its own: one that is query_only
// does not write a copy either.
func (r *Reader) copyTo(ctx context.Context, path string, options ...string) error {
	db, err := sql.Open("sqlite3", uri(r.path, options...))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return err
	}
	return markCopy(ctx, path)
}

// markCopy writes into a backup that it is one. Nobody else has the file open.
func markCopy(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", uri(path, "mode=rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "UPDATE control SET copied_at = ?", tables.TimeText(time.Now()))
	return err
}

// place fills a file beside path, checks that it is a database of arcadiad, and gives it its name.
func place(ctx context.Context, path string, fill func(temp string) error) (err error) {
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%w: %s (choose another name)", state.ErrExists, path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer os.Remove(f.Name()) // what is not placed is not left
	defer f.Close()
	if err = fill(f.Name()); err == nil {
		err = sound(ctx, f.Name())
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = rename(f.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s (choose another name)", state.ErrExists, path)
	}
	if err != nil {
		return fmt.Errorf("write the backup %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// sound checks a database that nobody else has open.
func sound(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", uri(path, "mode=ro", "immutable=1", "_query_only=on"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := intact(ctx, db, path, "integrity_check"); err != nil {
		return explain(path, err)
	}
	_, err = schemaVersion(ctx, db, path)
	return err
}

// rename gives a file its name unless that is taken.
func rename(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS) { // the file system cannot
		return os.Link(from, to)
	}
	return err
}

// syncDir makes a new name durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
