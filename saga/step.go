package saga

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Step is one named part of a saga. Both functions may be run again from their start at any time, so both must be idempotent.
type Step struct {
	Name       string
	Run        func(context.Context, *Run) error
	Compensate func(context.Context, *Run) error // nil: nothing to undo
	Pivot      bool                              // once it has checkpointed, or is done, the saga only goes forward
	Queued     bool                              // of the sagas that begin with it, a number waits for its turn
}

// AsPivot gives the step as a pivot.
func (s Step) AsPivot() Step {
	s.Pivot = true
	return s
}

// AsQueued gives the step as one in which many sagas wait for the same thing before they do anything. Of those that begin with it,
// Options.Ahead are tried at once. Each of the others waits until one before it has checkpointed, or a try of one before it has ended.
func (s Step) AsQueued() Step {
	s.Queued = true
	return s
}

// Typed makes a step of functions that work on the saga's context, a C that all steps of the saga share. It is decoded from JSON
// before each try, and encoded at each checkpoint and when the step is done; an empty context is the zero C. A nil compensate
// means that there is nothing to undo.
func Typed[C any](name string, run, compensate func(context.Context, *Run, *C) error) Step {
	return Step{Name: name, Run: typed(run), Compensate: typed(compensate)}
}

func typed[C any](f func(context.Context, *Run, *C) error) func(context.Context, *Run) error {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, r *Run) error {
		c := new(C)
		if raw := r.next.Context; len(bytes.TrimSpace(raw)) > 0 {
			if err := json.Unmarshal(raw, c); err != nil {
				return &unrunnable{fmt.Errorf("the saga's context cannot be decoded: %w", err)}
			}
		}
		r.encode = func() (json.RawMessage, error) { return json.Marshal(c) }
		return f(ctx, r, c)
	}
}

// Permanent marks an error that no further try can mend: the saga goes back, unless a pivot has begun. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// Later asks for another try after d, at most an hour; 0 or less means after the first backoff. It is not counted as a failed
// try. The error says what is waited for; it may be nil.
func Later(d time.Duration, err error) error { return &later{d, err} }

// Supersede says that what the saga does is no longer asked for: it goes back over what was done and ends superseded, unless a
// pivot has begun.
func Supersede(reason string) error { return &superseded{reason} }

// IsSuperseded tells whether an error says that what the saga does is no longer asked for.
func IsSuperseded(err error) bool { return is[*superseded](err) }

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// NeedsPerson marks an error that only a person can mend: the saga is stuck from the first such try, whatever the step, and is tried
// again with backoff like any stuck saga; NeedsPerson(Later(d, err)) after d each time. NeedsPerson(nil) is nil.
func NeedsPerson(err error) error {
	if err == nil {
		return nil
	}
	return &helpless{err}
}

// The marks of errors: each says what the error that it holds says.
type (
	helpless  struct{ error }
	permanent struct{ error }
	// unrunnable says why a saga cannot be run by this binary at all; trying again would not help.
	unrunnable struct{ error }
)

func (e *helpless) Unwrap() error   { return e.error }
func (e *permanent) Unwrap() error  { return e.error }
func (e *unrunnable) Unwrap() error { return e.error }

type later struct {
	d   time.Duration
	err error
}

func (e *later) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *later) Unwrap() error { return e.err }

type superseded struct{ reason string }

func (e *superseded) Error() string { return "superseded: " + e.reason }

// panicked is the error of a step that panicked.
type panicked struct {
	value any
	stack []byte
}

func (e *panicked) Error() string { return fmt.Sprintf("panic: %v", e.value) }
