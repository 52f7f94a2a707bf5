// Package statetest holds the tests that every store must pass, whatever it keeps things in. What it must do as a journal is tested by
// package sagatest too.
package statetest

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/reconcile"
	"arcadiad/saga"
	"arcadiad/state"
)

// Store is all that a daemon needs of a store.
type Store interface {
	state.Store
	reconcile.Store
}

// Place is where one store is kept, which is empty at first.
type Place interface {
	// Open opens the store. It is closed at the end of the test, unless the test closes it before.
	Open(t *testing.T) Store
	// Read opens the store for reading only, beside an open one or without one.
	Read(t *testing.T) state.Reader
}

// TestStore checks a store. Each call of place gives a place of its own.
func TestStore(t *testing.T, place func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"a new store knows nothing", testEmpty},
		{"all that a plan needs is loaded", testLoad},
		{"what was written is there after a restart, and beside the store", testDurable},
		{"a store that is closed does nothing", testClosed},
		{"a copy is written once", testBackup},
		{"what is over for long is removed", testRetain},

		{"what is observed is known", opened(testObserved)},
		{"what is known of each droplet is told", opened(testSaved)},
		{"an older sighting never overwrites a newer one", opened(testOlder)},
		{"sightings may come in any order", SightingsInAnyOrder},
		{"what is gone keeps its record until it is forgotten", opened(testGone)},
		{"an absence lasts until the droplet is seen, or has no record", opened(testAbsences)},
		{"an absence that a saga has ended is not saved again", opened(testAbsenceEnded)},
		{"what ended of late is known to have ended", opened(testEnded)},
		{"a deletion outlives older sightings, not newer ones", opened(testDeleted)},
		{"the first look stays the first", FirstLook},
		{"the first look may show nothing", opened(testFirstLookAtNothing)},

		{"a record comes back as it was", opened(testRecord)},
		{"to record again only renews", opened(testRecordAgain)},
		{"a recorded protection stays", RecordedProtectionStays},
		{"a new name is kept", NewNameIsKept},
		{"registrations outlive records", RegistrationsOutliveRecords},
		{"what is noticed keeps its beginning", opened(testNoticed)},
		{"what is noticed goes with the record", opened(testNoticedOfGone)},

		{"a droplet in quarantine is kept with its record", testQuarantine},
		{"a droplet is under its name or in quarantine", opened(testQuarantineEnds)},

		{"pinned at first use", PinnedAtFirstUse},
		{"simulated is pinned too", SimulatedIsPinnedToo},
		{"an approval is used with its sagas", ApprovalIsUsedWithItsSagas},
		{"an approval lapses with its plan", opened(testLapse)},
		{"a pause lasts", opened(testPause)},
		{"an approval has an approver", opened(testApprover)},

		{"a rollout is kept", testRollouts},
		{"one live rollout for each group", OneLiveRollout},
		{"sagas begin only while their rollout stands", BeginsOnlyWhileTheRolloutStands},
		{"a rollout is changed as it was known", opened(testChangeRollout)},

		{"an ended saga stays ended", opened(testSagaEnded)},
		{"an ended saga is labelled", opened(testLabel)},
		{"a saga is found by the first digits of its id", opened(testSagaByPrefix)},
		{"sagas are filtered", opened(testFilter)},
		{"a row that cannot be stored fails its commit", opened(testRows)},
		{"calls ride with the commit", opened(testCalls)},
		{"calls are bounded", opened(testCallsBounded)},
		{"calls need a saga", opened(testCallsOfNoSaga)},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, place(t)) })
	}
}

// opened is a test of an open store.
func opened(test func(*testing.T, Store)) func(*testing.T, Place) {
	return func(t *testing.T, p Place) { test(t, p.Open(t)) }
}

// at is so many seconds into the test's day.
func at(seconds int) time.Time {
	return time.Date(2026, 11, 20, 9, 14, seconds, 125_000_000, time.UTC)
}

func droplet(id int64, name string, seen int) fleet.Droplet {
	return fleet.Droplet{ID: id, Name: name, Status: fleet.StatusActive, Region: "syd1", Data: []byte(`{}`), SeenAt: at(seen)}
}

func record(id int64, name string) fleet.Record {
	return fleet.Record{
		DropletID: id, Name: name, ImageID: 190000001, Protect: true, SagaID: fmt.Sprintf("%032x", id), RecordedAt: at(1),
		Values:  fleet.Values{"size": "s-1vcpu-1gb", "region": "syd1", "tags": "a,b", "ipv6": "false", "ssh_keys": "sha256:00"},
		Assumed: []string{"ssh_keys"},
	}
}

func draft(n int, subject string) saga.Saga { return Draft(n, subject, at(n)) }

// Draft is the n-th saga of a test, which is still to begin.
func Draft(n int, subject string, at time.Time) saga.Saga {
	return saga.Saga{
		ID: fmt.Sprintf("%08x%024x", n, n), Kind: fleet.SagaProvision, Subject: subject, Status: saga.Pending,
		Steps:     []string{"CreateDroplet", "WaitDropletActive"},
		History:   []saga.StepTime{{Name: "CreateDroplet", Status: saga.StepPending}, {Name: "WaitDropletActive", Status: saga.StepPending}},
		CreatedAt: at, UpdatedAt: at,
	}
}

// Ended is the saga as it ends.
func Ended(s saga.Saga, status saga.Status) saga.Saga {
	s.Status, s.Step, s.EndedAt = status, len(s.Steps), s.UpdatedAt.Add(time.Minute)
	return s
}

// commit has the n-th saga of a test commit the rows.
func commit(t *testing.T, s Store, n int, rows ...any) {
	t.Helper()
	sg := draft(n, fmt.Sprint("saga-", n))
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), sg, rows))
}

func load(t *testing.T, r state.Reader) fleet.Recorded {
	t.Helper()
	return get(r.Load(t.Context()))(t)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// get gives the value of a call, or fails the test: get(f())(t).
func get[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
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

// wantEqual takes what is empty for what is not there.
func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := reflect.ValueOf(got), reflect.ValueOf(want); g.Kind() == reflect.Slice && w.Kind() == reflect.Slice && g.Len()+w.Len() == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// TempDir is a directory in memory where there is one: the tests are about what is written, not about how fast a disk is.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "arcadiad-state-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
