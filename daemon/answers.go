package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"arcadiad/control"
	"arcadiad/digitalocean"
	"arcadiad/doctor"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// statusOf gives what a state database knows.
func statusOf(ctx context.Context, r state.Reader) (st control.Status, err error) {
	if st.Meta, err = r.Meta(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Resources, err = r.Resources(ctx); err != nil {
		return control.Status{}, err
	}
	if st.Sagas, err = r.Sagas(ctx, saga.Filter{Live: true}); err != nil {
		return control.Status{}, err
	}
	st.Deviations, err = r.Deviations(ctx)
	return st, err
}

// MetaOf gives what the state database at path says of itself, whether a daemon runs or not; where there is none, it says nothing.
func MetaOf(ctx context.Context, path string) (fleet.Meta, error) {
	r, err := sqlite.OpenReader(ctx, path)
	if errors.Is(err, state.ErrNone) {
		return fleet.Meta{}, nil
	}
	if err != nil {
		return fleet.Meta{}, err
	}
	return r.Meta(ctx)
}

// patient is what there is to examine; holds: this process has the state database's lock.
func (l *observer) patient(holds bool) doctor.Patient {
	return doctor.Patient{
		Fleet: l.o.Fleet, Secrets: l.o.secrets(), Token: l.o.Token, API: l.api.Client(digitalocean.PrioritySync), State: l.o.State, Holds: holds,
		Open:   func(ctx context.Context) (state.Reader, error) { return sqlite.OpenReader(ctx, l.o.State) },
		Holder: func() (string, error) { return sqlite.Holder(l.o.State) },
	}
}

// SaveBackup writes a backup to path, as [sqlite.Receive] does.
func SaveBackup(ctx context.Context, path string, backup io.Reader) error {
	return sqlite.Receive(ctx, path, backup)
}

// copies is the pattern of the directories in which copies are made.
const copies = ".arcadiad-copy-*"

// removeCopies removes from beside the state database what a daemon that was killed in the middle of a copy left.
func removeCopies(statePath string) error {
	left, err := filepath.Glob(filepath.Join(filepath.Dir(statePath), copies))
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
