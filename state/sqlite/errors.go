package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"arcadiad/state"
	"arcadiad/state/tables"

	"github.com/mattn/go-sqlite3"
)

// explain adds to an error of SQLite or of the file system what it means for the database at path, and what an operator can do.
// Other errors pass unchanged.
func explain(path string, err error) error {
	if hint, sentinel := diagnose(err); sentinel != nil && !errors.Is(err, sentinel) {
		return fmt.Errorf("%w: %s: %w (%s)", sentinel, path, err, hint)
	}
	return err
}

// What an operator can do.
const (
	hintDamaged  = "move the file away, and restore a backup of it or start without one: droplets are adopted again by their tags"
	hintReadOnly = "the file, its directory and FILE.lock must be writable by the user that arcadiad runs as"
	hintFull     = "free some space; nothing was half written"
	hintFailing  = "see what the system's log says of the disk; nothing was half written"
)

// intact has SQLite look for damage, with one of its two checks.
func intact(ctx context.Context, q queryer, path, check string) error {
	var said string
	if err := q.QueryRowContext(ctx, "PRAGMA "+check+"(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("%w: %s: %s (%s)", state.ErrCorrupt, path, said, hintDamaged)
	}
	return nil
}

// Sound looks for damage in the whole database, as far as SQLite can find it without reading every index. state.ErrCorrupt.
func (r *Reader) Sound(ctx context.Context) error {
	return r.view(ctx, func(ctx context.Context, tx *tables.Tx) error { return intact(ctx, tx, r.path, "quick_check") })
}

func diagnose(err error) (hint string, sentinel error) {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		switch e.Code {
		case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
			return hintDamaged, state.ErrCorrupt
		case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth, sqlite3.ErrCantOpen:
			return hintReadOnly, state.ErrReadOnly
		case sqlite3.ErrFull:
			return hintFull, state.ErrFull
		case sqlite3.ErrIoErr:
			if hint, sentinel := diagnoseSystem(e.SystemErrno); sentinel != nil {
				return hint, sentinel
			}
			return hintFailing, state.ErrFailing
		}
		return "", nil
	}
	return diagnoseSystem(err)
}

// diagnoseSystem is diagnose for an error of the system alone.
func diagnoseSystem(err error) (hint string, sentinel error) {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return hintFull, state.ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return hintReadOnly, state.ErrReadOnly
	}
	return "", nil
}
