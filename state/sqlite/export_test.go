package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"

	"arcadiad/state/tables"
)

// What tests of this package see of its insides.

// CloseOnce closes the store unless the test did.
func (s *Store) CloseOnce() {
	if !s.closed.Load() {
		s.Close()
	}
}

// ShareLock gives another descriptor of the lock, such as a program has that this process is just starting.
func (s *Store) ShareLock() (close func() error, err error) {
	fd, err := syscall.Dup(int(s.lock.file.Fd()))
	return func() error { return syscall.Close(fd) }, err
}

// CountBatches counts the transactions from now on. It must be called before the store is shared.
func (s *Store) CountBatches() *atomic.Int64 {
	var n atomic.Int64
	begin := s.writer.Begin
	s.writer.Begin = func(ctx context.Context) (*tables.Tx, error) {
		n.Add(1)
		return begin(ctx)
	}
	return &n
}

// Hold keeps the writer busy until it is let go, so that requests pile up.
func (s *Store) Hold() (letGo func()) {
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.writer.Write(context.Background(), func(context.Context, *tables.Tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() {
		close(free)
		<-done
	}
}

// Waiting is the number of requests in the queue.
func (s *Store) Waiting() int { return s.writer.Waiting() }

// FillDisk lets the database grow by no more than so many pages: SQLite then fails as it does on a full disk.
func (s *Store) FillDisk(pages int) error {
	return s.writer.Write(context.Background(), func(ctx context.Context, tx *tables.Tx) error {
		var now int
		if err := tx.QueryRowContext(ctx, "PRAGMA page_count").Scan(&now); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", now+pages))
		return err
	})
}

// ReadOnly lets the writer's connection write no more, as on a file system that was mounted anew, or again.
func (s *Store) ReadOnly(on bool) error {
	_, err := s.conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA query_only = %v", on))
	return err
}

// Pragma reads a setting of the writer's connection.
func (s *Store) Pragma(name string) (value string, err error) {
	err = s.writer.Write(context.Background(), func(ctx context.Context, tx *tables.Tx) error {
		return tx.QueryRowContext(ctx, "PRAGMA "+name).Scan(&value)
	})
	return value, err
}

// WriteThroughReader tries to write by a read connection, past all types.
func (r *Reader) WriteThroughReader(ctx context.Context) error {
	tx, err := r.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE control SET fleet = 'x'")
	return errors.Join(err, tx.Rollback())
}

// Migrations is the number of the last migration.
func Migrations() (n int, err error) {
	list, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscanf(filepath.Base(slices.Max(list)), "%05d_", &n)
	return n, err
}

// HoldSnapshot keeps a read transaction open.
func (s *Store) HoldSnapshot(ctx context.Context) (done func() error) {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err == nil {
		err = tx.QueryRowContext(ctx, "SELECT count(*) FROM control").Scan(new(int))
	}
	if err != nil {
		return func() error { return err }
	}
	return tx.Rollback
}
