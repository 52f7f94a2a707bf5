package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"arcadiad/state/tables"
)

// Bounds of emptying the -wal file.
const (
	cleanDelay    = time.Second            // from the first erased secret until the -wal file is emptied
	cleanPatience = 100 * time.Millisecond // how long emptying waits for readers, while everyone else waits for it
)

// newWriter writes through the store's one connection, as long as the file and the lock are those that were opened.
func (s *Store) newWriter(log *slog.Logger) *tables.Writer {
	w := tables.NewWriter()
	w.Begin = func(ctx context.Context) (*tables.Tx, error) {
		if err := s.check(); err != nil {
			return nil, err
		}
		tx, err := s.conn.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		return tables.NewTx(tx, dialect()), nil
	}
	w.Commit = func(_ context.Context, tx *tables.Tx) error { return tx.Commit() }
	w.Fail = func(err error) error { return explain(s.path, err) }
	w.Clean, w.Delay = func() bool { return s.clean(log) }, cleanDelay
	return w
}

// clean empties the -wal file, where pages with erased secrets may still lie. It is not urgent enough to let writers wait for a
// reader: false says that one was in the way.
func (s *Store) clean(log *slog.Logger) bool {
	ctx := context.Background()
	var busy, frames, done int
	err := s.patience(ctx, cleanPatience)
	if err == nil {
		err = s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done)
	}
	if restored := s.patience(ctx, busyTimeout); err == nil {
		err = restored
	}
	if err != nil {
		log.Warn("the -wal file could not be emptied of erased secrets; trying again", "error", explain(s.path, err))
		return false
	}
	return busy == 0
}

// patience sets how long the connection waits for locks of other processes.
func (s *Store) patience(ctx context.Context, d time.Duration) error {
	_, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
	return err
}
