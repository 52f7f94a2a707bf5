// Package sagatest holds the test that every saga.Journal must pass, whatever it stores its rows in.
package sagatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"arcadiad/saga"
)

// Rows are what a journal stores beside its sagas.
type Rows struct {
	Row   any                                    // one that it takes
	Count func(t *testing.T, j saga.Journal) int // how many such rows it has
}

// TestJournal checks a journal against the contract of saga.Journal. Each call of open gives an empty journal of its own.
func TestJournal(t *testing.T, open func(t *testing.T) saga.Journal, rows Rows) {
	for _, c := range []struct {
		name string
		test func(*testing.T, saga.Journal)
	}{
		{"a new journal is empty", testEmpty},
		{"what is written comes back whole", testRoundTrip},
		{"the oldest comes first", testOrder},
		{"one live saga for each subject", testLive},
		{"two sagas of one Begin cannot share a subject", testLiveTogether},
		{"a subject is taken until its saga ends", testSubjectUntilEnd},
		{"one of many at the same moment wins", testConcurrent},
		{"id prefixes are never used again", testID},
		{"an ended saga may be committed again", testEndedAgain},
		{"a saga that was never begun cannot be committed", testNeverBegun},
		{"a row that cannot be stored fails the whole commit", testWhole},
		{"the rows of a beginning are written with it", func(t *testing.T, j saga.Journal) { testBeginning(t, j, rows) }},
		{"a cancelled context writes nothing", testCancelled},
		{"what it gives away is a copy", testCopy},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// strange is a row that no journal knows.
type strange struct{ Unstorable string }

var day = time.Date(2026, 11, 20, 9, 14, 3, 125_000_000, time.UTC)

// draft makes the n-th saga of a test.
func draft(n int, subject string) saga.Saga {
	at := day.Add(time.Duration(n) * time.Second)
	return saga.Saga{
		ID: fmt.Sprintf("%08x%024x", n, n), Kind: "Bake", Subject: subject,
		Labels: map[string]string{"spec": "abc"}, Status: saga.Pending,
		Steps:   []string{"Mix", "Heat"},
		Context: json.RawMessage(`{"flour":500,"notes":["a \"quote\"","ü"]}`), Secret: []byte("hidden\x00\xff"),
		CreatedAt: at, UpdatedAt: at,
		History: []saga.StepTime{{Name: "Mix", Status: saga.StepPending}, {Name: "Heat", Status: saga.StepPending}},
	}
}

// ended is the saga at its end.
func ended(s saga.Saga) saga.Saga {
	s.Status, s.Step = saga.Completed, len(s.Steps)
	s.EndedAt = s.UpdatedAt.Add(time.Minute)
	return s
}

func testEmpty(t *testing.T, j saga.Journal) {
	wantLive(t, j)
	if err := j.Begin(t.Context()); err != nil {
		t.Errorf("Begin of no sagas: %v", err)
	}
	wantLive(t, j)
}

func testRoundTrip(t *testing.T, j saga.Journal) {
	s := draft(1, "web-1")
	begin(t, j, s)
	wantLive(t, j, s)

	s.Status, s.Reverse, s.Superseded = saga.Stuck, true, true
	s.Step, s.Begun, s.Attempts = 1, true, 9
	s.NotBefore = day.Add(time.Hour)
	s.Error = "the oven is cold"
	s.Labels = map[string]string{"spec": "abc", "droplet": "123"}
	s.Context = json.RawMessage(`{"flour":250}`)
	s.UpdatedAt = day.Add(time.Minute)
	s.History = []saga.StepTime{
		{Name: "Mix", Status: saga.StepDone, Attempts: 3, StartedAt: day, EndedAt: day.Add(time.Second)},
		{Name: "Heat", Status: saga.StepFailed, Attempts: 9, Error: "the oven is cold", StartedAt: day.Add(time.Second)},
	}
	commit(t, j, s)
	wantLive(t, j, s)

	bare := draft(2, "web-2")
	bare.Labels, bare.Secret, bare.Context = nil, nil, nil
	begin(t, j, bare)
	wantLive(t, j, s, bare)
}

func testOrder(t *testing.T, j saga.Journal) {
	a, b, c := draft(3, "c"), draft(4, "a"), draft(5, "b")
	begin(t, j, a)
	begin(t, j, b, c)
	commit(t, j, a) // to be written last does not make it younger
	wantLive(t, j, a, b, c)
}

func testLive(t *testing.T, j saga.Journal) {
	first := draft(1, "web-1")
	begin(t, j, first)
	wantError(t, j, saga.ErrLive, draft(2, "web-2"), draft(3, "web-1"))
	wantLive(t, j, first) // all or none
}

func testLiveTogether(t *testing.T, j saga.Journal) {
	wantError(t, j, saga.ErrLive, draft(1, "web-1"), draft(2, "web-1"))
	wantLive(t, j)
}

func testSubjectUntilEnd(t *testing.T, j saga.Journal) {
	n := 1
	first := draft(n, "web-1")
	begin(t, j, first)
	for _, s := range []saga.Status{saga.Running, saga.Compensating, saga.Stuck} {
		first.Status = s
		commit(t, j, first)
		n++
		wantError(t, j, saga.ErrLive, draft(n, "web-1"))
	}
	live := first
	for _, end := range []saga.Status{saga.Completed, saga.Compensated, saga.Superseded} {
		done := ended(live)
		done.Status = end
		commit(t, j, done)
		wantLive(t, j)
		n++
		live = draft(n, "web-1")
		begin(t, j, live)
		wantLive(t, j, live)
	}
}

func testConcurrent(t *testing.T, j saga.Journal) {
	const n = 16
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = j.Begin(t.Context(), draft(i+1, "web-1")) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, saga.ErrLive):
			t.Errorf("Begin: %v, want ErrLive", err)
		}
	}
	live, err := j.Live(t.Context())
	if won != 1 || err != nil || len(live) != 1 {
		t.Errorf("%d of %d won, %d live sagas (%v), want one", won, n, len(live), err)
	}
}

