package saga_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

// world is what the steps of these tests work on: things that cost money. It outlives every process, as the disk does.
type world struct {
	mu     sync.Mutex
	things map[string]bool
	ticks  int
	undone []string // compensations that had an effect, in order
	wrong  []string // laws that were broken
}

func (w *world) broken(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// effect is a write to the world by a step of the saga for web-1.
func (w *world) effect(p *process, what string, do func()) error {
	return p.at(what, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if s := p.disk.of("web-1"); !s.Begun {
			w.broken("law 3: %s at step %s without a durable intent", what, s.Steps[s.Step])
		}
		do()
		return nil
	})
}

func (w *world) has(thing string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.things[thing]
}

// memo is the context of the saga.
type memo struct{ Made, Registered bool }

var (
	errUnready = errors.New("not ready")
	errInvalid = errors.New("invalid")
)

// ending is how a scenario's third and fourth step behave.
type ending struct {
	name     string
	register error // of the third step
	destroy  error // of the fourth, after its checkpoint, until it has failed three times
	want     saga.Status
	undone   []string
	rows     []string
}

var endings = []ending{
	{name: "completed", want: saga.Completed, rows: []string{"made", "registered", "destroyed"}},
	{name: "failed", register: saga.Permanent(errInvalid), want: saga.Compensated,
		undone: []string{"unregister", "unmake"}, rows: []string{"made", "unregistered", "unmade"}},
	{name: "superseded", register: saga.Supersede("the file changed"), want: saga.Superseded,
		undone: []string{"unregister", "unmake"}, rows: []string{"made", "unregistered", "unmade"}},
	{name: "stubborn pivot", destroy: saga.Permanent(errInvalid), want: saga.Completed,
		rows: []string{"made", "registered", "destroyed"}},
	{name: "pivot superseded too late", destroy: saga.Supersede("the file changed"), want: saga.Completed,
		rows: []string{"made", "registered", "destroyed"}},
}

// define puts a replacement together: make the new thing, wait until it is ready, register it, destroy the old one.
func (end ending) define(e *saga.Engine, p *process, w *world) {
	e.Define("Replace",
		saga.Typed("Make",
			func(ctx context.Context, r *saga.Run, m *memo) error {
				if err := r.Checkpoint(ctx); err != nil {
					return err
				}
				if !w.has("new") {
					if err := w.effect(p, "make", func() { w.things["new"] = true }); err != nil {
						return err
					}
				}
				m.Made = true
				r.Put(row("made"))
				return nil
			},
			func(ctx context.Context, r *saga.Run, m *memo) error {
				if err := w.effect(p, "unmake", func() { w.undo("unmake", "new") }); err != nil {
					return err
				}
				m.Made = false
				r.Put(row("unmade"))
				return nil
			}),
		saga.Typed("Wait", func(ctx context.Context, r *saga.Run, m *memo) error {
			if !m.Made {
				w.broken("law 3: the context of the first step is lost")
			}
			w.ticks++
			switch w.ticks % 3 {
			case 1:
				return saga.Later(5*time.Second, errUnready)
			case 2:
				return errUnready
			}
			return ctx.Err()
		}, nil),
		saga.Typed("Register",
			func(ctx context.Context, r *saga.Run, m *memo) error {
				m.Registered = true
				r.Put(row("registered"))
				return end.register
			},
			func(ctx context.Context, r *saga.Run, m *memo) error {
				if m.Registered && end.register != nil {
					w.broken("the context of a failed try was kept")
				}
				w.undo("unregister", "")
				r.Put(row("unregistered"))
				return nil
			}),
		saga.Typed("Destroy", func(ctx context.Context, r *saga.Run, m *memo) error {
			if err := r.Checkpoint(ctx); err != nil {
				return err
			}
			if err := w.effect(p, "destroy", func() { delete(w.things, "old") }); err != nil {
				return err
			}
			if end.destroy != nil && r.Attempt() <= 3 {
				return end.destroy
			}
			r.Put(row("destroyed"))
			return nil
		}, func(context.Context, *saga.Run, *memo) error {
			w.broken("law 13: a pivot was compensated")
			return nil
		}).AsPivot(),
	)
}

