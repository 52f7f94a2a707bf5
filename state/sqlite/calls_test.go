package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

func call(method, path string, second int) fleet.Call {
	return fleet.Call{Method: method, Path: path, Status: 200, RequestID: fmt.Sprint("r-", second), BeganAt: at(second), Took: 40 * time.Millisecond, Times: 1, LastAt: at(second)}
}

// Calls ride with the next commit of their saga, in the order in which they were made; reads that are alike share a row.
func TestCallsRideWithTheCommit(t *testing.T) {
	s := fresh(t)
	one, two := draft(1, "web-1"), draft(2, "web-2")
	must(t, s.Begin(t.Context(), one, two))
	s.Note([]string{one.ID}, call("POST", "/v2/droplets", 1))
	for i := range 3 {
		s.Note([]string{one.ID, two.ID}, call("GET", "/v2/droplets/7", 2+i))
	}
	wantEqual(t, "calls before the commit", len(get(s.Calls(t.Context(), one.ID))(t)), 0)
	must(t, s.Commit(t.Context(), one, nil))
	calls := get(s.Calls(t.Context(), one.ID))(t)
	looks := call("GET", "/v2/droplets/7", 4)
	looks.BeganAt, looks.Times = at(2), 3
	wantEqual(t, "calls", fmt.Sprint(calls), fmt.Sprint([]fleet.Call{call("POST", "/v2/droplets", 1), looks}))
	wantEqual(t, "calls of the other", len(get(s.Calls(t.Context(), two.ID))(t)), 0)

	// A write never shares a row, and a commit that fails keeps them for the next.
	s.Note([]string{two.ID}, call("DELETE", "/v2/droplets/7", 9))
	s.Note([]string{two.ID}, call("DELETE", "/v2/droplets/7", 10))
	if err := s.Commit(t.Context(), two, []any{"no row"}); err == nil {
		t.Fatal("a row of no type was taken")
	}
	must(t, s.Commit(t.Context(), ended(two, saga.Completed), nil))
	wantEqual(t, "calls of the other", len(get(s.Calls(t.Context(), two.ID))(t)), 3)
}

// Of a long list the first and the newest stay.
func TestCallsAreBounded(t *testing.T) {
	s := fresh(t)
	one := draft(1, "web-1")
	must(t, s.Begin(t.Context(), one))
	for i := range 500 {
		s.Note([]string{one.ID}, call("DELETE", fmt.Sprint("/", i), i))
		if i%50 == 0 || i == 499 {
			must(t, s.Commit(t.Context(), one, nil))
		}
	}
	calls := get(s.Calls(t.Context(), one.ID))(t)
	wantEqual(t, "kept", len(calls), 200)
	wantEqual(t, "first", calls[0].Path, "/0")
	wantEqual(t, "last of the first", calls[19].Path, "/19")
	wantEqual(t, "first of the newest", calls[20].Path, "/320")
	wantEqual(t, "newest", calls[199].Path, "/499")
}

// Calls go with their saga.
func TestCallsOfNoSaga(t *testing.T) {
	s := fresh(t)
	s.Note([]string{"none"}, call("GET", "/", 1))
	wantErr(t, s.Commit(t.Context(), draft(1, "web-1"), nil), state.ErrNoSaga)
	wantEqual(t, "calls", len(get(s.Calls(t.Context(), "none"))(t)), 0)
}
