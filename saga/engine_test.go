package saga_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

func TestForward(t *testing.T) {
	bubble(t, "steps run in order; each result is one commit, each checkpoint and each failed try one more", func(t *testing.T) {
		d := newDisk()
		var calls diary
		var events []string
		commits := 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := &process{disk: d, end: cancel, fates: func(what string) fate {
			if what == "commit" {
				commits++
			}
			return goOn
		}}
		e := saga.New(p, saga.Options{Backoff: exact, Observe: func(ev saga.Event) {
			events = append(events, fmt.Sprintf("%s %s %d", ev.What, ev.Step, ev.Attempt))
			if ev.Saga.Secret != nil {
				t.Error("an event shows the secret")
			}
		}})
		e.Define("Bake",
			calls.undoable("Mix", nil),
			step("Heat", func(ctx context.Context, r *saga.Run) error {
				wantNoError(t, r.Checkpoint(ctx))
				if r.Attempt() == 1 {
					return errCold
				}
				return nil
			}),
			calls.undoable("Eat", nil))
		wantNoError(t, e.Resume(ctx))
		begin(t, e, "Bake", "cake")
		e.Wait()
		calls.want(t, "Mix", "Eat")
		if commits != 6 { // Mix, checkpoint, failed try, checkpoint, Heat, Eat
			t.Errorf("%d commits, want 6", commits)
		}
		want := []string{"begun Mix 1", "started Mix 1", "done Mix 1", "started Heat 1", "checkpoint Heat 1", "failed Heat 1",
			"started Heat 2", "checkpoint Heat 2", "done Heat 2", "started Eat 1", "done Eat 1", "ended  0"}
		if !slices.Equal(events, want) {
			t.Errorf("events:\n got %q\nwant %q", events, want)
		}
		s := wantStatus(t, d, "cake", saga.Completed)
		var past []string
		for _, h := range s.History {
			past = append(past, fmt.Sprintf("%s %s %d %q %v", h.Name, h.Status, h.Attempts, h.Error, h.EndedAt.Sub(h.StartedAt)))
		}
		if want := []string{`Mix done 1 "" 0s`, `Heat done 2 "" 1s`, `Eat done 1 "" 0s`}; !slices.Equal(past, want) {
			t.Errorf("history: %q", past)
		}
		if s.Step != 3 || s.Error != "" || s.EndedAt.Sub(s.CreatedAt) != time.Second {
			t.Errorf("saga: %+v", s)
		}
	})

	bubble(t, "what a failed try did is dropped, but for what it checkpointed", func(t *testing.T) {
		type recipe struct{ Flour int }
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(
			saga.Typed("Heat", func(ctx context.Context, r *saga.Run, c *recipe) error {
				want := []string{`0 "" false`, `1 "hot" true`}[r.Attempt()-1]
				if got := fmt.Sprintf("%d %q %v", c.Flour, r.Label("oven"), r.Begun()); got != want {
					t.Errorf("try %d begins with %s, want %s", r.Attempt(), got, want)
				}
				if r.Attempt() == 2 {
					r.Put(row("once"))
					wantNoError(t, r.Checkpoint(ctx))
					return nil
				}
				c.Flour = 1
				r.SetLabel("oven", "hot")
				r.Put(row("kept"))
				wantNoError(t, r.Checkpoint(ctx))
				c.Flour = 2
				r.SetLabel("oven", "cold")
				r.Put(row("dropped"))
				return errCold
			}, nil),
			saga.Typed("Eat", func(ctx context.Context, r *saga.Run, c *recipe) error {
				if c.Flour != 1 || r.Label("oven") != "hot" || string(r.Secret()) != "secret" {
					t.Errorf("Eat has %+v, %q, %q", c, r.Label("oven"), r.Secret())
				}
				return until(ctx, r)
			}, nil)))
		begin(t, e, "Bake", "cake")
		time.Sleep(time.Minute)
		end()
		if !slices.Equal(d.rows, []string{"kept", "once"}) {
			t.Errorf("rows: %v", d.rows)
		}
	})

	bubble(t, "a context that cannot be encoded fails the try", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(saga.Typed("Heat", func(_ context.Context, _ *saga.Run, c *float64) error {
			*c = math.NaN()
			return nil
		}, nil)))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		if s := wantStatus(t, d, "cake", saga.Running); s.Attempts != 1 || !strings.Contains(s.Error, "NaN") {
			t.Errorf("attempts %d, error %q", s.Attempts, s.Error)
		}
		end()
	})
}

