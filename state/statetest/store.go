// Package statetest holds the test that every store of observations and records must pass, whatever it keeps them in. What it must
// do as a journal is tested by package sagatest.
package statetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Store is what a pass needs of a store, and the journal whose commits bring it rows.
type Store interface {
	saga.Journal
	Load(context.Context) (fleet.Recorded, error)
	Save(context.Context, fleet.Observed) error
	Notice(context.Context, []fleet.Deviation) error
	Forget(context.Context, []int64) error
}

// TestStore checks a store. Each call of open gives an empty store of its own.
func TestStore(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Store)
	}{
		{"a new store knows nothing", testEmpty},
		{"what is observed is known", testObserved},
		{"an older sighting never overwrites a newer one", testOlder},
		{"what is gone keeps its record until it is forgotten", testGone},
		{"an absence lasts until the droplet is seen, or has no record", testAbsences},
		{"an absence that a saga has ended is not saved again", testAbsenceEnded},
		{"what ended of late is known to have ended", testEnded},
		{"a deletion outlives older sightings, not newer ones", testDeleted},
		{"a record comes back as it was", testRecord},
		{"what is noticed keeps its beginning", testNoticed},
		{"what is noticed goes with the record", testNoticedOfGone},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
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

func testEmpty(t *testing.T, s Store) {
	if got := load(t, s); !reflect.DeepEqual(got, fleet.Recorded{}) {
		t.Errorf("%+v", got)
	}
}

func testObserved(t *testing.T, s Store) {
	save(t, s, 1, nil, droplet(7, "a", 1), droplet(8, "b", 1))
	save(t, s, 5, nil, droplet(7, "a", 5))
	wantKnown(t, s,
		fleet.Known{DropletID: 7, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(5)},
		fleet.Known{DropletID: 8, Name: "b", FirstSeenAt: at(1), LastSeenAt: at(1)})
}

func testOlder(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "oldest", 1), droplet(7, "new", 5))
	save(t, s, 3, nil, droplet(7, "old", 3))
	commit(t, s, 2, droplet(7, "older", 2))
	wantKnown(t, s, fleet.Known{DropletID: 7, Name: "new", FirstSeenAt: at(1), LastSeenAt: at(5)})
}

func testGone(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "gone", 1), record(7, "gone"), droplet(8, "missing", 1), record(8, "missing"),
		droplet(9, "seen since", 9), record(9, "seen since"))
	save(t, s, 5, []int64{7, 9})
	wantKnown(t, s,
		fleet.Known{DropletID: 8, Name: "missing", FirstSeenAt: at(1), LastSeenAt: at(1)},
		fleet.Known{DropletID: 9, Name: "seen since", FirstSeenAt: at(9), LastSeenAt: at(9)})
	wantRecords(t, s, record(7, "gone"), record(8, "missing"), record(9, "seen since"))
}

// absence is that of a droplet which so many looks, a minute apart, have lacked; gone: it is proved.
func absence(id int64, looks int, gone bool) fleet.Absence {
	a := fleet.Absence{DropletID: id, Since: at(5), LastAt: at(5).Add(time.Duration(looks-1) * time.Minute), Looks: looks, Witnessed: looks, Process: "p"}
	if gone {
		a.GoneAt = a.LastAt.Add(time.Second)
	}
	return a
}

// observe saves a look that saw nothing but these absences.
func observe(t *testing.T, s Store, absences ...fleet.Absence) {
	t.Helper()
	o := fleet.Observed{BeganAt: at(5), EndedAt: at(5)}
	for _, a := range absences {
		if o.Absences = append(o.Absences, a); a.LastAt.After(o.BeganAt) {
			o.BeganAt, o.EndedAt = a.LastAt, a.LastAt
		}
		if !a.GoneAt.IsZero() {
			o.Gone = append(o.Gone, a.DropletID)
		}
	}
	if err := s.Save(t.Context(), o); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func wantAbsences(t *testing.T, s Store, want ...fleet.Absence) {
	t.Helper()
	if got := load(t, s).Absences; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("absences:\n got %+v\nwant %+v", got, want)
	}
}

func testAbsences(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"), droplet(9, "theirs", 1))
	observe(t, s, absence(0, 1, false), absence(7, 1, false), absence(8, 1, false), absence(9, 1, false))
	observe(t, s, absence(7, 2, true), absence(8, 2, true))
	wantAbsences(t, s, absence(7, 2, true), absence(8, 2, true)) // those that the look knows nothing of are over
	wantRecords(t, s, record(7, "a"), record(8, "b"))
	forget(t, s, 9) // is not gone
	commit(t, s, 2, fleet.Unrecorded{DropletID: 7})
	wantAbsences(t, s, absence(8, 2, true))
	forget(t, s, 8)
	wantAbsences(t, s)
	wantRecords(t, s)
}

func testAbsenceEnded(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"))
	observe(t, s, absence(7, 1, false), absence(8, 2, true))
	commit(t, s, 2, droplet(7, "a", 6)) // a saga saw it
	wantAbsences(t, s, absence(8, 2, true))
	observe(t, s, absence(7, 2, false), absence(8, 2, true)) // made from what was loaded before
	wantAbsences(t, s, absence(8, 2, true))
	later := droplet(8, "b", 1)
	later.SeenAt = at(5).Add(time.Hour)
	commit(t, s, 3, later)
	wantAbsences(t, s)
	forget(t, s, 8) // it shows again
	wantRecords(t, s, record(7, "a"), record(8, "b"))

	commit(t, s, 4, droplet(9, "c", 1), record(9, "c"))
	observe(t, s, absence(9, 3, false))
	amid := droplet(9, "c", 1)
	amid.SeenAt = at(5).Add(time.Minute)
	commit(t, s, 5, amid) // a sighting that comes late, of a time between two looks
	observe(t, s, absence(9, 4, false))
	wantAbsences(t, s) // the next look counts anew
}

