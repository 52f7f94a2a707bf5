package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"arcadiad/state"
	"arcadiad/state/tables"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// mark is what the one row of the table lease says: who may write, and how often something was written.
type mark struct {
	holder         string
	epoch, commits int64
}

// fence lets one process write. Its last word in each transaction is to count the row on from just the mark that it left there. Where the row
// is another, somebody else has taken it, or the database has lost commits: then nothing of the transaction is kept, and nothing is written
// again.
type fence struct {
	db   *sql.DB
	mark mark // the writer's

	mu   sync.Mutex
	lost error // why nothing is written any more; nil: all is well
}

// take makes this process the one that writes, and ends that right for whoever had it.
func (f *fence) take(ctx context.Context) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	mine := mark{holder: rand.Text()}
	err = f.db.QueryRowContext(ctx, `
		UPDATE lease SET holder = $1, epoch = epoch + 1, commits = commits + 1, host = $2, since = $3 RETURNING epoch, commits`,
		mine.holder, fmt.Sprintf("%s, process %d", host, os.Getpid()), tables.TimeText(time.Now())).Scan(&mine.epoch, &mine.commits)
	if err != nil {
		return fmt.Errorf("take the right to write: %w", err)
	}
	f.mark = mine
	return nil
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
	f.lost = why
	return why
}

// begin begins a transaction. While this process is stopped, or cut off, the database must not wait for it for long with the rows locked.
// What was answered must stay: a server that would answer before it is durable is told not to.
func (f *fence) begin(ctx context.Context) (*tables.Tx, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	const settings = `SELECT set_config('idle_in_transaction_session_timeout', '5s', true), set_config('lock_timeout', '5s', true),
		CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', true) END`
	if _, err := tx.ExecContext(ctx, settings); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tables.NewTx(tx, dialect()), nil
}

// commit counts the row on and commits. When the answer to the commit is lost it finds out what became of it.
func (f *fence) commit(ctx context.Context, tx *tables.Tx) error {
	done, err := tx.ExecContext(ctx, "UPDATE lease SET commits = commits + 1 WHERE holder = ? AND epoch = ? AND commits = ?",
		f.mark.holder, f.mark.epoch, f.mark.commits)
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
	err = tx.Commit()
	if err == nil {
		f.mark.commits++
		return nil
	}
	if refused(err) {
		return err
	}
	return f.resolve(err)
}

// refused tells that a commit certainly did not happen.
func refused(err error) bool {
	_, said := errors.AsType[*pgconn.PgError](err)
	return said || errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone) || pgconn.SafeToRetry(err)
}

// resolveTime is how long a lost answer to a commit is asked for.
const resolveTime = 20 * time.Second

// resolve finds out whether a commit whose answer was lost has happened, by the row that it counts on. The row is locked until the commit
// has ended either way. Without an answer nothing is written any more: nobody here would know what the database has.
func (f *fence) resolve(lost error) error {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTime)
	defer cancel()
	for {
		now, err := f.locked(ctx)
		switch {
		case err == nil && now == f.mark:
			return lost
		case err == nil && now == mark{f.mark.holder, f.mark.epoch, f.mark.commits + 1}:
			f.mark = now
			return nil
		case err == nil:
			return f.end(f.differs(now, ""))
		}
		select {
		case <-ctx.Done():
			return f.end(fmt.Errorf("%w: the answer to a commit is lost, and the database does not say what became of it: %w (restart arcadiad)",
				state.ErrSwapped, errors.Join(lost, err)))
		case <-time.After(resolvePause):
		}
	}
}

const resolvePause = 200 * time.Millisecond

// locked reads the row once no transaction has it locked.
func (f *fence) locked(ctx context.Context) (now mark, err error) {
	err = f.db.QueryRowContext(ctx, "SELECT holder, epoch, commits FROM lease FOR UPDATE").Scan(&now.holder, &now.epoch, &now.commits)
	return now, err
}

// why reads in the transaction that found another row what is in it.
func (f *fence) why(ctx context.Context, tx *tables.Tx) error {
	var now mark
	var host string
	if err := tx.QueryRowContext(ctx, "SELECT holder, epoch, commits, host FROM lease").Scan(&now.holder, &now.epoch, &now.commits, &host); err != nil {
		return fmt.Errorf("%w: the right to write is gone: %w", state.ErrSwapped, err)
	}
	return f.differs(now, host)
}

func (f *fence) differs(now mark, host string) error {
	if now.holder == f.mark.holder {
		return fmt.Errorf("%w: it has lost commits (restart arcadiad, which looks before it sends anything again)", state.ErrSwapped)
	}
	if host != "" {
		host = ": " + host
	}
	return fmt.Errorf("%w: another arcadiad has taken the right to write%s (see: arcadiad status)", state.ErrLocked, host)
}
