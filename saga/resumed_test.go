package saga_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"arcadiad/saga"
)

// A step knows whether an earlier process may have done more than the journal tells.
func TestLaw04AStepKnowsThatItsSagaWasLoaded(t *testing.T) {
	bubble(t, "begun here, and loaded by the next process", func(t *testing.T) {
		d := newDisk()
		var loaded []bool
		define := one(step("Heat", func(ctx context.Context, r *saga.Run) error {
			loaded = append(loaded, r.Resumed())
			<-ctx.Done()
			return ctx.Err()
		}))
		e, end := life(t, d, saga.Options{}, define)
		begin(t, e, "Bake", "cake")
		synctest.Wait()
		end()
		_, end = life(t, d, saga.Options{}, define)
		synctest.Wait()
		end()
		if want := []bool{false, true}; !slices.Equal(loaded, want) {
			t.Errorf("loaded: %v, want %v", loaded, want)
		}
	})
}