func testEnded(t *testing.T, s Store) {
	recent, old := droplet(7, "a", 1), droplet(8, "b", 1)
	now := time.Now()
	commit(t, s, 1, recent, old, fleet.Deleted{DropletID: 7, At: now.Add(-time.Hour)}, fleet.Deleted{DropletID: 8, At: now.Add(-48 * time.Hour)})
	if got := load(t, s).Ended; !reflect.DeepEqual(got, []int64{7}) {
		t.Errorf("ended of late: %v, want 7", got)
	}
}

func forget(t *testing.T, s Store, ids ...int64) {
	t.Helper()
	if err := s.Forget(t.Context(), ids); err != nil {
		t.Fatalf("Forget: %v", err)
	}
}

func testDeleted(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"))
	commit(t, s, 2, fleet.Deleted{DropletID: 7, At: at(5)})
	save(t, s, 4, nil, droplet(7, "a", 4))
	wantKnown(t, s)
	wantRecords(t, s)
	save(t, s, 6, nil, droplet(7, "a", 6))
	wantKnown(t, s, fleet.Known{DropletID: 7, Name: "a", FirstSeenAt: at(1), LastSeenAt: at(6)})
	wantRecords(t, s)
}

func testRecord(t *testing.T, s Store) {
	bare := fleet.Record{DropletID: 8, Name: "b", Values: fleet.Values{}, RecordedAt: at(2)}
	commit(t, s, 1, record(7, "a"), bare)
	wantRecords(t, s, record(7, "a"), bare)
	commit(t, s, 2, fleet.Unrecorded{DropletID: 7})
	wantRecords(t, s, bare)
}

func deviation(id int64, field, seen string, since int) fleet.Deviation {
	return fleet.Deviation{DropletID: id, Field: field, Seen: seen, Since: at(since)}
}

func testNoticed(t *testing.T, s Store) {
	commit(t, s, 1, record(7, "a"), record(8, "b"))
	notice(t, s, deviation(7, "name", "mine", 1), deviation(7, "size", "s-2vcpu-2gb", 1), deviation(8, "status", "off", 1))
	asked := deviation(7, "size", "s-2vcpu-2gb", 2)
	asked.By, asked.Asked = "resize (action 7)", true
	notice(t, s, deviation(7, "name", "yours", 2), asked)
	asked.Since = at(1) // that it was asked about changes nothing about when it began
	wantNoticed(t, s, deviation(7, "name", "yours", 2), asked)
	notice(t, s, deviation(7, "name", "yours", 3), deviation(7, "size", "s-2vcpu-2gb", 3))
	wantNoticed(t, s, deviation(7, "name", "yours", 2), asked)
	notice(t, s, deviation(7, "size", "s-8vcpu-16gb", 4)) // another value is another deviation
	wantNoticed(t, s, deviation(7, "size", "s-8vcpu-16gb", 4))
	notice(t, s)
	wantNoticed(t, s)
}

func testNoticedOfGone(t *testing.T, s Store) {
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), record(8, "b"), record(9, "c"))
	all := []fleet.Deviation{deviation(7, "status", "off", 1), deviation(8, "status", "off", 1), deviation(9, "status", "off", 1)}
	notice(t, s, all...)
	commit(t, s, 2, fleet.Unrecorded{DropletID: 8}, record(9, "c"))
	wantNoticed(t, s, all[0], all[2])
	commit(t, s, 3, fleet.Deleted{DropletID: 7, At: at(5)})
	wantNoticed(t, s, all[2])
	notice(t, s, all...) // a pass that began before
	wantNoticed(t, s, all[2])
}

func notice(t *testing.T, s Store, list ...fleet.Deviation) {
	t.Helper()
	if err := s.Notice(t.Context(), list); err != nil {
		t.Fatalf("Notice: %v", err)
	}
}

func wantNoticed(t *testing.T, s Store, want ...fleet.Deviation) {
	t.Helper()
	if got := load(t, s).Deviations; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("deviations:\n got %+v\nwant %+v", got, want)
	}
}

func load(t *testing.T, s Store) fleet.Recorded {
	t.Helper()
	r, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return r
}

func save(t *testing.T, s Store, began int, gone []int64, droplets ...fleet.Droplet) {
	t.Helper()
	o := fleet.Observed{Droplets: droplets, Gone: gone, BeganAt: at(began), EndedAt: at(began)}
	if err := s.Save(t.Context(), o); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

// commit has the n-th saga of a test commit the rows.
func commit(t *testing.T, s Store, n int, rows ...any) {
	t.Helper()
	sg := saga.Saga{
		ID: fmt.Sprintf("%08x%024x", n, n), Kind: fleet.SagaProvision, Subject: fmt.Sprint("saga-", n), Status: saga.Pending,
		CreatedAt: at(n), UpdatedAt: at(n),
	}
	if err := s.Begin(t.Context(), sg); err != nil {
		t.Fatalf("Begin: %v", err)
	}
	if err := s.Commit(t.Context(), sg, rows); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func wantKnown(t *testing.T, s Store, want ...fleet.Known) {
	t.Helper()
	got := load(t, s).Known
	for i := range got {
		if got[i].Digest != fleet.DigestOf([]byte(`{}`)) {
			t.Errorf("the digest of the data of droplet %d: %x", got[i].DropletID, got[i].Digest)
		}
		got[i].Digest = fleet.Digest{}
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("known:\n got %+v\nwant %+v", got, want)
	}
}

func wantRecords(t *testing.T, s Store, want ...fleet.Record) {
	t.Helper()
	if got := load(t, s).Records; len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("records:\n got %+v\nwant %+v", got, want)
	}
}
