package saga_test

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"arcadiad/saga"
)

// forgetful is a journal that takes nothing of the memory that is measured.
type forgetful struct{}

func (forgetful) Begin(context.Context, ...saga.Saga) error      { return nil }
func (forgetful) Commit(context.Context, saga.Saga, []any) error { return nil }
func (forgetful) Live(context.Context) ([]saga.Saga, error)      { return nil, nil }

// waiting gives the bytes of the heap that each of n sagas holds while it waits in its second step.
func waiting(t testing.TB, n int) (heap, stack int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var there sync.WaitGroup
	there.Add(n)
	e := saga.New(forgetful{}, saga.Options{})
	e.Define("Make",
		saga.Typed("Ask", func(_ context.Context, r *saga.Run, c *map[string]string) error {
			r.SetLabel("asked", "yes")
			return nil
		}, nil),
		saga.Typed("Wait", func(ctx context.Context, _ *saga.Run, _ *map[string]string) error {
			there.Done()
			<-ctx.Done()
			return ctx.Err()
		}, nil),
		step("Register", nothing), step("Look", nothing))
	if err := e.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); e.Wait() }()
	sagas := make([]saga.Saga, n)
	for i := range sagas {
		var err error
		sagas[i], err = e.Draft("Make", strconv.Itoa(i), map[string]string{"spec": strings.Repeat("x", 1000)}, nil, map[string]string{"reason": "new", "group": "web"})
		if err != nil {
			t.Fatal(err)
		}
	}
	before := used()
	if err := e.Begin(ctx, sagas...); err != nil {
		t.Fatal(err)
	}
	there.Wait()
	after := used()
	runtime.KeepAlive(sagas)
	return int(after.HeapAlloc-before.HeapAlloc) / n, int(after.StackInuse-before.StackInuse) / n
}

func used() (m runtime.MemStats) {
	for range 2 { // the second frees what finalizers and pools of the first held
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m
}

// What a waiting saga holds bounds how many may wait: about 6 KB, with a context of 1 KB that is there as JSON once, and decoded once.
func TestAWaitingSagaHoldsLittle(t *testing.T) {
	if heap, _ := waiting(t, 1000); heap > 7500 {
		t.Errorf("%d bytes of heap for each waiting saga", heap)
	}
}

// BenchmarkWaiting tells what a waiting saga holds.
func BenchmarkWaiting(b *testing.B) {
	var heap, stack int
	for b.Loop() {
		heap, stack = waiting(b, 5000)
	}
	b.ReportMetric(float64(heap), "heap-bytes/saga")
	b.ReportMetric(float64(stack), "stack-bytes/saga")
}
