package saga

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// worker runs one live saga. Only its own goroutine changes the saga; the mutex is for those who look and give orders.
type worker struct {
	e       *Engine
	id      string
	subject string
	kind    string
	wake    chan struct{} // holds one: do not wait for the next try
	resumed bool          // it was loaded from the journal

	mu        sync.Mutex
	saga      Saga                    // as it was last committed; what it refers to is never changed
	tried     time.Time               // when the try in progress began, as long as it has committed nothing; zero between tries
	interrupt context.CancelCauseFunc // of the step that runs; nil between tries
	aborts    []chan<- error          // orders to go back
	closed    error                   // why it takes no more orders
	lost      error                   // why this binary cannot run it at all

	unwritten int // writes that the journal refused in a row; not durable, it could not be

	queued, ahead bool // it waits for its turn; it had its turn and has done nothing yet. The engine's lock guards them
}

func newWorker(e *Engine, s Saga) *worker {
	return &worker{e: e, id: s.ID, subject: s.Subject, kind: s.Kind, saga: s, wake: make(chan struct{}, 1)}
}

// log is a logger that names the saga. It is made for each line: thousands of sagas wait and say nothing.
func (w *worker) log() *slog.Logger {
	return w.e.o.Log.With(w.e.o.SubjectKey, w.subject, "saga", w.id[:min(8, len(w.id))], "kind", w.kind)
}

// work runs the saga until it ends or the lifetime does.
func (w *worker) work(life context.Context) {
	defer w.e.leave()
	for life.Err() == nil && w.saga.Status.Live() {
		switch {
		case w.obey(life):
		case w.lost != nil:
			w.sleep(life, -1)
		default:
			w.turn(life)
		}
	}
	w.end()
}

// end leaves the saga at rest.
func (w *worker) end() {
	if w.saga.Status.Live() {
		w.close(ErrStopped)
		return
	}
	w.close(ErrNotLive)
	w.e.forget(w.id) // before the event: who hears that it ended finds the subject free
	w.emit(Event{What: EventEnded})
}

// close refuses all orders from now on.
func (w *worker) close(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = why
	for _, reply := range w.aborts {
		reply <- why
	}
	w.aborts = nil
}

// turn waits until the next try is due, and does it.
func (w *worker) turn(life context.Context) {
	pause, ok := w.due(life)
	if !ok {
		return
	}
	if w.sleep(life, pause); life.Err() == nil {
		w.try(life)
	}
}

// due tells how long it is until the next try, or gives the saga up.
func (w *worker) due(life context.Context) (pause time.Duration, ok bool) {
	if err := w.e.runnable(w.saga); err != nil {
		w.giveUp(life, err)
		return 0, false
	}
	pause = w.saga.pauseLeft(time.Now())
	if w.unwritten > 0 {
		pause = max(pause, w.e.o.pauseAfter(w.unwritten, false))
	}
	return pause, true
}

// sleep waits, for ever when d is negative, but not longer than until somebody pokes it or the lifetime ends.
func (w *worker) sleep(life context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	var due <-chan time.Time
	if d > 0 {
		due = time.After(d)
	}
	select {
	case <-due:
	case <-w.wake:
	case <-life.Done():
	}
}

// poke ends the present sleep, or the next one.
func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// try runs the current step once, in the direction in which the saga goes, and commits what came of it. Most of their lives sagas wait
// in here, thousands of them, so what comes before and after the step has its own frames: a stack that is hardly used is given back.
func (w *worker) try(life context.Context) {
	ctx, cancel := context.WithCancelCause(life)
	defer cancel(nil)
	r := w.begin(life, cancel)
	if r == nil {
		return
	}
	defer w.rest()
	w.conclude(life, ctx, r, call(ctx, r.do, r))
}

