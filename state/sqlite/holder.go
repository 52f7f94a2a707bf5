package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Holder tells which process holds the lock of the state database at path; empty: none does. It needs no more than to read FILE.lock.
func Holder(path string) (process string, err error) {
	real, err := resolve(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	f, err := os.Open(real + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", unreadable(path, err)
	}
	defer f.Close()
	// A shared lock, for an instant: it is in nobody's way but that of a start at this very moment.
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		if pid, ok := signedBy(f); ok {
			return fmt.Sprintf("process %d", pid), nil
		}
		return "a process that did not sign", nil
	}
	return "", err
}

// Sound looks for damage in the whole database, as far as SQLite can find it without reading every index. state.ErrCorrupt.
func (r *Reader) Sound(ctx context.Context) error {
	return r.view(ctx, func(ctx context.Context, tx *sql.Tx) error { return intact(ctx, tx, r.path, "quick_check") })
}
