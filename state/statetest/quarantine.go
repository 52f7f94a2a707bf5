package statetest

import (
	"testing"

	"arcadiad/fleet"
	"arcadiad/state"
)

// quarantined is a droplet that was taken out of its name at one time and is kept until another.
func quarantined(id int64, name string, taken, until int) fleet.Quarantined {
	return fleet.Quarantined{
		DropletID: id, Name: name, Record: record(id, name), Tags: []string{"a", "b"}, ReservedIP: "203.0.113.7", SagaID: "taken",
		At: at(taken), Until: at(until),
	}
}

func testQuarantine(t *testing.T, p Place) {
	s := p.Open(t)
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"))
	a := quarantined(7, "a", 2, 9)
	bare := fleet.Quarantined{DropletID: 9, Name: "c", Record: fleet.Record{DropletID: 9, Values: fleet.Values{}}, Tags: []string{}, At: at(2), Until: at(3)}
	commit(t, s, 2, bare, a)
	want := func(when string, r state.Reader) {
		t.Helper()
		wantEqual(t, when+": all", load(t, r).Quarantine, []fleet.Quarantined{a, bare})
		wantEqual(t, when+": records", load(t, r).Records, []fleet.Record{record(8, "b")})
	}
	want("open", s)
	r := p.Read(t)
	want("beside the store", r)
	must(t, s.Close())
	s = p.Open(t)
	want("opened again", s)
	for i, row := range []fleet.Quarantined{{}, {DropletID: 8, Record: record(7, "a"), At: at(1), Until: at(2)}, {DropletID: 8, Record: record(8, "b"), At: at(1)}} {
		wantErr(t, beginWith(t, s, 10+i, "b", row), state.ErrRow)
	}
	want("after rows that were refused", s)
}

// A droplet is under its name or in quarantine: never both, whatever ends the one or the other.
func testQuarantineEnds(t *testing.T, s Store) {
	wantKept := func(when string, want ...fleet.Quarantined) {
		t.Helper()
		wantEqual(t, when, load(t, s).Quarantine, want)
	}
	a, b := quarantined(7, "a", 2, 9), quarantined(8, "b", 2, 9)
	commit(t, s, 1, droplet(7, "a", 1), record(7, "a"), droplet(8, "b", 1), record(8, "b"), droplet(9, "c", 1))
	commit(t, s, 2, a, b, quarantined(9, "c", 2, 9))
	commit(t, s, 3, fleet.Unquarantined{DropletID: 9})
	wantKept("brought back", a, b)
	commit(t, s, 4, a.Record)
	wantKept("recorded again", b)
	wantRecords(t, s, a.Record)
	commit(t, s, 5, a, fleet.Deleted{DropletID: 8, At: at(5)})
	wantKept("destroyed", a)
	save(t, s, 6, nil, droplet(9, "c", 6))
	wantKept("not listed", a)
	save(t, s, 7, []int64{7}, droplet(9, "c", 7))
	wantKept("proved gone, and may show again", a)
	save(t, s, 10, nil, droplet(9, "c", 10))
	wantKept("gone, and its time is over")
	wantRecords(t, s)
	if len(load(t, s).Registrations) != 2 {
		t.Errorf("registrations: %+v", load(t, s).Registrations)
	}
}
