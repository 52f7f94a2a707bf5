package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/sqlite"
)

// pile has the writer find all requests at once, and gives their errors.
func pile(s *sqlite.Store, requests ...func() error) []error {
	letGo := s.Hold()
	errs := make([]error, len(requests))
	var wg sync.WaitGroup
	for i, do := range requests {
		wg.Go(func() { errs[i] = do() })
	}
	for s.Waiting() < len(requests) {
		time.Sleep(time.Millisecond) // in a bubble
	}
	letGo()
	wg.Wait()
	return errs
}

// bubble runs a test with a store that lives in a bubble: the clock is virtual, and every goroutine must be gone at its end.
func bubble(t *testing.T, test func(t *testing.T, path string, s *sqlite.Store)) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		must(t, err)
		defer s.CloseOnce()
		test(t, path, s)
	})
}

func TestThousandCommitsShareATransaction(t *testing.T) {
	bubble(t, func(t *testing.T, _ string, s *sqlite.Store) {
		batches := s.CountBatches()
		var begins []func() error
		for i := range 1000 {
			begins = append(begins, func() error { return s.Begin(t.Context(), draft(i+1, fmt.Sprint("web-", i))) })
		}
		must(t, errors.Join(pile(s, begins...)...))
		wantEqual(t, "transactions", batches.Load(), 2) // the one that was held, and one for all
		wantEqual(t, "live sagas", len(get(s.Live(t.Context()))(t)), 1000)
	})
}

func TestAFailedRequestLeavesItsNeighboursAlone(t *testing.T) {
	bubble(t, func(t *testing.T, _ string, s *sqlite.Store) {
		must(t, s.Begin(t.Context(), draft(1, "taken")))
		errs := pile(s,
			func() error { return s.Begin(t.Context(), draft(2, "a")) },
			func() error { return s.Begin(t.Context(), draft(3, "b"), draft(4, "taken")) },
			func() error { return s.Commit(t.Context(), draft(1, "taken"), []any{droplet(1, "x", at(1)), 42}) },
			func() error { return s.Begin(t.Context(), draft(5, "c")) },
		)
		for i, want := range []error{nil, saga.ErrLive, state.ErrRow, nil} {
			wantErr(t, errs[i], want)
		}
		var names []string
		for _, sg := range get(s.Live(t.Context()))(t) {
			names = append(names, sg.Subject)
		}
		wantEqual(t, "live", strings.Join(names, " "), "taken a c")
		wantEqual(t, "rows", len(get(s.Resources(t.Context()))(t)), 0)
	})
}

// TestCancelledWhileWaiting: an answer is never in doubt. A request that was cancelled in the queue was not written.
func TestCancelledWhileWaiting(t *testing.T) {
	bubble(t, func(t *testing.T, _ string, s *sqlite.Store) {
		letGo := s.Hold()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, s.Begin(ctx, draft(1, "web-1")), context.DeadlineExceeded)
		letGo()
		wantEqual(t, "live sagas", len(get(s.Live(t.Context()))(t)), 0)
	})
}

// TestCloseWritesWhatWaits: and refuses what comes later.
func TestCloseWritesWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, path string, s *sqlite.Store) {
		letGo := s.Hold()
		begun, closed := make(chan error, 1), make(chan error, 1)
		go func() { begun <- s.Begin(t.Context(), draft(1, "web-1")) }()
		synctest.Wait()
		go func() { closed <- s.Close() }()
		synctest.Wait()
		wantErr(t, s.Begin(t.Context(), draft(2, "web-2")), state.ErrClosed)
		letGo()
		must(t, <-begun)
		must(t, <-closed)
		_, err := s.Load(t.Context())
		wantErr(t, err, state.ErrClosed)
		wantEqual(t, "live sagas", len(get(reader(t, path).Sagas(t.Context(), saga.Filter{Live: true}))(t)), 1)
	})
}

