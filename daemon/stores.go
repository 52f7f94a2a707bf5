package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/sqlite"
)

// store is all that a daemon needs of a store.
type store interface {
	state.Store
	reconcile.Store
}

// reader is all that a command needs of a state database that it only reads.
type reader interface {
	state.Reader
	// Backup writes a copy to the file at path: whole, and as of one moment.
	Backup(ctx context.Context, path string) error
}

// CheckState tells what is wrong with the URL of a database that hosts share. It does not look for the database.
func CheckState(url string) error { return postgres.Check(url) }

// StateWithout gives the URL of a database that hosts share without its password, and the password.
func StateWithout(url string) (without, password string, err error) { return postgres.Without(url) }

// openReader opens a state database for reading.
func openReader(ctx context.Context, name string) (reader, error) {
	if Shared(name) {
		r, err := postgres.OpenReader(ctx, name)
		if err != nil {
			return nil, err // and no reader that is a nil pointer
		}
		return r, nil
	}
	r, err := sqlite.OpenReader(ctx, name)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// openStore opens the state database for a command, which does not wait for another one that has it. Who sends something to the account waits
// until nothing of the one before can be on its way.
func openStore(ctx context.Context, o Options, sends bool) (store, error) {
	if !Shared(o.State) {
		s, err := sqlite.Open(ctx, o.State, sqlite.Options{Log: o.Log})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := openShared(ctx, o, postgres.Options{})
	if err != nil {
		return nil, err
	}
	if sends {
		if d := s.QuietFor(); d > 0 {
			o.Log.Warn("the lease was taken from an arcadiad that is silent; waiting until none of its requests can be on its way", "for", d.Round(time.Second))
		}
		if err := s.Quiet(ctx); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// openShared opens a database that several hosts share, as the one who leads.
func openShared(ctx context.Context, o Options, how postgres.Options) (*postgres.Store, error) {
	how.Log, how.Lease = o.Log, o.Lease
	how.OnItsWay = min(digitalocean.DefaultWriteTimeout, o.CreateSettle) // whoever shortens the settle time says how quick the API is
	return postgres.Open(ctx, o.State, how)
}

// shown names the state database in logs.
func (o Options) shown() string {
	if Shared(o.State) {
		return postgres.Shown(o.State)
	}
	return o.State
}

// makeLocal makes the directory of the daemon's own files, where the state database is not there itself.
func (o Options) makeLocal() error {
	if err := os.MkdirAll(filepath.Dir(o.Local), 0o700); err != nil {
		return fmt.Errorf("make the directory of the control socket: %w", err)
	}
	return nil
}

// Copied is what was copied from a state file.
type Copied struct {
	Rows int
	Meta fleet.Meta // of the file
}

// CopyState copies a state file into a new database that hosts share, and marks the file as moved.
func CopyState(ctx context.Context, from, to string, log *slog.Logger) (c Copied, err error) {
	_, err = sqlite.OpenReader(ctx, from)
	for _, never := range []error{state.ErrNone, state.ErrForeign, state.ErrCorrupt} { // Open would leave files beside them
		if errors.Is(err, never) {
			return c, err
		}
	}
	file, err := sqlite.Open(ctx, from, sqlite.Options{Log: log})
	if err != nil {
		return c, err
	}
	defer file.Close()
	if c.Meta, err = file.Meta(ctx); err != nil {
		return c, err
	}
	contents, err := postgres.CopyFrom(ctx, file, to)
	for _, content := range contents {
		c.Rows += content.Rows
	}
	return c, err
}
