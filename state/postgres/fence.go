package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"arcadiad/state"
	"arcadiad/state/lease"
	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// fence lets one process write. Its last word in each transaction is to count the row of the table lease on from just what it left there.
// Where the row is another, somebody else has taken it, or the database has lost commits: then nothing of the transaction is kept, and nothing
// is written again.
type fence struct {
	db      *sql.DB
	dialect *tables.Dialect
	clock   func() time.Duration
	leader  *lease.Leader

	mu   sync.Mutex
	lost error         // why nothing is written any more; nil: all is well
	over chan struct{} // is closed then
}

// check tells whether this process may write, as far as it knows.
func (f *fence) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

// end lets nothing be written any more.
func (f *fence) end(why error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost == nil {
		close(f.over)
	}
	f.lost = why
	return why
}

// begin begins a transaction. While this process is stopped, or cut off, the database must not wait for it for long with the rows locked.
// What was answered must stay: a server that would answer before it is durable is told not to.
func (f *fence) begin(ctx context.Context) (*tables.Tx, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	conn, err := f.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	begun, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	tx := tables.NewPipelinedTx(begun, f.dialect, pipeline(conn), func() { conn.Close() })
	const settings = `SELECT set_config('idle_in_transaction_session_timeout', '5s', true), set_config('lock_timeout', '5s', true),
		CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END`
	if _, err := tx.ExecContext(ctx, settings); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// commit counts the row on and commits. When the answer to the commit is lost it finds out what became of it.
func (f *fence) commit(ctx context.Context, tx *tables.Tx) error {
	started, was := f.clock(), f.leader.Row()
	done, err := tx.ExecContext(ctx, "UPDATE lease SET commits = commits + 1 WHERE holder = ? AND epoch = ? AND commits = ?",
		was.Holder, was.Epoch, was.Commits)
	if _, sentinel := diagnose(err); sentinel == state.ErrSwapped {
		return f.end(fmt.Errorf("%w: its tables are gone (%s)", state.ErrSwapped, emptied))
	}
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return f.end(f.why(ctx, tx))
	}
	if err := tx.Commit(); err != nil {
		if refused(err) {
			return err
		}
		if err := f.resolve(was, err); err != nil {
			return err
		}
	}
	if f.leader.Committed(started, f.clock()); f.leader.Lapsed() {
		f.end(fmt.Errorf("%w: nothing could be committed for %v, and another arcadiad may have led meanwhile (the next one to lead looks "+
			"before it sends anything)", state.ErrLapsed, was.Length))
	}
	return nil
}

// refused tells that a commit certainly did not happen.
func refused(err error) bool {
	_, said := errors.AsType[*pgconn.PgError](err)
	return said || errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone) || pgconn.SafeToRetry(err)
}

const (
	resolveTime  = 20 * time.Second // how long a lost answer to a commit is asked for
	resolvePause = 200 * time.Millisecond
)

// resolve finds out whether a commit whose answer was lost has happened, by the row that it counts on; nil: it has. The row is locked until
// the commit has ended either way. Without an answer nothing is written any more: nobody here would know what the database has.
func (f *fence) resolve(was lease.Row, lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	for {
		now, host, err := readLease(ctx, f.db, "FOR UPDATE")
		switch {
		case err == nil && now == was:
			return lost
		case err == nil && now == was.Next():
			return nil
		case err == nil:
			return f.end(differs(was, now, host))
		}
		select {
		case <-ctx.Done():
			return f.end(fmt.Errorf("%w: the answer to a commit is lost, and the database does not say what became of it: %w",
				state.ErrSwapped, errors.Join(lost, err)))
		case <-time.After(resolvePause):
		}
	}
}

// readLease reads the row, and who holds it in words. FOR UPDATE waits until no transaction has the row locked.
func readLease(ctx context.Context, q queryer, lock string) (row lease.Row, host string, err error) {
	var length int64
	err = q.QueryRowContext(ctx, "SELECT holder, epoch, commits, length, host FROM lease "+lock).
		Scan(&row.Holder, &row.Epoch, &row.Commits, &length, &host)
	row.Length = time.Duration(length) * time.Millisecond
	return row, host, err
}

// why reads in the transaction that found another row what is in it.
func (f *fence) why(ctx context.Context, tx *tables.Tx) error {
	now, host, err := readLease(ctx, tx, "")
	if err != nil {
		return fmt.Errorf("%w: the right to write is gone: %w", state.ErrSwapped, err)
	}
	return differs(f.leader.Row(), now, host)
}

func differs(was, now lease.Row, host string) error {
	if now.Holder == was.Holder {
		return fmt.Errorf("%w: it has lost commits (the next one to lead looks before it sends anything)", state.ErrSwapped)
	}
	return fmt.Errorf("%w: another one has taken the right to write: %s", state.ErrLocked, host)
}