// begin shows a try that begins, and says what is to be run; nil: there is an order to obey first.
func (w *worker) begin(life context.Context, interrupt context.CancelCauseFunc) *Run {
	began := time.Now().UTC()
	next := w.saga.clone()
	next.start(began)
	if !w.enter(began, interrupt) {
		return nil
	}
	name, attempt := next.step(), next.Attempts+1
	step := w.steps()[name]
	r := &Run{next: next, resumed: w.resumed, name: name, attempt: attempt, began: began, do: step.Run, done: EventDone}
	if next.Reverse {
		r.do, r.done = step.Compensate, EventUndone
	}
	r.log = func() *slog.Logger { return w.log().With("step", name, "attempt", attempt) }
	r.commit = func(s Saga, rows []any) error {
		if err := w.commit(life, s, rows); err != nil {
			return err
		}
		w.emit(Event{What: EventCheckpoint, Step: name, Attempt: attempt})
		return nil
	}
	w.emit(Event{What: EventStarted, Step: name, Attempt: attempt})
	return r
}

// conclude commits what came of a try, whose context it was.
func (w *worker) conclude(life, ctx context.Context, r *Run, err error) {
	if err == nil {
		r.next.advance(w.steps(), time.Now().UTC())
		if err := w.commit(life, r.next, r.rows); err != nil {
			w.refused(r.name, r.attempt, err)
			return
		}
		w.emit(Event{What: r.done, Step: r.name, Attempt: r.attempt})
		return
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		w.log().Error("step panicked", "step", r.name, "attempt", r.attempt, "error", err, "stack", string(p.stack))
	}
	_, refused := errors.AsType[*unwritten](r.broken)
	switch {
	case life.Err() != nil: // cancelled with the lifetime: no failure, and nothing that the journal must know
		w.emit(Event{What: EventInterrupted, Step: r.name, Attempt: r.attempt, Err: err})
	case refused:
		w.refused(r.name, r.attempt, err)
	case context.Cause(ctx) == ErrAborted: // not the step's fault; obey is next
	default:
		w.failed(life, r.began, err)
	}
}

// call runs a step. What it returns counts only if its checkpoints held and its context can be encoded.
func call(ctx context.Context, do func(context.Context, *Run) error, r *Run) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	if do != nil { // a binary may have nothing to undo where an older one had
		err = do(ctx, r)
	}
	if r.broken != nil {
		return r.broken
	}
	if err != nil {
		return err
	}
	return r.take()
}

// failed commits what follows from a try that began at that time and ended in an error.
func (w *worker) failed(life context.Context, began time.Time, err error) {
	if is[*unrunnable](err) {
		w.giveUp(life, err)
		return
	}
	wait, waits := errors.AsType[*later](err)
	o, steps, now := w.e.o, w.steps(), time.Now().UTC()
	next := w.saga.clone() // with what was checkpointed, without what was not
	next.start(began)
	oneWay := next.Reverse || next.forwardOnly(steps)
	ev := Event{Step: next.step(), Attempt: next.Attempts + 1, Err: err}
	switch {
	case !oneWay && (is[*superseded](err) || is[*permanent](err)):
		ev.What = EventBack
		next.Superseded = is[*superseded](err)
		next.past().Attempts++
		next.turnBack(steps, err, now)
	case waits:
		ev.What, ev.Pause = EventLater, min(wait.d, maxPause)
		if wait.d <= 0 {
			ev.Pause = o.pauseAfter(1, false)
		}
		if is[*helpless](err) && next.Status != Stuck {
			ev.What, next.Status = EventStuck, Stuck // told once, however often it is tried again
		}
		next.wait(err, ev.Pause, now)
	default:
		stuck := next.Status == Stuck || is[*panicked](err) || is[*helpless](err) || oneWay && next.Attempts+1 >= o.StuckAfter
		ev.What, ev.Pause = EventFailed, o.pauseAfter(next.Attempts+1, stuck)
		if stuck {
			ev.What = EventStuck
		}
		next.fail(err, stuck, ev.Pause, now)
	}
	if err := w.commit(life, next, nil); err != nil {
		w.refused(ev.Step, ev.Attempt, err)
		return
	}
	w.emit(ev)
}

