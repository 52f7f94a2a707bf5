package statetest

import (
	"reflect"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

func testRecord(t *testing.T, s Store) {
	bare := fleet.Record{DropletID: 8, Name: "b", Values: fleet.Values{}, RecordedAt: at(2)}
	commit(t, s, 1, record(7, "a"), bare)
	wantRecords(t, s, record(7, "a"), bare)
	commit(t, s, 2, fleet.Unrecorded{DropletID: 7})
	wantRecords(t, s, bare)
	if gone, kept := get(s.RecordOf(t.Context(), 7))(t), get(s.RecordOf(t.Context(), 8))(t); gone != nil || kept == nil || kept.Name != "b" {
		t.Errorf("the record of 7: %+v; of 8: %+v", gone, kept)
	}
	commit(t, s, 3, record(7, "a"))
	wantEqual(t, "records by id", get(s.Records(t.Context()))(t), []fleet.Record{record(7, "a"), bare})
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
	wantEqual(t, "drift", get(s.Deviations(t.Context()))(t), []fleet.Drift{
		{Deviation: all[0], Name: "a", Recorded: "active"}, {Deviation: all[1], Name: "b", Recorded: "active"}, {Deviation: all[2], Name: "c", Recorded: "active"},
	})
	commit(t, s, 2, fleet.Unrecorded{DropletID: 8}, record(9, "c"))
	wantNoticed(t, s, all[0], all[2])
	commit(t, s, 3, fleet.Deleted{DropletID: 7, At: at(5)})
	wantNoticed(t, s, all[2])
	notice(t, s, all...) // a pass that began before
	wantNoticed(t, s, all[2])
}

func notice(t *testing.T, s Store, list ...fleet.Deviation) {
	t.Helper()
	must(t, s.Notice(t.Context(), list))
}

func wantNoticed(t *testing.T, s Store, want ...fleet.Deviation) {
	t.Helper()
	wantEqual(t, "deviations", load(t, s).Deviations, want)
}

func wantRecords(t *testing.T, s Store, want ...fleet.Record) {
	t.Helper()
	wantEqual(t, "records", load(t, s).Records, want)
}

func testRecordAgain(t *testing.T, s Store) {
	commit(t, s, 1, droplet(1, "a", 0), record(1, "a"), droplet(2, "b", 0), record(2, "b"), droplet(3, "c", 0), record(3, "c"))
	commit(t, s, 2, fleet.Deleted{DropletID: 2, At: at(1)}, fleet.Unrecorded{DropletID: 3})
	again := []fleet.Record{record(1, "a"), record(2, "b"), record(3, "c"), record(4, "never")}
	for i := range again {
		again[i].Values["size"], again[i].RecordedAt = "s-2vcpu-2gb", at(5)
	}
	must(t, s.Record(t.Context(), again))
	records := get(s.Load(t.Context()))(t).Records
	if len(records) != 1 || records[0].Name != "a" || records[0].Values["size"] != "s-2vcpu-2gb" {
		t.Errorf("records: %+v", records)
	}
	must(t, s.Record(t.Context(), []fleet.Record{record(1, "a")}))
	if r := get(s.Load(t.Context()))(t).Records[0]; !r.RecordedAt.Equal(at(5)) || r.Values["size"] != "s-2vcpu-2gb" {
		t.Errorf("an older record overwrote a newer one: %+v", r)
	}
	must(t, s.Record(t.Context(), nil))
}

// RecordedProtectionStays: whatever is recorded later, until a record lifts it (law 9).
func RecordedProtectionStays(t *testing.T, p Place) {
	s := p.Open(t)
	sg := draft(1, "db")
	must(t, s.Begin(t.Context(), sg))
	later := func(protect, lifts bool) fleet.Record {
		r := record(1, "db")
		r.Protect, r.Lifts, r.RecordedAt = protect, lifts, time.Now()
		return r
	}
	want := func(what string, want bool) {
		t.Helper()
		if r := get(s.RecordOf(t.Context(), 1))(t); (r != nil && r.Protect) != want {
			t.Errorf("%s: recorded %+v", what, r)
		}
	}
	want("without a record", false)
	must(t, s.Commit(t.Context(), sg, []any{droplet(1, "db", 0), later(false, false)}))
	want("recorded", false)
	must(t, s.Record(t.Context(), []fleet.Record{later(true, false)}))
	want("recorded again, protected", true)
	must(t, s.Record(t.Context(), []fleet.Record{later(false, false)}))
	want("recorded again from what was known before", true)
	must(t, s.Commit(t.Context(), sg, []any{later(false, false)}))
	want("by a saga that was planned before", true)
	must(t, s.Commit(t.Context(), sg, []any{later(false, true)}))
	want("lifted", false)
}

// NewNameIsKept: the name that the fleet file gives to a renamed droplet is kept beside its record, until the droplet has that name (law 17).
func NewNameIsKept(t *testing.T, p Place) {
	s := p.Open(t)
	heir := func() string { return get(s.Load(t.Context()))(t).Records[0].Heir }
	commit(t, s, 1, droplet(7, "web", 1), record(7, "web"))
	must(t, s.Inherit(t.Context(), map[int64]string{7: "api", 8: "other"}))
	wantEqual(t, "the first new name", heir(), "api")
	must(t, s.Inherit(t.Context(), map[int64]string{7: "svc"}))
	commit(t, s, 2, record(7, "api")) // the first rename is done late
	wantEqual(t, "the second new name", heir(), "svc")
	commit(t, s, 3, record(7, "svc"))
	wantEqual(t, "nothing is left to be done", heir(), "")
	must(t, s.Inherit(t.Context(), map[int64]string{7: "edge"}))
	renewed := record(7, "edge")
	renewed.RecordedAt = at(60)
	must(t, s.Record(t.Context(), []fleet.Record{renewed}))
	wantEqual(t, "renewed under it", heir(), "")
	must(t, s.Inherit(t.Context(), map[int64]string{7: "web"}))
	must(t, s.Inherit(t.Context(), map[int64]string{7: ""}))
	wantEqual(t, "taken back", heir(), "")
}

// RegistrationsOutliveRecords: that a droplet was registered, or released, is kept when its record is gone, and when it is (law 5).
func RegistrationsOutliveRecords(t *testing.T, p Place) {
	s := p.Open(t)
	sg := draft(1, "a")
	must(t, s.Begin(t.Context(), sg))
	put := func(rows ...any) { t.Helper(); must(t, s.Commit(t.Context(), sg, rows)) }
	put(droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"), droplet(9, "c", 1))
	put(fleet.Unrecorded{DropletID: 7}, fleet.Deleted{DropletID: 8, At: at(2)}, fleet.Released{DropletID: 7, At: at(3)}, fleet.Released{DropletID: 9, At: at(4)})
	registered := record(7, "a").RecordedAt
	want := []fleet.Registration{
		{DropletID: 7, RegisteredAt: registered, ReleasedAt: at(3)}, {DropletID: 8, RegisteredAt: registered}, {DropletID: 9, ReleasedAt: at(4)},
	}
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	later := record(7, "a")
	later.RecordedAt = registered.Add(time.Hour)
	put(later, fleet.Readopted{DropletID: 7})
	want[0].ReleasedAt = time.Time{}
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, want) {
		t.Errorf("adopted again: got %+v, want %+v", got, want)
	}
	get(s.Retain(t.Context(), state.Retention{Deleted: time.Nanosecond}))(t)
	if got := get(s.Load(t.Context()))(t).Registrations; !reflect.DeepEqual(got, []fleet.Registration{want[0], want[2]}) {
		t.Errorf("with the row of 8 removed: %+v", got)
	}
	for _, row := range []any{fleet.Released{DropletID: 7}} {
		wantErr(t, s.Commit(t.Context(), sg, []any{row}), state.ErrRow)
	}
}
