package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/saga/sagatest"
	"arcadiad/state"
	"arcadiad/state/sqlite"
	"arcadiad/state/statetest"
)

func TestJournalConformance(t *testing.T) {
	count := func(t *testing.T, j saga.Journal) int { return len(get(j.(*sqlite.Store).Rollouts(t.Context()))(t)) }
	row := fleet.Rollout{ID: "00000000000000aa", Group: "web", Phase: fleet.RolloutRunning, BeganAt: noon}
	sagatest.TestJournal(t, func(t *testing.T) saga.Journal { return fresh(t) }, sagatest.Rows{Row: row, Count: count})
}

func TestStoreConformance(t *testing.T) { statetest.TestStore(t, place) }

// The laws that any store keeps by itself.

func TestLaw05RegistrationsOutliveRecords(t *testing.T) {
	statetest.RegistrationsOutliveRecords(t, place(t))
}
func TestLaw06SightingsInAnyOrder(t *testing.T) { statetest.SightingsInAnyOrder(t, place(t)) }
func TestLaw09ApprovalIsUsedWithItsSagas(t *testing.T) {
	statetest.ApprovalIsUsedWithItsSagas(t, place(t))
}
func TestLaw09ARecordedProtectionStays(t *testing.T) { statetest.RecordedProtectionStays(t, place(t)) }
func TestLaw10PinnedAtFirstUse(t *testing.T)         { statetest.PinnedAtFirstUse(t, place(t)) }
func TestLaw10SimulatedIsPinnedToo(t *testing.T)     { statetest.SimulatedIsPinnedToo(t, place(t)) }
func TestLaw16FirstLook(t *testing.T)                { statetest.FirstLook(t, place(t)) }
func TestLaw17ANewNameIsKept(t *testing.T)           { statetest.NewNameIsKept(t, place(t)) }
func TestLaw18BeginsOnlyWhileTheRolloutStands(t *testing.T) {
	statetest.BeginsOnlyWhileTheRolloutStands(t, place(t))
}
func TestLaw18OneLiveRollout(t *testing.T) { statetest.OneLiveRollout(t, place(t)) }

// path is where a database is.
type path string

func place(t *testing.T) statetest.Place { return path(filepath.Join(tempDir(t), "arcadiad.db")) }

func (p path) Open(t *testing.T) statetest.Store { return open(t, string(p)) }
func (p path) Read(t *testing.T) state.Reader    { return reader(t, string(p)) }

func tempDir(t testing.TB) string { return statetest.TempDir(t) }

// open opens a store that is closed at the end of the test, which may close it before.
func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseOnce)
	return s
}

func fresh(t testing.TB) *sqlite.Store { return open(t, filepath.Join(tempDir(t), "arcadiad.db")) }

// reader opens the database of a store for reading, as another process would.
func reader(t *testing.T, path string) *sqlite.Reader {
	t.Helper()
	r, err := sqlite.OpenReader(t.Context(), path)
	must(t, err)
	return r
}

// raw runs a statement past the store, as somebody with the sqlite3 tool would.
func raw(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	must(t, err)
	defer db.Close()
	_, err = db.Exec(statement, args...)
	must(t, err)
}

// column reads one value past the store.
func column(t *testing.T, path, query string, args ...any) (value any) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000")
	must(t, err)
	defer db.Close()
	must(t, db.QueryRow(query, args...).Scan(&value))
	return value
}

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

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error: %v, want: %v", err, want)
	}
}

func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)

// at is so many seconds after noon.
func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func draft(n int, subject string) saga.Saga { return statetest.Draft(n, subject, at(n)) }

func ended(s saga.Saga, status saga.Status) saga.Saga { return statetest.Ended(s, status) }

// commit has the rows committed by a saga of their own.
func commit(t *testing.T, s *sqlite.Store, rows ...any) {
	t.Helper()
	sagas := get(s.Sagas(t.Context(), saga.Filter{}))(t)
	sg := draft(1000+len(sagas), fmt.Sprintf("rows-%d", len(sagas)))
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), sg, rows))
}

func droplet(id int64, name string, seen time.Time) fleet.Droplet {
	return fleet.Droplet{
		ID: id, Name: name, Status: fleet.StatusActive, Region: "syd1", Tags: []string{fleet.ManagedTag}, PublicIPv4: "198.51.100.24",
		Data: []byte(fmt.Sprintf(`{"id":%d,  "field_of_tomorrow":"kept"}`, id)), SeenAt: seen,
	}
}

func record(id int64, name string) fleet.Record {
	return fleet.Record{
		DropletID: id, Name: name, SagaID: draft(1, "").ID, RecordedAt: noon, ImageID: 190000001,
		Values: fleet.Values{
			"size": "s-1vcpu-1gb", "region": "syd1", "image": "ubuntu-24-04-x64", "tags": "a,b", "monitoring": "true", "user_data": "",
		},
	}
}
