package saga_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

func TestLaw14Backoff(t *testing.T) {
	bubble(t, "grows, and outlives the process", func(t *testing.T) {
		d := newDisk()
		var tries []time.Duration
		start := time.Now()
		define := one(step("Heat", func(_ context.Context, r *saga.Run) error {
			tries = append(tries, time.Since(start))
			if r.Attempt() < 5 {
				return errCold
			}
			return nil
		}))
		e, end := life(t, d, saga.Options{}, define)
		begin(t, e, "Bake", "cake")
		time.Sleep(4 * time.Second) // tries at 0, 1 and 3 s; the next at 7 s
		end()
		s := wantStatus(t, d, "cake", saga.Running)
		if s.Attempts != 3 || s.Error != errCold.Error() || s.NotBefore.Sub(start) != 7*time.Second {
			t.Errorf("on disk: %d attempts, error %q, not before %v", s.Attempts, s.Error, s.NotBefore.Sub(start))
		}
		time.Sleep(time.Second)
		e, _ = life(t, d, saga.Options{}, define)
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}
		for i := range want {
			if len(tries) != len(want) || tries[i] != want[i] {
				t.Fatalf("tries at %v, want %v", tries, want)
			}
		}
	})

	bubble(t, "a clock that was wrong does not stop a saga", func(t *testing.T) {
		d := newDisk()
		define := one(step("Heat", func(_ context.Context, r *saga.Run) error {
			if r.Attempt() == 1 {
				return errCold
			}
			return nil
		}))
		e, end := life(t, d, saga.Options{}, define)
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		s := d.of("cake")
		s.NotBefore, s.UpdatedAt = s.NotBefore.AddDate(10, 0, 0), s.UpdatedAt.AddDate(10, 0, 0)
		d.sagas[s.ID] = encode(s)
		start := time.Now()
		e, _ = life(t, d, saga.Options{}, define)
		e.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("it waited %v, want the 1s that was decided", took)
		}
	})

	bubble(t, "Later is not a failed try", func(t *testing.T) {
		d := newDisk()
		start := time.Now()
		n := 0
		e, _ := life(t, d, saga.Options{}, one(step("Wait", func(_ context.Context, r *saga.Run) error {
			if r.Attempt() != 1 {
				t.Errorf("attempt %d", r.Attempt())
			}
			if n++; n <= 96 {
				return saga.Later(5*time.Second, errCold)
			}
			return nil
		})))
		begin(t, e, "Bake", "cake")
		e.Wait()
		if took := time.Since(start); took != 96*5*time.Second {
			t.Errorf("it took %v, want 8m0s", took)
		}
		wantStatus(t, d, "cake", saga.Completed)
	})

	bubble(t, "no pause is longer than an hour, and Later(0) is none of zero length", func(t *testing.T) {
		start := time.Now()
		n := 0
		e, _ := life(t, newDisk(), saga.Options{}, one(step("Wait", func(context.Context, *saga.Run) error {
			n++
			return []error{saga.Later(24*time.Hour, nil), saga.Later(0, nil), nil}[n-1]
		})))
		begin(t, e, "Bake", "cake")
		e.Wait()
		if took := time.Since(start); took != time.Hour+time.Second {
			t.Errorf("it took %v, want 1h0m1s", took)
		}
	})

	bubble(t, "one bad saga never stops the others; to be woken is to try now", func(t *testing.T) {
		d := newDisk()
		start := time.Now()
		broken := true
		e, _ := life(t, d, saga.Options{}, one(step("Heat", func(_ context.Context, r *saga.Run) error {
			if r.Subject() == "cake" && broken {
				return saga.Later(time.Hour, errCold)
			}
			return nil
		})))
		begin(t, e, "Bake", "cake")
		begin(t, e, "Bake", "bread")
		synctest.Wait()
		wantStatus(t, d, "bread", saga.Completed)
		wantStatus(t, d, "cake", saga.Running)
		broken = false
		e.Wake("bread") // not the one that waits
		synctest.Wait()
		wantStatus(t, d, "cake", saga.Running)
		e.Wake("cake")
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		if took := time.Since(start); took != 0 {
			t.Errorf("it waited %v", took)
		}
	})
}

