package saga

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// WakeAll lets all sagas that wait for their next try do so now: what they failed of may have changed.
func (e *Engine) WakeAll() {
	for _, w := range e.workers() {
		w.poke()
	}
}

// Retry makes a live saga try now, whatever its backoff. The id may be cut short to 8 digits or more. On an engine that was never
// resumed it works on the journal, and the next start tries.
func (e *Engine) Retry(ctx context.Context, id string) error {
	if err := e.order(ctx, id, (*worker).retry, (*worker).hasten); err != nil {
		return fmt.Errorf("retry saga %s: %w", id, err)
	}
	return nil
}

// Abort makes a live saga go back, and returns when the journal knows it; the way back itself takes its time. A step that runs is
// cancelled. ErrPivot when it can no longer go back. The id may be cut short to 8 digits or more. On an engine that was never
// resumed it works on the journal, and the next start goes back.
func (e *Engine) Abort(ctx context.Context, id string) error {
	if err := e.order(ctx, id, (*worker).abort, (*worker).turnBack); err != nil {
		return fmt.Errorf("abort saga %s: %w", id, err)
	}
	return nil
}

// order finds a live saga and gives it an order: to its goroutine, or where none runs on the row itself.
func (e *Engine) order(ctx context.Context, id string, running, resting func(*worker, context.Context) error) error {
	e.opening.Lock()
	if e.resumed() {
		e.opening.Unlock()
		for _, w := range e.workers() {
			if named(w.id, id) {
				return running(w, ctx)
			}
		}
		return ErrNotLive
	}
	defer e.opening.Unlock()
	sagas, err := e.journal.Live(ctx)
	if err != nil {
		return fmt.Errorf("load the live sagas: %w", err)
	}
	for _, s := range sagas {
		if named(s.ID, id) {
			s.padHistory()
			return resting(newWorker(e, s), ctx)
		}
	}
	return ErrNotLive
}

// named tells whether a person means this saga. The first 8 digits are unique in a journal.
func named(id, asked string) bool {
	asked = strings.ToLower(asked)
	return id == asked || len(asked) >= 8 && strings.HasPrefix(id, asked)
}

// retry is Retry of a saga that runs.
func (w *worker) retry(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := cmp.Or(w.closed, w.lost); err != nil { // lost: the same row and the same binary, so trying again would find the same
		return err
	}
	w.poke()
	return nil
}

// hasten is Retry of a saga that does not run: the next start will not wait.
func (w *worker) hasten(ctx context.Context) error {
	if err := w.e.runnable(w.saga); err != nil {
		return err
	}
	next := w.saga.clone()
	next.NotBefore = time.Time{}
	return w.commit(ctx, next, nil)
}

// abort is Abort of a saga that runs. It leaves the deed to the saga's own goroutine, which may be in the middle of a step.
func (w *worker) abort(ctx context.Context) error {
	reply := make(chan error, 1)
	if err := w.askBack(reply); err != nil {
		return err
	}
	w.e.overtake(w)
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the saga was told to undo its steps, but has not answered yet: %w", context.Cause(ctx))
	}
}

// askBack orders the way back, unless it is known by now that there is none: then a running step is not disturbed.
func (w *worker) askBack(reply chan<- error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed != nil:
		return w.closed
	case w.saga.Reverse && w.lost != nil:
		return w.lost
	case w.saga.Reverse:
		w.poke()
		reply <- nil
		return nil
	}
	if err := w.e.mayTurnBack(w.saga, w.lost); err != nil {
		return err
	}
	w.aborts = append(w.aborts, reply)
	if w.interrupt != nil {
		w.interrupt(ErrAborted)
	}
	w.poke()
	return nil
}

// obey carries out the orders to go back, between two tries. It tells whether there were any.
func (w *worker) obey(life context.Context) bool {
	w.mu.Lock()
	replies := w.aborts
	w.aborts = nil
	w.mu.Unlock()
	if len(replies) == 0 {
		return false
	}
	err := w.turnBack(life)
	for _, reply := range replies {
		reply <- err
	}
	return true
}

// turnBack makes the saga go back because a person said so. It is called by the saga's own goroutine, or where none runs.
func (w *worker) turnBack(ctx context.Context) error {
	if w.saga.Reverse {
		return w.e.runnable(w.saga)
	}
	if err := w.e.mayTurnBack(w.saga, w.lost); err != nil {
		return err
	}
	step, attempt := w.saga.step(), w.saga.Attempts+1
	next := w.saga.clone()
	next.turnBack(w.steps(), ErrAborted, time.Now().UTC())
	if err := w.commit(ctx, next, nil); err != nil {
		return err
	}
	w.setLost(nil)
	w.emit(Event{What: EventBack, Step: step, Attempt: attempt, Err: ErrAborted})
	return nil
}
