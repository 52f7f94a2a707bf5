package saga_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

// TestUnrunnable: a saga that this binary cannot run is stuck alone, and its evidence stays.
func TestUnrunnable(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*saga.Saga)
		says   string
		aborts bool // abort can still take it back
		keeps  bool // nothing at all is written
	}{
		"a row that cannot be read whole": {spoil: func(s *saga.Saga) { s.Undecodable = "labels: no JSON" }, says: "labels: no JSON", keeps: true},
		"an unknown kind":                 {spoil: func(s *saga.Saga) { s.Kind = "Fry" }, says: `kind "Fry"`},
		"an unknown status":               {spoil: func(s *saga.Saga) { s.Status = "paused" }, says: `status "paused"`, keeps: true},
		"a step that does not exist":      {spoil: func(s *saga.Saga) { s.Step = 7 }, says: "step 8 of 2"},
		"a context of another shape":      {spoil: func(s *saga.Saga) { s.Context = []byte(`["flour"]`) }, says: "context cannot be decoded"},
		"an unknown step that has begun":  {spoil: func(s *saga.Saga) { s.Steps[1], s.Begun = "Fry", true }, says: `step "Fry"`},
		"an unknown step":                 {spoil: func(s *saga.Saga) { s.Steps[1] = "Fry" }, says: `step "Fry"`, aborts: true},
	} {
		bubble(t, name, func(t *testing.T) {
			d := newDisk()
			undone := 0
			define := func(heat func(context.Context, *saga.Run) error) func(*saga.Engine) {
				return one(
					saga.Step{Name: "Mix", Run: nothing, Compensate: func(context.Context, *saga.Run) error { undone++; return nil }},
					saga.Typed("Heat", func(ctx context.Context, r *saga.Run, _ *struct{ Flour int }) error { return heat(ctx, r) }, nil))
			}
			e, end := life(t, d, saga.Options{}, define(until))
			begin(t, e, "Bake", "bread")
			id := begin(t, e, "Bake", "cake").ID
			synctest.Wait()
			end()
			s := d.of("cake")
			c.spoil(&s)
			d.sagas[id] = encode(s)
			was := d.sagas[id]

			var stuck []saga.Event
			o := saga.Options{Observe: func(ev saga.Event) {
				if ev.What == saga.EventStuck {
					stuck = append(stuck, ev)
				}
			}}
			e, end = life(t, d, o, define(nothing))
			time.Sleep(24 * time.Hour)
			e.WakeAll()
			synctest.Wait()
			wantStatus(t, d, "bread", saga.Completed)
			live := e.Live()
			if len(live) != 1 || live[0].Status != saga.Stuck || !strings.Contains(live[0].Error, c.says) {
				t.Fatalf("live: %+v", live)
			}
			if len(stuck) != 1 || stuck[0].Err == nil || stuck[0].Saga.ID != id {
				t.Errorf("%d times reported as stuck: %+v", len(stuck), stuck)
			}
			if err := e.Retry(t.Context(), id); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("retry: %v", err)
			}

			if now := d.of("cake"); !c.keeps {
				if now.Status != saga.Stuck || !strings.Contains(now.Error, c.says) {
					t.Errorf("the journal shows it as %s (%s)", now.Status, now.Error)
				}
				now.Status, now.Error, now.UpdatedAt = s.Status, s.Error, s.UpdatedAt
				was = encode(now)
			}
			if !bytes.Equal(encode(s), was) || c.keeps && !bytes.Equal(d.sagas[id], was) {
				t.Errorf("evidence:\n was %s\n  is %s", encode(s), d.sagas[id])
			}

			end()
			was = d.sagas[id]
			e, end = life(t, d, saga.Options{}, define(nothing))
			synctest.Wait()
			if !bytes.Equal(d.sagas[id], was) {
				t.Error("the next start wrote what the journal knew already")
			}

			err := e.Abort(t.Context(), id)
			synctest.Wait()
			switch {
			case c.aborts:
				wantNoError(t, err)
				wantStatus(t, d, "cake", saga.Compensated)
				if undone != 1 {
					t.Errorf("undone %d times", undone)
				}
			case err == nil || !strings.Contains(err.Error(), c.says) || undone != 0:
				t.Errorf("abort: %v, undone %d times", err, undone)
			}
			end()
		})
	}
}

// TestUnrunnableOnTheWayBack: nothing is passed over on the way back that this binary does not know.
func TestUnrunnableOnTheWayBack(t *testing.T) {
	bubble(t, "an unknown step stops it, the right binary finishes it", func(t *testing.T) {
		d := newDisk()
		var calls diary
		weigh, mix := calls.undoable("Weigh", nil), calls.undoable("Mix", nil)
		heat := saga.Step{Name: "Heat", Run: until, Compensate: calls.note("undo Heat", nil)}
		e, end := life(t, d, saga.Options{}, one(weigh, mix, heat))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		resting := saga.New(&process{disk: d}, saga.Options{})
		one(weigh, mix, heat)(resting)
		wantNoError(t, resting.Abort(t.Context(), s.ID))

		e, end = life(t, d, saga.Options{}, one(weigh, heat))
		time.Sleep(time.Hour)
		wantStatus(t, d, "cake", saga.Stuck)
		if err := e.Abort(t.Context(), s.ID); err == nil {
			t.Error("abort says that it goes back")
		}
		end()

		e, _ = life(t, d, saga.Options{}, one(weigh, mix, heat))
		e.Wait()
		calls.want(t, "Weigh", "Mix", "undo Heat", "undo Mix", "undo Weigh")
		wantStatus(t, d, "cake", saga.Compensated)
	})
}

// TestLaw13UnknownMayBePivot: a step that was passed, and that this binary does not know, may have been a pivot.
func TestLaw13UnknownMayBePivot(t *testing.T) {
	bubble(t, "the saga only goes forward", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, end := life(t, d, saga.Options{}, one(calls.undoable("Mix", nil), step("Serve", nothing).AsPivot(), step("Wash", until)))
		s := begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		e, end = life(t, d, saga.Options{}, one(calls.undoable("Mix", nil), calls.undoable("Wash", saga.Permanent(errCold))))
		synctest.Wait()
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrPivot)
		end()
		calls.want(t, "Mix", "Wash")
	})
}

// TestUnrunnableWithoutJournal: that a saga is stuck is shown even when the journal cannot be told.
func TestUnrunnableWithoutJournal(t *testing.T) {
	bubble(t, "stuck in memory", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(step("Heat", until)))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		ctx, cancel := context.WithCancel(t.Context())
		e = saga.New(&process{disk: d, end: cancel, fates: func(what string) fate {
			if what == "commit" {
				return before
			}
			return goOn
		}}, saga.Options{})
		e.Define("Bake", saga.Typed("Heat", func(context.Context, *saga.Run, *int) error {
			t.Error("it was run")
			return nil
		}, nil))
		s := d.of("cake")
		s.Context = []byte(`"flour"`)
		d.sagas[s.ID] = encode(s)
		wantNoError(t, e.Resume(ctx))
		synctest.Wait()
		if live := e.Live(); len(live) != 1 || live[0].Status != saga.Stuck {
			t.Errorf("live: %+v", live)
		}
		wantStatus(t, d, "cake", saga.Pending)
		cancel()
		e.Wait()
	})
}
