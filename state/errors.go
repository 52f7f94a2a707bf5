package state

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// What can be wrong with a state database. All are found with errors.Is; the text of the error says which file and what to do.
var (
	ErrNone       = errors.New("no state database")
	ErrLocked     = errors.New("state database is in use by another arcadiad")
	ErrCorrupt    = errors.New("state database is damaged")
	ErrForeign    = errors.New("not a database of arcadiad")
	ErrReadOnly   = errors.New("state database cannot be written")
	ErrNewer      = errors.New("state database was written by a newer arcadiad")
	ErrOlder      = errors.New("state database was written by an older arcadiad")
	ErrNotRegular = errors.New("state database is not a regular file")
	ErrFull       = errors.New("disk is full")
	ErrFailing    = errors.New("disk is failing")
	ErrSwapped    = errors.New("state database was swapped while it was open")
	ErrClosed     = errors.New("state database is closed")
)

// What can be wrong with a request.
var (
	ErrPinned    = errors.New("pinned to another")
	ErrApproval  = errors.New("action is not approved")
	ErrNoSaga    = errors.New("no such saga")
	ErrAmbiguous = errors.New("more sagas than one")
	ErrEnded     = errors.New("saga has ended")
	ErrRow       = errors.New("row cannot be stored")
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

// damage is the error for a file in which SQLite's check found something.
func damage(path, found string) error {
	return fmt.Errorf("%w: %s: %s (%s)", ErrCorrupt, path, found, hintDamaged)
}

func diagnose(err error) (hint string, sentinel error) {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		switch e.Code {
		case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
			return hintDamaged, ErrCorrupt
		case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth, sqlite3.ErrCantOpen:
			return hintReadOnly, ErrReadOnly
		case sqlite3.ErrFull:
			return hintFull, ErrFull
		case sqlite3.ErrIoErr:
			if hint, sentinel := diagnoseSystem(e.SystemErrno); sentinel != nil {
				return hint, sentinel
			}
			return hintFailing, ErrFailing
		}
		return "", nil
	}
	return diagnoseSystem(err)
}

// diagnoseSystem is diagnose for an error of the system alone.
func diagnoseSystem(err error) (hint string, sentinel error) {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return hintFull, ErrFull
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return hintReadOnly, ErrReadOnly
	}
	return "", nil
}