func testID(t *testing.T, j saga.Journal) {
	first := draft(7, "web-1")
	begin(t, j, first)
	again := draft(8, "web-2")
	again.ID = first.ID[:8] + again.ID[8:]
	wantError(t, j, saga.ErrID, again)
	commit(t, j, ended(first)) // tags of droplets carry the prefix for as long as they live
	wantError(t, j, saga.ErrID, again)
	wantLive(t, j)

	double, other := draft(9, "web-3"), draft(10, "web-4")
	other.ID = double.ID[:8] + other.ID[8:]
	wantError(t, j, saga.ErrID, double, other)
	wantLive(t, j)
}

// testEndedAgain: a commit whose answer was lost is done again.
func testEndedAgain(t *testing.T, j saga.Journal) {
	s := draft(1, "web-1")
	begin(t, j, s)
	commit(t, j, ended(s))
	commit(t, j, ended(s))
	wantLive(t, j)
}

func testNeverBegun(t *testing.T, j saga.Journal) {
	if err := j.Commit(t.Context(), draft(1, "web-1"), nil); err == nil {
		t.Error("no error for a saga that was never begun")
	}
	wantLive(t, j)
}

func testWhole(t *testing.T, j saga.Journal) {
	s := draft(1, "web-1")
	begin(t, j, s)
	moved := s
	moved.Status, moved.Step = saga.Running, 1
	if err := j.Commit(t.Context(), moved, []any{strange{"x"}}); err == nil {
		t.Error("no error for a row of an unknown type")
	}
	wantLive(t, j, s)
	if err := j.Commit(t.Context(), ended(s), []any{strange{"x"}}); err == nil {
		t.Error("no error for a row of an unknown type with the end of a saga")
	}
	wantLive(t, j, s)
}

