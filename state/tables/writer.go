package tables

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"arcadiad/state"
)

// maxBatch is how many requests share one transaction.
const maxBatch = 1024

// request is one piece of work for the writer: all of it is committed, or none.
type request struct {
	do      func(context.Context, *Tx) error
	touches []string // see WriteBeside; nil: it is done by itself
	err     error
	done    chan struct{} // closed when err is final
}

// Writer is the one goroutine that writes. It gathers the requests that wait into one transaction, so that they share its commit; each has
// a savepoint of its own, so that one that fails leaves its neighbours alone. The fields are set before Run, and stay.
type Writer struct {
	Begin  func(context.Context) (*Tx, error) // begins a transaction, if this is still our database, and ours to write to
	Commit func(context.Context, *Tx) error   // makes it durable
	Fail   func(error) error                  // explains what went wrong
	Clean  func() bool                        // tidies up after erased secrets, and tells whether it could; nil: nothing is to be done
	Delay  time.Duration                      // from the first erased secret until Clean, and between its tries
	Limit  time.Duration                      // of one transaction; 0: none

	wake    chan struct{} // has one element when the queue may have work
	stopped chan struct{} // closed when the goroutine is gone

	mu     sync.Mutex
	queue  []*request
	closed bool
}

// NewWriter makes a writer, which takes requests and does them once it runs.
func NewWriter() *Writer {
	return &Writer{wake: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// Write has do carried out in a transaction, and returns when that is durable. When ctx ends before the work was taken up, nothing
// is written and the error is that of ctx; after that the work is waited for, so the answer is never in doubt.
func (w *Writer) Write(ctx context.Context, do func(context.Context, *Tx) error) error {
	return w.WriteBeside(ctx, nil, do)
}

// WriteBeside is Write for what touches nothing but these, whatever their names stand for. Beside requests that touch none of them it may be
// carried out in any order, and do may be called more than once.
func (w *Writer) WriteBeside(ctx context.Context, touches []string, do func(context.Context, *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{do: do, touches: touches, done: make(chan struct{})}
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

func (w *Writer) put(r *request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return state.ErrClosed
	}
	w.queue = append(w.queue, r)
	w.signal()
	return nil
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// withdraw takes a request out of the queue; false: the writer has it already.
func (w *Writer) withdraw(r *request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.queue)
	w.queue = slices.DeleteFunc(w.queue, func(q *request) bool { return q == r })
	return len(w.queue) < before
}

// take gives the next batch; last: there will be no more.
func (w *Writer) take() (batch []*request, last bool) {
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

// Close lets what waits be written, and returns when the goroutine is gone.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.signal()
	w.mu.Unlock()
	<-w.stopped
}

// Waiting is the number of requests in the queue.
func (w *Writer) Waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// Run is the writer's goroutine. It ends with Close.
func (w *Writer) Run() {
	defer close(w.stopped)
	var clean <-chan time.Time // fires when secrets were erased and it is time to tidy up
	for {
		select {
		case <-w.wake:
			batch, last := w.take()
			if w.carryOut(batch) && clean == nil && w.Clean != nil {
				clean = time.After(w.Delay)
			}
			if !last {
				continue
			}
			if clean != nil {
				w.Clean()
			}
			return
		case <-clean:
			clean = nil
			if !w.Clean() {
				clean = time.After(w.Delay)
			}
		}
	}
}

// carryOut does a batch in one transaction and answers each of its requests. It tells whether a secret was erased.
func (w *Writer) carryOut(batch []*request) (erased bool) {
	if len(batch) == 0 {
		return false
	}
	erased, err := w.transact(batch)
	for _, r := range batch {
		if r.err == nil && err != nil {
			r.err = err
		}
		if r.err != nil {
			r.err = w.Fail(r.err)
		}
		close(r.done)
	}
	return erased && err == nil
}

// transact gives the error that befell the whole transaction; what befell one request alone is kept in the request.
func (w *Writer) transact(batch []*request) (erased bool, err error) {
	ctx := context.Background() // the batch is not one caller's: nobody can cancel it for the others
	if w.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.Limit)
		defer cancel()
	}
	t, err := w.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer t.Rollback() // does nothing after a commit
	for len(batch) > 0 {
		n := 0
		if t.pipeline != nil {
			n = separate(batch)
		}
		if t.erased = false; n > 0 {
			err = w.together(ctx, t, batch[:n])
			erased = erased || t.erased
		} else {
			err = w.attempt(ctx, t, batch[0])
			erased, n = erased || t.erased && batch[0].err == nil, 1
		}
		if err != nil {
			return false, err
		}
		batch = batch[n:]
	}
	return erased, w.Commit(ctx, t)
}

// separate is how many requests at the front of the batch touch nothing in common.
func separate(batch []*request) int {
	touched := map[string]bool{}
	for n, r := range batch {
		if r.touches == nil {
			return n
		}
		for _, what := range r.touches {
			if touched[what] {
				return n
			}
		}
		for _, what := range r.touches {
			touched[what] = true
		}
	}
	return len(batch)
}

// together carries out requests that touch nothing in common in a pipeline. One that fails is told from its neighbours by halving.
func (w *Writer) together(ctx context.Context, t *Tx, batch []*request) error {
	var sent []*request
	var lists [][]Statement
	for _, r := range batch {
		list, err := t.record(func() error { return r.do(ctx, t) })
		switch {
		case errors.Is(err, errAsks):
			if err := w.attempt(ctx, t, r); err != nil {
				return err
			}
		case err != nil:
			r.err = err
		default:
			sent, lists = append(sent, r), append(lists, list)
		}
	}
	return w.halve(ctx, t, sent, lists)
}

func (w *Writer) halve(ctx context.Context, t *Tx, batch []*request, lists [][]Statement) error {
	done, err := t.send(ctx, lists)
	half := len(batch) / 2
	switch {
	case done || err != nil:
		return err
	case half == 0:
		return w.attempt(ctx, t, batch[0])
	}
	if err := w.halve(ctx, t, batch[:half], lists[:half]); err != nil {
		return err
	}
	return w.halve(ctx, t, batch[half:], lists[half:])
}

// attempt carries out one request in a savepoint. Its error means that the transaction is lost: SQLite takes all of it back on
// some errors (a full disk is one), and a statement after that would commit by itself.
func (w *Writer) attempt(ctx context.Context, t *Tx, r *request) error {
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