// giveUp leaves a saga alone that this binary cannot run. Its row is the evidence: nothing is written over a row that could not be
// read whole or has a status of another version; of any other the status and the error are written, for those who look.
func (w *worker) giveUp(life context.Context, why error) {
	w.setLost(why)
	defer w.e.giveWay(w)
	next := w.saga.clone()
	next.Status, next.Error = Stuck, why.Error()
	if next.Undecodable == "" && w.saga.Status.known() && (w.saga.Status != next.Status || w.saga.Error != next.Error) {
		if err := w.commit(life, next, nil); err != nil {
			w.log().Error("journal write failed", "error", err)
		}
	}
	w.emit(Event{What: EventStuck, Step: next.step(), Attempt: next.Attempts + 1, Err: why})
}

// refused reports a write that the journal did not take. Nothing has happened, then: the saga is as it was last committed, and its
// step is run again.
func (w *worker) refused(step string, attempt int, err error) {
	w.unwritten++
	w.emit(Event{What: EventUnwritten, Step: step, Attempt: attempt, Err: err, Pause: w.e.o.pauseAfter(w.unwritten, false)})
}

// unwritten is the error of a write that the journal did not take.
type unwritten struct{ err error }

func (e *unwritten) Error() string { return "journal: " + e.err.Error() }
func (e *unwritten) Unwrap() error { return e.err }

// commit makes the next state of the saga durable, with the rows. A write that has begun is not disturbed by the end of the
// lifetime, but bounded by CommitTimeout from then on.
func (w *worker) commit(life context.Context, next Saga, rows []any) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(life))
	defer cancel()
	defer context.AfterFunc(life, func() {
		select {
		case <-time.After(w.e.o.CommitTimeout):
			cancel()
		case <-ctx.Done():
		}
	})()
	next.UpdatedAt = time.Now().UTC()
	if err := w.e.journal.Commit(ctx, next, rows); err != nil {
		return &unwritten{err}
	}
	w.unwritten = 0
	next = next.clone() // the step goes on with its own
	w.mu.Lock()
	w.saga, w.tried = next, time.Time{} // a row of a try says itself that it began
	w.mu.Unlock()
	if !w.untried() {
		w.e.giveWay(w)
	}
	return nil
}

// untried tells whether the saga begins with a step in which many wait, and has done nothing yet: no checkpoint was written, and no try has
// ended. It is for the saga's own goroutine, or where none runs.
func (w *worker) untried() bool {
	s := w.saga
	return s.Step == 0 && !s.Begun && !s.Reverse && s.Attempts == 0 && s.NotBefore.IsZero() && (s.Status == Pending || s.Status == Running) &&
		w.steps()[s.step()].Queued
}

// ordered tells whether there is an order to obey.
func (w *worker) ordered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.aborts) > 0
}

// enter shows a try that begins, unless there is an order to obey first.
func (w *worker) enter(began time.Time, interrupt context.CancelCauseFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.aborts) > 0 {
		return false
	}
	w.tried, w.interrupt = began, interrupt
	return true
}

// rest shows the saga between two tries.
func (w *worker) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tried, w.interrupt = time.Time{}, nil
}

func (w *worker) setLost(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = why
}

// look gives the saga to others, who must not change it.
func (w *worker) look() Saga {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.saga
	s.Secret = nil // it is for the steps alone
	if !w.tried.IsZero() {
		s = s.clone()
		s.start(w.tried)
	}
	if w.lost != nil {
		s.Status, s.Error = Stuck, w.lost.Error() // the journal may not have been told
	}
	return s
}

// label is one of the saga's labels, for others.
func (w *worker) label(key string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.saga.Labels[key]
}

// stuck tells whether the saga waits for a person, or for patience.
func (w *worker) stuck() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost != nil || w.saga.Status == Stuck
}

func (w *worker) emit(ev Event) {
	ev.Saga = w.look()
	w.e.emit(w.log(), ev)
}

func (w *worker) steps() map[string]Step { return w.e.kinds[w.saga.Kind].steps }
