package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"arcadiad/state"
)

// Bounds of the writer.
const (
	maxBatch      = 1024                   // requests that share one transaction
	cleanDelay    = time.Second            // from the first erased secret until the -wal file is emptied
	cleanPatience = 100 * time.Millisecond // how long emptying waits for readers, while everyone else waits for it
)

// txn is a request's view of the transaction that it shares.
type txn struct {
	*sql.Tx
	erased bool // set by a request that erased a secret
}

func (t *txn) exec(ctx context.Context, query string, args ...any) error {
	_, err := t.ExecContext(ctx, query, args...)
	return err
}

// change carries out a statement, and tells how many rows it changed.
func (t *txn) change(ctx context.Context, query string, args ...any) (rows int64, err error) {
	done, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// request is one piece of work for the writer: all of it is committed, or none.
type request struct {
	do   func(context.Context, *txn) error
	err  error
	done chan struct{} // closed when err is final
}

// writer is the one goroutine that writes. It gathers the requests that wait into one transaction, so that they share its fsync;
// each has a savepoint of its own, so that one that fails leaves its neighbours alone.
type writer struct {
	conn  *sql.Conn
	check func() error // before each commit: is this still the file, and ours?
	fail  func(error) error
	log   *slog.Logger

	wake    chan struct{} // has one element when the queue may have work
	stopped chan struct{} // closed when the goroutine is gone

	mu     sync.Mutex
	queue  []*request
	closed bool
}

// write has do carried out in a transaction, and returns when that is durable. When ctx ends before the work was taken up, nothing
// is written and the error is that of ctx; after that the work is waited for, so the answer is never in doubt.
func (w *writer) write(ctx context.Context, do func(context.Context, *txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{do: do, done: make(chan struct{})}
	if err := w.put(r); err != nil {
		return err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if w.withdraw(r) {
			return ctx.Err()
		}
		<-r.done
	}
	return r.err
}

func (w *writer) put(r *request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return state.ErrClosed
	}
	w.queue = append(w.queue, r)
	w.signal()
	return nil
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// withdraw takes a request out of the queue; false: the writer has it already.
func (w *writer) withdraw(r *request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.queue)
	w.queue = slices.DeleteFunc(w.queue, func(q *request) bool { return q == r })
	return len(w.queue) < before
}

// take gives the next batch; last: there will be no more.
func (w *writer) take() (batch []*request, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), maxBatch)
	batch = w.queue[:n:n]
	w.queue = w.queue[n:]
	if len(w.queue) > 0 {
		w.signal()
	}
	return batch, w.closed && len(w.queue) == 0
}

// close lets what waits be written, and returns when the goroutine is gone.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.signal()
	w.mu.Unlock()
	<-w.stopped
}

// run is the writer's goroutine.
func (w *writer) run() {
	defer close(w.stopped)
	var clean <-chan time.Time // fires when the -wal file is to be emptied of secrets
	for {
		select {
		case <-w.wake:
			batch, last := w.take()
			if w.commit(batch) && clean == nil {
				clean = time.After(cleanDelay)
			}
			if !last {
				continue
			}
			if clean != nil {
				w.clean()
			}
			return
		case <-clean:
			clean = nil
			if !w.clean() {
				clean = time.After(cleanDelay)
			}
		}
	}
}

// commit carries out a batch in one transaction and answers each of its requests. It tells whether a secret was erased.
func (w *writer) commit(batch []*request) (erased bool) {
	if len(batch) == 0 {
		return false
	}
	erased, err := w.transact(batch)
	for _, r := range batch {
		if r.err == nil && err != nil {
			r.err = err
		}
		if r.err != nil {
			r.err = w.fail(r.err)
		}
		close(r.done)
	}
	return erased && err == nil
}

// transact gives the error that befell the whole transaction; what befell one request alone is kept in the request.
func (w *writer) transact(batch []*request) (erased bool, err error) {
	if err := w.check(); err != nil {
		return false, err
	}
	ctx := context.Background() // the batch is not one caller's: nobody can cancel it for the others
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() // does nothing after a commit
	for _, r := range batch {
		t := &txn{Tx: tx}
		if err := w.attempt(ctx, t, r); err != nil {
			return false, err
		}
		erased = erased || t.erased && r.err == nil
	}
	return erased, tx.Commit()
}

// attempt carries out one request in a savepoint. Its error means that the transaction is lost: SQLite takes all of it back on
// some errors (a full disk is one), and a statement after that would commit by itself.
func (w *writer) attempt(ctx context.Context, t *txn, r *request) error {
	if _, err := t.ExecContext(ctx, "SAVEPOINT request"); err != nil {
		return err
	}
	if r.err = r.do(ctx, t); r.err != nil {
		if _, err := t.ExecContext(ctx, "ROLLBACK TO request"); err != nil {
			return errors.Join(r.err, err)
		}
	}
	_, err := t.ExecContext(ctx, "RELEASE request")
	return err
}

// clean empties the -wal file, where pages with erased secrets may still lie. It is not urgent enough to let writers wait for a
// reader: false says that one was in the way.
func (w *writer) clean() bool {
	ctx := context.Background()
	var busy, frames, done int
	err := w.patience(ctx, cleanPatience)
	if err == nil {
		err = w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done)
	}
	if restored := w.patience(ctx, busyTimeout); err == nil {
		err = restored
	}
	if err != nil {
		w.log.Warn("the -wal file could not be emptied of erased secrets; trying again", "error", w.fail(err))
		return false
	}
	return busy == 0
}

// patience sets how long the connection waits for locks of other processes.
func (w *writer) patience(ctx context.Context, d time.Duration) error {
	_, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
	return err
}
