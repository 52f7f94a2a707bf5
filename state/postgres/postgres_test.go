package postgres_test

import (
	"os"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/saga/sagatest"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/statetest"
)

func TestMain(m *testing.M) { os.Exit(cluster.Run(m)) }

func TestJournalConformance(t *testing.T) {
	count := func(t *testing.T, j saga.Journal) int { return len(get(j.(*postgres.Store).Rollouts(t.Context()))(t)) }
	row := fleet.Rollout{ID: "00000000000000aa", Group: "web", Phase: fleet.RolloutRunning, BeganAt: noon}
	sagatest.TestJournal(t, func(t *testing.T) saga.Journal { return fresh(t) }, sagatest.Rows{Row: row, Count: count})
}

func TestStoreConformance(t *testing.T) { statetest.TestStore(t, place) }

// database is where a store is.
type database string

func place(t *testing.T) statetest.Place { return database(cluster.Database(t)) }

func (d database) Open(t *testing.T) statetest.Store { return open(t, string(d)) }
func (d database) Read(t *testing.T) state.Reader {
	t.Helper()
	return get(postgres.OpenReader(t.Context(), string(d)))(t)
}

// open opens a store that is closed at the end of the test, which may close it before.
func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s := get(postgres.Open(t.Context(), url, postgres.Options{}))(t)
	t.Cleanup(func() { s.Close() })
	return s
}

func fresh(t testing.TB) *postgres.Store { return open(t, cluster.Database(t)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get gives the value of a call, or fails the test: get(f())(t).
func get[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)
