package saga_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

func TestCompensate(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want saga.Status
	}{
		"failed":     {saga.Permanent(errCold), saga.Compensated},
		"superseded": {saga.Supersede("no guests"), saga.Superseded},
	} {
		bubble(t, "in reverse order, the failed step first: "+name, func(t *testing.T) {
			d := newDisk()
			var calls diary
			e, _ := life(t, d, saga.Options{}, one(calls.undoable("Weigh", nil), calls.undoable("Mix", nil), step("Rest", nothing),
				calls.undoable("Heat", c.err), calls.undoable("Eat", nil)))
			begin(t, e, "Bake", "cake")
			e.Wait()
			calls.want(t, "Weigh", "Mix", "Heat", "undo Heat", "undo Mix", "undo Weigh")
			s := wantStatus(t, d, "cake", c.want)
			if s.Error != c.err.Error() {
				t.Errorf("error %q, want %q", s.Error, c.err)
			}
			if n := s.History[3].Attempts; n != 2 {
				t.Errorf("%d attempts of Heat and its compensation, want 2", n)
			}
			for i, want := range []saga.StepStatus{
				saga.StepCompensated, saga.StepCompensated, saga.StepDone, saga.StepCompensated, saga.StepPending,
			} {
				if s.History[i].Status != want {
					t.Errorf("%s is %s, want %s", s.History[i].Name, s.History[i].Status, want)
				}
			}
		})
	}

	bubble(t, "where there is nothing to undo, it ends at once, and a failure still reads as one", func(t *testing.T) {
		d := newDisk()
		e, _ := life(t, d, saga.Options{}, one(step("Heat", func(context.Context, *saga.Run) error { return saga.Permanent(errCold) })))
		begin(t, e, "Bake", "cake")
		e.Wait()
		wantStatus(t, d, "cake", saga.Compensated)
	})

	bubble(t, "a compensation knows whether its step may have done something", func(t *testing.T) {
		d := newDisk()
		undo := func(want bool) func(context.Context, *saga.Run) error {
			return func(_ context.Context, r *saga.Run) error {
				if r.Begun() != want {
					t.Errorf("%s: begun is %v, want %v", r.Step(), r.Begun(), want)
				}
				return nil
			}
		}
		e, _ := life(t, d, saga.Options{}, one(
			saga.Step{Name: "Mix", Run: nothing, Compensate: undo(true)},
			saga.Step{Name: "Heat", Run: func(context.Context, *saga.Run) error { return saga.Permanent(errCold) }, Compensate: undo(false)}))
		begin(t, e, "Bake", "cake")
		e.Wait()
		wantStatus(t, d, "cake", saga.Compensated)
	})
}

func TestLaw13Pivot(t *testing.T) {
	bubble(t, "before it has begun, a pivot goes back like any step", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, _ := life(t, d, saga.Options{}, one(calls.undoable("Mix", nil), calls.undoable("Serve", saga.Supersede("no guests")).AsPivot()))
		begin(t, e, "Bake", "cake")
		e.Wait()
		calls.want(t, "Mix", "Serve", "undo Serve", "undo Mix")
		wantStatus(t, d, "cake", saga.Superseded)
	})

	bubble(t, "after a pivot, the saga only goes forward", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, _ := life(t, d, saga.Options{}, one(calls.undoable("Serve", nil).AsPivot(), step("Wash", func(_ context.Context, r *saga.Run) error {
			if r.Attempt() < 3 {
				return saga.Permanent(errCold)
			}
			return nil
		})))
		begin(t, e, "Bake", "cake")
		e.Wait()
		calls.want(t, "Serve")
		wantStatus(t, d, "cake", saga.Completed)
	})

	bubble(t, "abort is refused, and disturbs nothing", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(step("Serve", func(ctx context.Context, r *saga.Run) error {
			wantNoError(t, r.Checkpoint(ctx))
			time.Sleep(time.Minute)
			return ctx.Err()
		}).AsPivot()))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrPivot)
		e.Wait()
		if s := wantStatus(t, d, "cake", saga.Completed); s.History[0].Attempts != 1 {
			t.Errorf("%d attempts", s.History[0].Attempts)
		}
		end()
	})

	bubble(t, "abort is refused by a pivot that begins at the same moment", func(t *testing.T) {
		d := newDisk()
		e, _ := life(t, d, saga.Options{}, one(step("Serve", func(ctx context.Context, r *saga.Run) error {
			if r.Attempt() == 1 && !r.Begun() {
				<-ctx.Done() // the abort
				wantNoError(t, r.Checkpoint(context.WithoutCancel(ctx)))
				return ctx.Err()
			}
			return nil
		}).AsPivot()))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrPivot)
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
	})
}