func TestLaw03JournalThatFails(t *testing.T) {
	for what, f := range map[string]fate{"not written": before, "answer lost": after} {
		bubble(t, "no next step, nothing counted, until the result is written: "+what, func(t *testing.T) {
			d := newDisk()
			var calls diary
			commits := 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := &process{disk: d, end: cancel, fates: func(what string) fate {
				if what == "commit" {
					if commits++; commits <= 5 {
						return f
					}
				}
				return goOn
			}}
			start := time.Now()
			e := saga.New(p, saga.Options{Backoff: exact})
			e.Define("Bake", calls.undoable("Mix", nil), calls.undoable("Heat", nil))
			wantNoError(t, e.Resume(ctx))
			begin(t, e, "Bake", "cake")
			e.Wait()
			calls.want(t, "Mix", "Mix", "Mix", "Mix", "Mix", "Mix", "Heat")
			if took := time.Since(start); took != 31*time.Second { // 1 + 2 + 4 + 8 + 16
				t.Errorf("it took %v, want 31s", took)
			}
			if s := wantStatus(t, d, "cake", saga.Completed); s.History[0].Attempts != 1 {
				t.Errorf("%d attempts counted", s.History[0].Attempts)
			}
		})
	}

	bubble(t, "a checkpoint that failed fails its step, whatever the step says", func(t *testing.T) {
		d := newDisk()
		tries, refused := 0, false
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		p := &process{disk: d, end: cancel, fates: func(what string) fate {
			if what == "commit" && !refused {
				refused = true
				return before
			}
			return goOn
		}}
		e := saga.New(p, saga.Options{})
		e.Define("Bake", saga.Step{Name: "Heat", Run: func(ctx context.Context, r *saga.Run) error {
			tries++
			if err := r.Checkpoint(ctx); (err != nil) != (tries == 1) {
				t.Errorf("try %d: checkpoint: %v", tries, err)
			}
			if err := r.Checkpoint(ctx); (err != nil) != (tries == 1) {
				t.Errorf("try %d: second checkpoint: %v", tries, err)
			}
			if tries == 1 {
				return saga.Permanent(errCold)
			}
			return nil
		}})
		wantNoError(t, e.Resume(ctx))
		begin(t, e, "Bake", "cake")
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
	})
}

func TestLaw02OneSaga(t *testing.T) {
	bubble(t, "a subject has one live saga; all sagas of one Begin, or none", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(step("Heat", until)))
		first := begin(t, e, "Bake", "cake")
		again, err := e.Draft("Bake", "cake", nil, nil, nil)
		wantNoError(t, err)
		bread, err := e.Draft("Bake", "bread", nil, nil, nil)
		wantNoError(t, err)
		wantErrorIs(t, e.Begin(t.Context(), bread, again), saga.ErrLive)
		synctest.Wait()
		live := e.Live()
		if len(live) != 1 || live[0].ID != first.ID || live[0].Status != saga.Running || live[0].Secret != nil {
			t.Errorf("live: %+v", live)
		}
		if live[0].History[0].Status != saga.StepRunning {
			t.Errorf("history: %+v", live[0].History)
		}
		end()
	})

	bubble(t, "who hears that a saga ended finds its subject free", func(t *testing.T) {
		d := newDisk()
		begun := 0
		var e *saga.Engine
		e, _ = life(t, d, saga.Options{Observe: func(ev saga.Event) {
			if ev.What == saga.EventEnded && begun < 3 {
				if n := len(e.Live()); n != 0 {
					t.Errorf("%d live sagas at the end of one", n)
				}
				begun++
				begin(t, e, "Bake", "cake")
			}
		}}, one(step("Heat", nothing)))
		begin(t, e, "Bake", "cake")
		e.Wait()
		if n := len(d.all()); n != 4 {
			t.Errorf("%d sagas, want 4", n)
		}
	})

	bubble(t, "a taken id prefix is drawn again, and the caller sees it", func(t *testing.T) {
		d := newDisk()
		e, _ := life(t, d, saga.Options{}, one(step("Heat", nothing)))
		first := begin(t, e, "Bake", "cake")
		e.Wait()
		bread, err := e.Draft("Bake", "bread", nil, nil, nil)
		wantNoError(t, err)
		bread.ID = first.ID[:8] + bread.ID[8:]
		sagas := []saga.Saga{bread}
		wantNoError(t, e.Begin(t.Context(), sagas...))
		e.Wait()
		if s := wantStatus(t, d, "bread", saga.Completed); s.ID != sagas[0].ID || s.ID[:8] == first.ID[:8] || len(s.ID) != 32 {
			t.Errorf("id %s, the caller has %s, taken was %s", s.ID, sagas[0].ID, first.ID)
		}
	})
}

