package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"arcadiad/state/sqlite"
)

// SaveBackup writes a backup to path, as [sqlite.Receive] does.
func SaveBackup(ctx context.Context, path string, backup io.Reader) error {
	return sqlite.Receive(ctx, path, backup)
}

// copies is the pattern of the directories in which copies are made.
const copies = ".arcadiad-copy-*"

// removeCopies removes from among the daemon's own files what a daemon that was killed in the middle of a copy left.
func removeCopies(local string) error {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(local), copies))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// copyOf makes a copy in a directory, and opens it. Its file is gone before the first byte is read.
func copyOf(ctx context.Context, in string, backup func(ctx context.Context, path string) error) (io.ReadCloser, error) {
	dir, err := os.MkdirTemp(in, copies)
	if err != nil {
		return nil, fmt.Errorf("make the copy: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "copy.db")
	if err := backup(ctx, path); err != nil {
		return nil, err
	}
	return os.Open(path)
}