// TestLaw03FullDisk: SQLite takes the whole transaction back on a full disk. Nothing is half written, and all is well once there
// is space.
func TestLaw03FullDisk(t *testing.T) {
	bubble(t, func(t *testing.T, _ string, s *sqlite.Store) {
		sg := draft(1, "web-1")
		must(t, s.Begin(t.Context(), sg))
		must(t, s.FillDisk(0))
		moved, big := sg, droplet(1, "web-1", at(1))
		moved.Step, big.Data = 1, []byte(`"`+strings.Repeat("x", 100_000)+`"`)
		errs := pile(s,
			func() error { return s.Commit(t.Context(), moved, []any{big}) },
			func() error { return s.Commit(t.Context(), moved, []any{big}) },
		)
		wantErr(t, errs[0], state.ErrFull)
		wantErr(t, errs[1], state.ErrFull)
		wantEqual(t, "step", get(s.Live(t.Context()))(t)[0].Step, 0)
		wantEqual(t, "rows", len(get(s.Resources(t.Context()))(t)), 0)

		must(t, s.FillDisk(1000))
		must(t, s.Commit(t.Context(), moved, []any{big}))
		wantEqual(t, "step", get(s.Live(t.Context()))(t)[0].Step, 1)
		wantEqual(t, "rows", len(get(s.Resources(t.Context()))(t)), 1)
	})
}

// TestLaw03ReadOnlyWhileRunning: a file system that turns read-only fails what is written meanwhile, says so, and loses nothing.
func TestLaw03ReadOnlyWhileRunning(t *testing.T) {
	bubble(t, func(t *testing.T, _ string, s *sqlite.Store) {
		sg := draft(1, "web-1")
		must(t, s.Begin(t.Context(), sg))
		must(t, s.ReadOnly(true))
		moved := sg
		moved.Step = 1
		for what, err := range map[string]error{
			"commit": s.Commit(t.Context(), moved, []any{droplet(1, "web-1", at(1))}), "begin": s.Begin(t.Context(), draft(2, "web-2")),
			"save":  s.Save(t.Context(), fleet.Observed{Droplets: []fleet.Droplet{droplet(2, "x", at(2))}, BeganAt: at(2)}),
			"pause": s.Pause(t.Context(), true), "approve": s.Approve(t.Context(), "plan-1"),
		} {
			if !errors.Is(err, state.ErrReadOnly) || !strings.Contains(err.Error(), "must be writable by the user that arcadiad runs as") {
				t.Errorf("%s: %v", what, err)
			}
		}
		wantEqual(t, "step", get(s.Live(t.Context()))(t)[0].Step, 0)
		must(t, s.ReadOnly(false))
		must(t, s.Commit(t.Context(), moved, nil))
		wantEqual(t, "step", get(s.Live(t.Context()))(t)[0].Step, 1)
		wantEqual(t, "rows", len(get(s.Resources(t.Context()))(t)), 0)
		wantEqual(t, "sagas", len(get(s.Live(t.Context()))(t)), 1)
	})
}

// TestLaw11SwappedDatabase: what is committed must be found at the path by the next start, so another file there stops all writes.
func TestLaw11SwappedDatabase(t *testing.T) {
	for name, swap := range map[string]func(path string) error{
		"moved away": func(path string) error { return os.Rename(path, path+".old") },
		"another database in its place": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		},
		"another lock file": func(path string) error {
			return errors.Join(os.Remove(path+".lock"), os.WriteFile(path+".lock", nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(tempDir(t), "arcadiad.db")
			s := open(t, path)
			must(t, s.Check(t.Context()))
			sg := draft(1, "web-1")
			must(t, s.Begin(t.Context(), sg))
			must(t, swap(path))
			wantErr(t, s.Check(t.Context()), state.ErrSwapped)
			wantErr(t, s.Commit(t.Context(), ended(sg, saga.Completed), nil), state.ErrSwapped)
			wantErr(t, s.Begin(t.Context(), draft(2, "web-2")), state.ErrSwapped)
			wantEqual(t, "live sagas", len(get(s.Live(t.Context()))(t)), 1)
		})
	}
}