func TestStuck(t *testing.T) {
	bubble(t, "a pivot that keeps failing is stuck, retried ever more slowly, and can still succeed", func(t *testing.T) {
		d := newDisk()
		var pauses []time.Duration
		stuck := 0
		o := saga.Options{StuckAfter: 3, Observe: func(ev saga.Event) {
			pauses = append(pauses, ev.Pause)
			if ev.What == saga.EventStuck {
				stuck++
			}
		}}
		e, _ := life(t, d, o, one(step("Destroy", func(ctx context.Context, r *saga.Run) error {
			if err := r.Checkpoint(ctx); err != nil {
				return err
			}
			if got := d.of("cake").Status == saga.Stuck; got != (r.Attempt() > 3) {
				t.Errorf("try %d: stuck is %v", r.Attempt(), got)
			}
			if r.Attempt() <= 30 {
				return saga.Permanent(errCold)
			}
			return nil
		}).AsPivot()))
		begin(t, e, "Bake", "cake")
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		longest := time.Duration(0)
		for _, p := range pauses {
			longest = max(longest, p)
		}
		if stuck != 28 || longest != 10*time.Minute {
			t.Errorf("%d stuck tries, longest pause %v; want 28 and 10m0s", stuck, longest)
		}
	})

	bubble(t, "a compensation that keeps failing is stuck; in the end the saga knows why it failed", func(t *testing.T) {
		d := newDisk()
		e, _ := life(t, d, saga.Options{StuckAfter: 2}, one(saga.Step{
			Name: "Heat",
			Run:  func(context.Context, *saga.Run) error { return saga.Permanent(errCold) },
			Compensate: func(_ context.Context, r *saga.Run) error {
				if r.Attempt() <= 2 {
					return saga.Permanent(errors.New("the door is jammed"))
				}
				return nil
			},
		}))
		begin(t, e, "Bake", "cake")
		time.Sleep(2 * time.Second)
		if s := wantStatus(t, d, "cake", saga.Stuck); !s.Reverse || s.Error != "the door is jammed" {
			t.Errorf("reverse %v, error %q", s.Reverse, s.Error)
		}
		e.Wait()
		if s := wantStatus(t, d, "cake", saga.Compensated); s.Error != errCold.Error() {
			t.Errorf("error %q, want the reason why it failed", s.Error)
		}
	})

	bubble(t, "a step before the pivot is retried for ever without being stuck", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{StuckAfter: 2}, one(step("Heat", func(context.Context, *saga.Run) error { return errCold })))
		begin(t, e, "Bake", "cake")
		time.Sleep(time.Hour)
		end()
		if s := wantStatus(t, d, "cake", saga.Running); s.Attempts < 60 {
			t.Errorf("%d attempts in an hour", s.Attempts)
		}
	})

	bubble(t, "a step that needs a person is stuck at once, and does not go back", func(t *testing.T) {
		d := newDisk()
		var calls diary
		mended := false
		e, _ := life(t, d, saga.Options{}, one(calls.undoable("Mix", nil), step("Heat", func(context.Context, *saga.Run) error {
			if !mended {
				return saga.NeedsPerson(errCold)
			}
			return nil
		})))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		if s := wantStatus(t, d, "cake", saga.Stuck); s.Reverse || s.Error != errCold.Error() {
			t.Errorf("reverse %v, error %q", s.Reverse, s.Error)
		}
		mended = true
		wantNoError(t, e.Retry(t.Context(), s.ID))
		e.Wait()
		calls.want(t, "Mix")
		wantStatus(t, d, "cake", saga.Completed)
	})

	bubble(t, "a step that needs a person, or only patience, is looked at again as often as it says, and told of once", func(t *testing.T) {
		d := newDisk()
		stuck, waits := 0, 0
		o := saga.Options{Observe: func(ev saga.Event) {
			switch ev.What {
			case saga.EventStuck:
				stuck++
			case saga.EventLater:
				waits++
			}
		}}
		start := time.Now()
		e, _ := life(t, d, o, one(step("Heat", func(_ context.Context, r *saga.Run) error {
			if r.StepStartedAt().Sub(start).Abs() > time.Second || r.Attempt() != 1 {
				t.Errorf("first tried at %v, attempt %d", r.StepStartedAt(), r.Attempt())
			}
			if time.Since(start) < 10*time.Hour {
				return saga.NeedsPerson(saga.Later(time.Minute, errCold))
			}
			return nil
		})))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		if s := wantStatus(t, d, "cake", saga.Stuck); s.Error != errCold.Error() {
			t.Errorf("error %q", s.Error)
		}
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
		if took := time.Since(start); took != 10*time.Hour || stuck != 1 || waits != 599 {
			t.Errorf("it took %v, was told of as stuck %d times, and waited %d times more", took, stuck, waits)
		}
	})

	bubble(t, "a panic makes that saga stuck alone; it may still come right", func(t *testing.T) {
		d := newDisk()
		stuck := 0
		o := saga.Options{Observe: func(ev saga.Event) {
			if ev.What == saga.EventStuck {
				stuck++
			}
		}}
		e, _ := life(t, d, o, one(step("Heat", func(_ context.Context, r *saga.Run) error {
			switch {
			case r.Subject() == "cake" && r.Attempt() == 1:
				panic("no oven")
			case r.Attempt() == 2:
				return errCold
			}
			return nil
		})))
		begin(t, e, "Bake", "cake")
		begin(t, e, "Bake", "bread")
		synctest.Wait()
		wantStatus(t, d, "bread", saga.Completed)
		if s := wantStatus(t, d, "cake", saga.Stuck); s.Error != "panic: no oven" {
			t.Errorf("error %q", s.Error)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		wantStatus(t, d, "cake", saga.Stuck) // until a try succeeds
		if stuck != 2 {
			t.Errorf("reported as stuck %d times, want 2", stuck)
		}
		e.Wait()
		wantStatus(t, d, "cake", saga.Completed)
	})
}