func TestResume(t *testing.T) {
	bubble(t, "what is begun before waits for it", func(t *testing.T) {
		d := newDisk()
		e := saga.New(&process{disk: d}, saga.Options{})
		e.Define("Bake", step("Heat", nothing))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		wantStatus(t, d, "cake", saga.Pending)
		wantNoError(t, e.Resume(t.Context()))
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		if e.Resume(t.Context()) == nil {
			t.Error("resumed twice")
		}
	})

	bubble(t, "a journal that does not answer is an error, and another try is free", func(t *testing.T) {
		f := before
		e := saga.New(&process{disk: newDisk(), fates: func(string) fate { return f }}, saga.Options{})
		if e.Resume(t.Context()) == nil {
			t.Error("no error")
		}
		f = goOn
		wantNoError(t, e.Resume(t.Context()))
	})

	bubble(t, "a new binary carries on by the names of the steps", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, end := life(t, d, saga.Options{}, one(calls.undoable("Mix", nil), step("Heat", until)))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		e, _ = life(t, d, saga.Options{}, one(calls.undoable("Weigh", nil), calls.undoable("Heat", nil), calls.undoable("Mix", nil)))
		e.Wait()
		calls.want(t, "Mix", "Heat")
		wantStatus(t, d, "cake", saga.Completed)
	})

	bubble(t, "thousands of sagas wait at the same time", func(t *testing.T) {
		const n = 3000
		d := newDisk()
		cold := true
		e, _ := life(t, d, saga.Options{}, one(step("Heat", func(context.Context, *saga.Run) error {
			if cold {
				return saga.Later(time.Hour, errCold)
			}
			return nil
		})))
		sagas := make([]saga.Saga, n)
		for i := range sagas {
			var err error
			if sagas[i], err = e.Draft("Bake", fmt.Sprint("cake-", i), nil, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Begin(t.Context(), sagas...); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := len(e.Live()); got != n {
			t.Fatalf("%d live sagas", got)
		}
		cold = false
		e.WakeAll()
		synctest.Wait()
		if got := len(e.Live()); got != 0 {
			t.Errorf("%d live sagas after WakeAll", got)
		}
	})
}

func TestDefineRefusesMistakes(t *testing.T) {
	good := step("Heat", nothing)
	for name, define := range map[string]func(*saga.Engine){
		"no steps":     func(e *saga.Engine) { e.Define("Bake") },
		"a namesake":   func(e *saga.Engine) { e.Define("Bake", good, good) },
		"no name":      func(e *saga.Engine) { e.Define("Bake", step("", nothing)) },
		"no Run":       func(e *saga.Engine) { e.Define("Bake", step("Heat", nil)) },
		"a kind twice": func(e *saga.Engine) { e.Define("Bake", good); e.Define("Bake", good) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			define(saga.New(&process{disk: newDisk()}, saga.Options{}))
		})
	}
}

func TestDraftRefusesMistakes(t *testing.T) {
	e := saga.New(&process{disk: newDisk()}, saga.Options{})
	e.Define("Bake", step("Heat", nothing))
	if _, err := e.Draft("Fry", "egg", nil, nil, nil); err == nil {
		t.Error("an unknown kind is drafted")
	}
	if _, err := e.Draft("Bake", "cake", func() {}, nil, nil); err == nil {
		t.Error("a context that is no JSON is drafted")
	}
}

// A saga may have some of its kind's steps only, in their order; it is none the worse for that when it is resumed.
func TestDraftOfSomeSteps(t *testing.T) {
	bubble(t, "the steps named are run, and undone, and no others", func(t *testing.T) {
		d, log := newDisk(), &diary{}
		e, end := life(t, d, saga.Options{Backoff: exact}, func(e *saga.Engine) {
			e.Define("Bake", log.undoable("Mix", nil), log.undoable("Heat", nil), log.undoable("Cool", saga.Permanent(errCold)), log.undoable("Eat", nil))
		})
		defer end()
		for _, steps := range [][]string{{"Heat", "Mix"}, {"Mix", "Mix"}, {"Mix", "Fry"}} {
			if _, err := e.Draft("Bake", "cake", nil, nil, nil, steps...); err == nil {
				t.Errorf("%v are drafted", steps)
			}
		}
		s, err := e.Draft("Bake", "cake", nil, nil, nil, "Mix", "Cool")
		wantNoError(t, err)
		wantNoError(t, e.Begin(t.Context(), s))
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := wantStatus(t, d, "cake", saga.Compensated); !slices.Equal(got.Steps, []string{"Mix", "Cool"}) || len(got.History) != 2 {
			t.Errorf("steps %v, history %v", got.Steps, got.History)
		}
		log.want(t, "Mix", "Cool", "undo Cool", "undo Mix")
	})
}

func TestMarkers(t *testing.T) {
	if saga.Permanent(nil) != nil || saga.NeedsPerson(nil) != nil {
		t.Error("a marker makes an error of nil")
	}
	for _, err := range []error{saga.Permanent(errCold), saga.Later(1, errCold), saga.NeedsPerson(errCold)} {
		if !errors.Is(err, errCold) || err.Error() != errCold.Error() {
			t.Errorf("%v does not stand for %v", err, errCold)
		}
	}
}

// The rows of a beginning are written with it, once, and are no part of the saga after that.
func TestRowsOfABeginning(t *testing.T) {
	bubble(t, "rows", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{Observe: func(ev saga.Event) {
			if ev.Saga.Rows != nil {
				t.Errorf("%s: the saga still has its rows", ev.What)
			}
		}}, one(step("Heat", func(ctx context.Context, r *saga.Run) error { return r.Checkpoint(ctx) })))
		defer end()
		draft, err := e.Draft("Bake", "cake", nil, nil, nil)
		wantNoError(t, err)
		draft.Rows = []any{row("begun")}
		wantNoError(t, e.Begin(t.Context(), draft))
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		if !slices.Equal(d.rows, []string{"begun"}) {
			t.Errorf("rows: %q", d.rows)
		}
	})
}
