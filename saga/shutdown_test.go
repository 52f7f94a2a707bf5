package saga_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

func TestLaw12Shutdown(t *testing.T) {
	for name, err := range map[string]error{
		"plain": errCold, "permanent": saga.Permanent(errCold), "superseded": saga.Supersede("x"), "later": saga.Later(1, nil),
	} {
		bubble(t, "a cancelled step leaves the journal as it is: "+name, func(t *testing.T) {
			d := newDisk()
			e, end := life(t, d, saga.Options{}, one(saga.Step{Name: "Heat", Run: func(ctx context.Context, r *saga.Run) error {
				wantNoError(t, r.Checkpoint(ctx))
				<-ctx.Done()
				return err
			}, Compensate: nothing}))
			s := begin(t, e, "Bake", "cake")
			synctest.Wait()
			was := d.sagas[s.ID]
			end()
			if !bytes.Equal(d.sagas[s.ID], was) {
				t.Errorf("journal:\n was %s\n  is %s", was, d.sagas[s.ID])
			}
		})
	}

	bubble(t, "a step that is done is committed, and no other begins", func(t *testing.T) {
		d := newDisk()
		var calls diary
		e, end := life(t, d, saga.Options{}, one(step("Heat", func(ctx context.Context, r *saga.Run) error {
			<-ctx.Done()
			r.Put(row("hot"))
			return nil
		}), calls.undoable("Eat", nil)))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		if s := wantStatus(t, d, "cake", saga.Running); s.Step != 1 || len(d.rows) != 1 {
			t.Errorf("step %d, rows %v", s.Step, d.rows)
		}
		calls.want(t)
	})

	bubble(t, "no intent is written after the end", func(t *testing.T) {
		d := newDisk()
		e, end := life(t, d, saga.Options{}, one(step("Heat", func(ctx context.Context, r *saga.Run) error {
			<-ctx.Done()
			wantErrorIs(t, r.Checkpoint(ctx), context.Canceled)
			return nil // in spite of it
		})))
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		if s := wantStatus(t, d, "cake", saga.Pending); s.Begun {
			t.Error("the intent was written")
		}
	})

	bubble(t, "a journal that hangs is waited for three seconds", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := saga.New(&hanging{process: &process{disk: newDisk()}}, saga.Options{})
		e.Define("Bake", step("Heat", until), step("Eat", nothing))
		e.Define("Buy", step("Pay", nothing))
		wantNoError(t, e.Resume(ctx))
		begin(t, e, "Buy", "flour") // hangs in its commit when the end comes
		begin(t, e, "Bake", "cake")
		time.Sleep(time.Hour)
		cancel()
		start := time.Now()
		e.Wait()
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %v, want 3s", took)
		}
		if err := e.Begin(t.Context(), saga.Saga{}); !errors.Is(err, saga.ErrStopped) {
			t.Errorf("Begin after the end: %v", err)
		}
	})
}

// hanging is a journal whose commits never answer.
type hanging struct{ *process }

func (h *hanging) Commit(ctx context.Context, _ saga.Saga, _ []any) error {
	<-ctx.Done()
	return ctx.Err()
}