func (w *world) undo(what, thing string) {
	if !w.things["old"] {
		w.broken("law 13: %s after the pivot", what)
	}
	delete(w.things, thing)
	if !slices.Contains(w.undone, what) {
		w.undone = append(w.undone, what)
	}
}

// play runs a scenario from its beginning to rest, with a fate for some of its points, over as many lives of the process as it
// takes. It gives the number of points that were passed.
func play(t *testing.T, end ending, fates map[int]fate) (points int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		w := &world{things: map[string]bool{"old": true}}
		var trail []string
		for d.of("web-1").EndedAt.IsZero() {
			ctx, cancel := context.WithCancel(t.Context())
			p := &process{disk: d, end: cancel, fates: func(what string) fate {
				points++
				trail = append(trail, what)
				return fates[points]
			}}
			e := saga.New(p, saga.Options{})
			end.define(e, p, w)
			if err := e.Resume(ctx); err == nil && d.of("web-1").ID == "" {
				s, err := e.Draft("Replace", "web-1", memo{}, []byte("secret"), nil)
				if err != nil {
					t.Fatal(err)
				}
				_ = e.Begin(ctx, s) // fate may forbid it; the next life tries again, or finds it
			}
			e.Wait()
			cancel()
			if points > 200 {
				t.Fatalf("no end in sight: %v", trail)
			}
		}

		s := d.of("web-1")
		if s.Status != end.want || len(s.Secret) > 0 {
			t.Errorf("ended %s (%s), want %s without its secret", s.Status, s.Error, end.want)
		}
		want := map[string]bool{"new": true}
		if end.want != saga.Completed {
			want = map[string]bool{"old": true}
		}
		if !maps.Equal(w.things, want) {
			t.Errorf("the world has %v, want %v", w.things, want)
		}
		if !slices.Equal(w.undone, end.undone) {
			t.Errorf("undone: %v, want %v", w.undone, end.undone)
		}
		// A commit whose answer was lost is done again, so a row may be there twice, one after the other.
		if got := slices.Compact(slices.Clone(d.rows)); !slices.Equal(got, end.rows) {
			t.Errorf("rows: %v, want %v", d.rows, end.rows)
		}
		for _, wrong := range w.wrong {
			t.Error(wrong)
		}
		if t.Failed() {
			t.Logf("%s with fates %v: %v", end.name, fates, trail)
		}
	})
	return points
}

// TestLaw03EveryCrashPoint cuts each scenario at each call of the journal and each effect outside, in every way, and lets it run to
// rest: laws 3, 12, 13 and 17 hold whatever happens once.
func TestLaw03EveryCrashPoint(t *testing.T) {
	for _, end := range endings {
		t.Run(end.name, func(t *testing.T) {
			points := play(t, end, nil)
			if points < 10 {
				t.Fatalf("only %d points: the scenario is not what it was meant to be", points)
			}
			for i := 1; i <= points; i++ {
				for _, f := range []fate{before, after, dieBefore, dieAfter, stop} {
					play(t, end, map[int]fate{i: f})
				}
			}
		})
	}
}

// TestLaw03EveryPairOfCrashes lets the process die twice, at every pair of points.
func TestLaw03EveryPairOfCrashes(t *testing.T) {
	for _, end := range endings[:2] {
		t.Run(end.name, func(t *testing.T) {
			for i := range play(t, end, nil) {
				first := i + 1
				points := play(t, end, map[int]fate{first: dieAfter})
				for second := first + 1; second <= points; second++ {
					play(t, end, map[int]fate{first: dieAfter, second: dieAfter})
				}
			}
		})
	}
}
