package saga_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/saga"
)

// counter is where sagas wait for their turn to bake, one after the other.
type counter struct {
	mu      sync.Mutex
	there   []string
	serve   chan error
	calls   diary
	options saga.Options
}

// bake is a queued step: it does something when it is served.
func (c *counter) bake() saga.Step {
	return saga.Step{
		Name: "Bake",
		Run: func(ctx context.Context, r *saga.Run) error {
			c.mu.Lock()
			c.there = append(c.there, r.Subject())
			c.mu.Unlock()
			select {
			case err := <-c.serve:
				if err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
			return r.Checkpoint(ctx)
		},
		Compensate: c.calls.note("undo Bake", nil),
	}.AsQueued()
}

// open begins five sagas, of which two are served at once.
func open(t *testing.T, d *disk) (c *counter, e *saga.Engine, end func()) {
	c = &counter{serve: make(chan error), options: saga.Options{Ahead: 2, Backoff: exact}}
	e, end = life(t, d, c.options, one(c.bake(), saga.Step{Name: "Eat", Run: until}))
	for i := range 5 {
		begin(t, e, "Bake", fmt.Sprint("cake ", i+1))
	}
	synctest.Wait()
	c.want(t, "cake 1", "cake 2")
	return c, e, end
}

// want says who came to the counter since the last call.
func (c *counter) want(t *testing.T, subjects ...string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.there)
	if !slices.Equal(c.there, subjects) {
		t.Errorf("%q are tried, want %q", c.there, subjects)
	}
	c.there = nil
}

func TestQueue(t *testing.T) {
	bubble(t, "the next one comes when one has checkpointed, failed or asked for another try", func(t *testing.T) {
		d := newDisk()
		c, e, _ := open(t, d)
		states := map[saga.Status]int{}
		for _, s := range e.Live() {
			states[s.Status]++
		}
		if states[saga.Running] != 2 || states[saga.Pending] != 3 {
			t.Errorf("live: %v", states)
		}
		c.serve <- nil // it has checkpointed, and its try goes on in the next step
		c.want(t, "cake 3")
		c.serve <- saga.Later(time.Hour, errCold)
		c.want(t, "cake 4")
		c.serve <- errCold
		c.want(t, "cake 5")
	})

	bubble(t, "who waits goes back at once when a person says so, and its place is lost", func(t *testing.T) {
		d := newDisk()
		c, e, _ := open(t, d)
		wantNoError(t, e.Abort(t.Context(), d.of("cake 3").ID))
		synctest.Wait()
		wantStatus(t, d, "cake 3", saga.Compensated)
		c.calls.want(t, "undo Bake")
		wantNoError(t, e.Retry(t.Context(), d.of("cake 4").ID)) // it is not waiting for a backoff
		c.want(t)
		c.serve <- saga.Permanent(errCold)
		c.want(t, "cake 4")
		c.calls.want(t, "undo Bake", "undo Bake")
	})

	bubble(t, "who waits at a shutdown is tried after the restart, as one that was never tried", func(t *testing.T) {
		d := newDisk()
		c, e, end := open(t, d)
		end()
		e.Wait()
		c.want(t)
		s := d.of("cake 5")
		if s.Status != saga.Pending || !s.History[0].StartedAt.IsZero() {
			t.Errorf("the journal has %+v", s)
		}
		wantErrorIs(t, e.Abort(t.Context(), s.ID), saga.ErrStopped)
		again := &counter{serve: make(chan error)}
		life(t, d, c.options, one(again.bake(), saga.Step{Name: "Eat", Run: until}))
		again.want(t, "cake 1", "cake 2", "cake 3", "cake 4", "cake 5")
	})
}

// A saga that waits for its turn holds about what its row does.
func TestAQueuedSagaHoldsLittle(t *testing.T) {
	const n = 1000
	ctx, cancel := context.WithCancel(t.Context())
	e := saga.New(forgetful{}, saga.Options{Ahead: 1})
	e.Define("Make", saga.Step{Name: "Ask", Run: until}.AsQueued(), step("Wait", nothing), step("Register", nothing), step("Look", nothing))
	wantNoError(t, e.Resume(ctx))
	defer func() { cancel(); e.Wait() }()
	before, goroutines := used(), runtime.NumGoroutine()
	sagas := make([]saga.Saga, n)
	for i := range sagas {
		var err error
		sagas[i], err = e.Draft("Make", strconv.Itoa(i), map[string]string{"spec": strings.Repeat("x", 1000)}, nil, map[string]string{"reason": "new", "group": "web"})
		wantNoError(t, err)
	}
	wantNoError(t, e.Begin(ctx, sagas...))
	sagas = nil
	after := used()
	if heap, more := int(after.HeapAlloc-before.HeapAlloc)/n, runtime.NumGoroutine()-goroutines; heap > 3500 || more > 1 {
		t.Errorf("%d bytes of heap for each saga that waits for its turn, %d goroutines", heap, more)
	} else {
		t.Logf("%d bytes of heap for each saga that waits for its turn", heap)
	}
}