func TestAbort(t *testing.T) {
	bubble(t, "a running step is cancelled, and undone with all before it", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, _ := life(t, d, saga.Options{}, one(calls.undoable("Mix", nil),
			saga.Step{Name: "Heat", Run: until, Compensate: calls.note("undo Heat", nil)}))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		wantNoError(t, e.Abort(t.Context(), s.ID[:8]))
		if s := d.of("cake"); !s.Reverse {
			t.Error("the answer came before the journal knew")
		}
		e.Wait()
		calls.want(t, "Mix", "undo Heat", "undo Mix")
		if s := wantStatus(t, d, "cake", saga.Compensated); s.Error != saga.ErrAborted.Error() || s.History[1].Attempts != 1 {
			t.Errorf("error %q, history %+v", s.Error, s.History)
		}
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrNotLive)
	})

	bubble(t, "a saga that waits goes back at once; one that goes back already only hurries", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, _ := life(t, d, saga.Options{}, one(saga.Step{
			Name: "Heat",
			Run:  calls.note("Heat", saga.Later(time.Hour, errCold)),
			Compensate: func(_ context.Context, r *saga.Run) error {
				if r.Attempt() == 1 {
					return errCold
				}
				return nil
			},
		}))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		start := time.Now()
		wantNoError(t, e.Abort(t.Context(), s.ID))
		synctest.Wait()
		wantStatus(t, d, "cake", saga.Compensating)
		wantNoError(t, e.Abort(t.Context(), s.ID))
		e.Wait()
		wantStatus(t, d, "cake", saga.Compensated)
		calls.want(t, "Heat")
		if took := time.Since(start); took != 0 {
			t.Errorf("it waited %v", took)
		}
	})

	bubble(t, "it comes too late for a last step that is done", func(t *testing.T) {
		d := newDisk()
		e, _ := life(t, d, saga.Options{}, one(step("Heat", func(ctx context.Context, _ *saga.Run) error {
			<-ctx.Done()
			return nil
		})))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrNotLive)
		wantStatus(t, d, "cake", saga.Completed)
	})

	bubble(t, "it does not outlive the engine, nor the patience of who asks", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(step("Heat", func(context.Context, *saga.Run) error {
			time.Sleep(time.Minute)
			return errCold
		})))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErrorIs(t, e.Abort(ctx, s.ID), context.DeadlineExceeded)
		answer := make(chan error, 1)
		go func() { answer <- e.Abort(t.Context(), s.ID) }()
		synctest.Wait()
		end()
		wantErrorIs(t, <-answer, saga.ErrStopped)
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrStopped)
		wantErrorIs(t, e.Retry(t.Context(), s.ID), saga.ErrStopped)
	})

	bubble(t, "a journal that refuses it leaves the saga going forward", func(t *testing.T) {
		d := newDisk()
		refuse := false
		ctx, cancel := context.WithCancel(t.Context())
		p := &process{disk: d, end: cancel, fates: func(string) fate {
			if refuse {
				return before
			}
			return goOn
		}}
		e := saga.New(p, saga.Options{})
		e.Define("Bake", saga.Step{Name: "Heat", Run: until, Compensate: nothing})
		wantNoError(t, e.Resume(ctx))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		refuse = true
		if err := e.Abort(t.Context(), s.ID); err == nil {
			t.Error("no error")
		}
		synctest.Wait()
		if s := wantStatus(t, d, "cake", saga.Pending); s.Reverse {
			t.Error("it goes back")
		}
		cancel()
		e.Wait()
	})

	bubble(t, "without a running engine it is left to the next start", func(t *testing.T) {
		d := newDisk()
		var calls diary
		define := one(calls.undoable("Mix", nil), saga.Step{Name: "Heat", Run: until, Compensate: calls.note("undo Heat", nil)})
		e, end := life(t, d, saga.Options{}, define)
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		resting := saga.New(&process{disk: d}, saga.Options{})
		define(resting)
		wantErrorIs(t, resting.Abort(t.Context(), "12345678"), saga.ErrNotLive)
		wantErrorIs(t, resting.Abort(t.Context(), s.ID[:7]), saga.ErrNotLive) // too short to be sure
		wantNoError(t, resting.Abort(t.Context(), s.ID[:8]))
		calls.want(t, "Mix")
		wantStatus(t, d, "cake", saga.Compensating)
		e, _ = life(t, d, saga.Options{}, define)
		e.Wait()
		calls.want(t, "Mix", "undo Heat", "undo Mix")
		wantStatus(t, d, "cake", saga.Compensated)
	})
}

func TestRetry(t *testing.T) {
	for name, resting := range map[string]bool{"a running engine": false, "an engine that was never resumed": true} {
		bubble(t, "the next try is now: "+name, func(t *testing.T) {
			d := newDisk()
			cold := true
			define := one(step("Heat", func(context.Context, *saga.Run) error {
				if cold {
					return saga.Later(time.Hour, errors.New("cold"))
				}
				return nil
			}))
			e, end := life(t, d, saga.Options{}, define)
			s := begin(t, e, "Bake", "cake")
			synctest.Wait()
			cold = false
			start := time.Now()
			if resting {
				end()
				e = saga.New(&process{disk: d}, saga.Options{})
				define(e)
			}
			wantErrorIs(t, e.Retry(t.Context(), "12345678"), saga.ErrNotLive)
			wantNoError(t, e.Retry(t.Context(), s.ID[:8]))
			if resting {
				e, _ = life(t, d, saga.Options{}, define)
			}
			e.Wait()
			wantStatus(t, d, "cake", saga.Completed)
			if took := time.Since(start); took != 0 {
				t.Errorf("it waited %v", took)
			}
		})
	}
}