func testBeginning(t *testing.T, j saga.Journal, rows Rows) {
	want := func(when string, n int) {
		t.Helper()
		if got := rows.Count(t, j); got != n {
			t.Errorf("%s: %d rows, want %d", when, got, n)
		}
	}
	first, second := draft(1, "web-1"), draft(2, "web-2")
	first.Rows, second.Rows = []any{rows.Row}, []any{strange{"x"}}
	if err := j.Begin(t.Context(), first, second); err == nil {
		t.Error("no error for a row of an unknown type")
	}
	wantLive(t, j)
	want("a row of another saga could not be stored", 0)

	taken := draft(3, "web-1")
	wantError(t, j, saga.ErrLive, first, taken)
	wantLive(t, j)
	want("another saga could not begin", 0)

	second.Rows = nil
	begin(t, j, first, second)
	want("begun", 1)
	first.Rows = nil // they are no part of what is read again
	wantLive(t, j, first, second)
	commit(t, j, ended(first))
	want("committed", 1)
}

func testCancelled(t *testing.T, j saga.Journal) {
	s := draft(1, "web-1")
	begin(t, j, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Begin(ctx, draft(2, "web-2")); err == nil {
		t.Error("Begin: no error")
	}
	if err := j.Commit(ctx, ended(s), nil); err == nil {
		t.Error("Commit: no error")
	}
	wantLive(t, j, s)
}

func testCopy(t *testing.T, j saga.Journal) {
	s := draft(1, "web-1")
	begin(t, j, s)
	live, err := j.Live(t.Context())
	if err != nil || len(live) != 1 {
		t.Fatalf("%d live sagas, %v", len(live), err)
	}
	live[0].Labels["spec"] = "overwritten"
	live[0].Steps[0] = "overwritten"
	live[0].Secret[0] = '!'
	live[0].Context[2] = '!'
	live[0].History[0].Name = "overwritten"
	wantLive(t, j, s)
}

func begin(t *testing.T, j saga.Journal, sagas ...saga.Saga) {
	t.Helper()
	if err := j.Begin(t.Context(), sagas...); err != nil {
		t.Fatalf("Begin: %v", err)
	}
}

func commit(t *testing.T, j saga.Journal, s saga.Saga) {
	t.Helper()
	if err := j.Commit(t.Context(), s, nil); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func wantError(t *testing.T, j saga.Journal, want error, sagas ...saga.Saga) {
	t.Helper()
	if err := j.Begin(t.Context(), sagas...); !errors.Is(err, want) {
		t.Errorf("Begin: %v, want: %v", err, want)
	}
}

func wantLive(t *testing.T, j saga.Journal, want ...saga.Saga) {
	t.Helper()
	got, err := j.Live(t.Context())
	if err != nil {
		t.Fatalf("Live: %v", err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d live sagas, want %d:\n%+v", len(got), len(want), got)
	}
	for i := range got {
		if g, w := normal(t, got[i]), normal(t, want[i]); !reflect.DeepEqual(g, w) {
			t.Errorf("live saga %d:\n got %+v\nwant %+v", i, g, w)
		}
	}
}

// normal drops what a journal is free to change: the time zone, the layout of JSON, and whether what is empty is nil.
func normal(t *testing.T, s saga.Saga) map[string]any {
	t.Helper()
	var context any
	if len(s.Context) > 0 {
		if err := json.Unmarshal(s.Context, &context); err != nil {
			t.Errorf("the context is no JSON: %v", err)
		}
	}
	secret := string(s.Secret)
	labels := map[string]string{}
	for k, v := range s.Labels {
		labels[k] = v
	}
	history := []string{}
	for _, h := range s.History {
		history = append(history, fmt.Sprint(h.Name, h.Status, h.Attempts, h.Error, h.StartedAt.UTC(), h.EndedAt.UTC()))
	}
	for _, at := range []*time.Time{&s.NotBefore, &s.CreatedAt, &s.UpdatedAt, &s.EndedAt} {
		*at = at.UTC()
	}
	s.Context, s.Secret, s.Labels, s.History = nil, nil, nil, nil
	return map[string]any{"saga": fmt.Sprintf("%+v", s), "context": context, "secret": secret, "labels": labels, "history": history}
}
