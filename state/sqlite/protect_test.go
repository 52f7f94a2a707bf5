package sqlite_test

import (
	"testing"
	"time"

	"arcadiad/fleet"
)

// A protection that is recorded stays, whatever is recorded later, until a record lifts it (law 9).
func TestLaw09ARecordedProtectionStays(t *testing.T) {
	s := fresh(t)
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
	must(t, s.Commit(t.Context(), sg, []any{droplet(1, "db", at(0)), later(false, false)}))
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
