package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"arcadiad/state/sqlite"
)

// Backup writes a consistent copy of the state database to path, beside a running daemon or without one. Where a daemon runs, it
// hands the copy through its control socket: it may well not write where the operator wants the file, nor may the operator read its.
func Backup(ctx context.Context, o Options, path string) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	remote, err := Dial(ctx, o)
	if err == nil {
		return remote.backup(ctx, path)
	}
	if !errors.Is(err, ErrNoDaemon) {
		return err
	}
	r, err := sqlite.OpenReader(ctx, o.State)
	if err != nil {
		return err
	}
	return r.Backup(ctx, path)
}

// serveBackup makes a copy beside the database and sends it. Its file is gone before the first byte goes out.
func (h *app) serveBackup(w http.ResponseWriter, r *http.Request) {
	if _, ok := receive(w, r, mostOrder); !ok {
		return
	}
	f, err := h.copyState(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/vnd.sqlite3")
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10)) // so that the other end knows when it was cut short
	_, _ = io.Copy(w, f)                                                 // the other end knows
}

// copies is the pattern of the directories in which copies are made.
const copies = ".arcadiad-copy-*"

// removeCopies removes what a daemon that was killed in the middle of a copy left.
func (h *app) removeCopies() error {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(h.o.State), copies))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

func (h *app) copyState(ctx context.Context) (*os.File, error) {
	dir, err := os.MkdirTemp(filepath.Dir(h.o.State), copies)
	if err != nil {
		return nil, fmt.Errorf("make the copy: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "copy.db")
	if err := h.store.Backup(ctx, path); err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (r *Remote) backup(ctx context.Context, path string) error {
	resp, err := r.post(ctx, pathBackup, order{})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return refused(pathBackup, resp)
	}
	return sqlite.Receive(ctx, path, resp.Body)
}
