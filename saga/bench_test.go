package saga_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

// Small parts that the tests share. All of them run inside a synctest bubble, with exact pauses.

var errCold = errors.New("the oven is cold")

// exact is a backoff without chance: 1 s, 2 s, 4 s … 1 m.
func exact(attempts int) time.Duration { return min(time.Second<<min(attempts-1, 6), time.Minute) }

// life starts a process on the disk. End ends it in good order and waits until it is at rest.
func life(t *testing.T, d *disk, o saga.Options, define func(*saga.Engine)) (e *saga.Engine, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if o.Backoff == nil {
		o.Backoff = exact
	}
	e = saga.New(&process{disk: d, end: cancel}, o)
	define(e)
	if err := e.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	return e, func() { cancel(); e.Wait() }
}

// begin drafts a saga of that kind and begins it.
func begin(t *testing.T, e *saga.Engine, kind, subject string) saga.Saga {
	t.Helper()
	s, err := e.Draft(kind, subject, nil, []byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Begin(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// one defines kind "Bake" with these steps.
func one(steps ...saga.Step) func(*saga.Engine) {
	return func(e *saga.Engine) { e.Define("Bake", steps...) }
}

// step is a step without context and without compensation.
func step(name string, run func(context.Context, *saga.Run) error) saga.Step {
	return saga.Step{Name: name, Run: run}
}

// nothing is a step that does nothing.
func nothing(context.Context, *saga.Run) error { return nil }

// until is a step that only waits for its context to end.
func until(ctx context.Context, _ *saga.Run) error {
	<-ctx.Done()
	return ctx.Err()
}

// diary notes what was called.
type diary []string

func (d *diary) note(what string, err error) func(context.Context, *saga.Run) error {
	return func(context.Context, *saga.Run) error {
		*d = append(*d, what)
		return err
	}
}

// undoable is a step whose Run and Compensate are noted.
func (d *diary) undoable(name string, err error) saga.Step {
	return saga.Step{Name: name, Run: d.note(name, err), Compensate: d.note("undo "+name, nil)}
}

func (d *diary) want(t *testing.T, entries ...string) {
	t.Helper()
	if !slices.Equal(*d, entries) {
		t.Errorf("called: %s\n  want: %s", strings.Join(*d, ", "), strings.Join(entries, ", "))
	}
}

// wantStatus checks the saga as it lies on the disk.
func wantStatus(t *testing.T, d *disk, subject string, want saga.Status) saga.Saga {
	t.Helper()
	s := d.of(subject)
	if s.Status != want {
		t.Errorf("%s is %s (%s), want %s", subject, s.Status, s.Error, want)
	}
	return s
}

func wantNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func wantErrorIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error: %v, want: %v", err, want)
	}
}

// bubble runs a test under virtual time.
func bubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}
