package statetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

func testSagaEnded(t *testing.T, s Store) {
	sg := draft(1, "web-1")
	must(t, s.Begin(t.Context(), sg))
	must(t, s.Commit(t.Context(), Ended(sg, saga.Compensated), nil))
	wantErr(t, s.Commit(t.Context(), sg, nil), state.ErrEnded)
	wantErr(t, s.Commit(t.Context(), draft(2, "web-2"), nil), state.ErrNoSaga)
}

func testLabel(t *testing.T, s Store) {
	sg := draft(1, "web-1")
	sg.Labels = map[string]string{fleet.LabelSpec: "abc"}
	must(t, s.Begin(t.Context(), sg))
	wantErr(t, s.SetLabel(t.Context(), sg.ID, fleet.LabelRetried, "true"), saga.ErrLive)
	must(t, s.Commit(t.Context(), Ended(sg, saga.Compensated), nil))
	must(t, s.SetLabel(t.Context(), sg.ID, fleet.LabelRetried, "true"))
	if f := get(s.Load(t.Context()))(t).Sagas[0]; !f.Retried || f.SpecHash != "abc" {
		t.Errorf("saga: %+v", f)
	}
	must(t, s.SetLabel(t.Context(), sg.ID, fleet.LabelRetried, ""))
	wantEqual(t, "retried", get(s.Load(t.Context()))(t).Sagas[0].Retried, false)
	must(t, s.SetLabel(t.Context(), sg.ID, fleet.LabelSwept, "2026-11-20T09:14:03Z"))
	must(t, s.SetLabel(t.Context(), sg.ID, fleet.LabelTagGone, "true"))
	if f := get(s.Load(t.Context()))(t).Sagas[0]; !f.TagGone || !f.SweptAt.Equal(time.Date(2026, 11, 20, 9, 14, 3, 0, time.UTC)) {
		t.Errorf("saga: %+v", f)
	}
	wantErr(t, s.SetLabel(t.Context(), draft(2, "").ID, "a", "b"), state.ErrNoSaga)
}

func testSagaByPrefix(t *testing.T, s Store) {
	a, b := draft(0x12345678, "a"), draft(0x12345679, "b")
	a.Secret = []byte("hidden")
	must(t, s.Begin(t.Context(), a, b))
	for _, id := range []string{a.ID, a.ID[:8], strings.ToUpper(a.ID[:12])} {
		sg := get(s.Saga(t.Context(), id))(t)
		if sg.Subject != "a" || sg.Secret != nil || len(sg.History) != 2 {
			t.Errorf("%s: %+v", id, sg)
		}
	}
	for id, want := range map[string]error{"1234": state.ErrAmbiguous, "ffffffff": state.ErrNoSaga, "": state.ErrNoSaga, "*": state.ErrNoSaga} {
		_, err := s.Saga(t.Context(), id)
		wantErr(t, err, want)
	}
}

func testFilter(t *testing.T, s Store) {
	for i, name := range []string{"a", "b", "A", "c"} {
		sg := draft(i+1, name)
		must(t, s.Begin(t.Context(), sg))
		if i < 2 {
			must(t, s.Commit(t.Context(), Ended(sg, saga.Completed), nil))
		}
	}
	for want, f := range map[string]saga.Filter{
		"abAc": {}, "Ac": {Live: true}, "aA": {Subject: "A"}, "bAc": {Limit: 3}, "A": {Subject: "a", Limit: 1}, "c": {Live: true, Limit: 1},
	} {
		wantEqual(t, "filtered", strings.ReplaceAll(subjects(t, s, f), " ", ""), want)
	}
}

// subjects are those of the sagas that pass the filter, oldest first.
func subjects(t *testing.T, s Store, f saga.Filter) string {
	t.Helper()
	var names []string
	for _, sg := range get(s.Sagas(t.Context(), f))(t) {
		names = append(names, sg.Subject)
	}
	return strings.Join(names, " ")
}

func testRows(t *testing.T, s Store) {
	sg := draft(1, "web-1")
	must(t, s.Begin(t.Context(), sg))
	moved := sg
	moved.Step = 1
	for _, row := range []any{
		42, &fleet.Record{DropletID: 1}, nil, fleet.Droplet{ID: 1}, fleet.Droplet{SeenAt: at(1)}, fleet.Record{Name: "a"},
		fleet.Deleted{DropletID: 1},
	} {
		wantErr(t, s.Commit(t.Context(), moved, []any{droplet(1, "a", 1), row}), state.ErrRow)
	}
	if known := get(s.Load(t.Context()))(t).Known; len(known) != 0 {
		t.Errorf("half a commit was written: %v", known)
	}
	wantEqual(t, "step", get(s.Saga(t.Context(), sg.ID))(t).Step, 0)
}

func call(method, path string, second int) fleet.Call {
	return fleet.Call{Method: method, Path: path, Status: 200, RequestID: fmt.Sprint("r-", second), BeganAt: at(second), Took: 40 * time.Millisecond, Times: 1, LastAt: at(second)}
}

// Calls ride with the next commit of their saga, in the order in which they were made; reads that are alike share a row.
func testCalls(t *testing.T, s Store) {
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
	must(t, s.Commit(t.Context(), Ended(two, saga.Completed), nil))
	wantEqual(t, "calls of the other", len(get(s.Calls(t.Context(), two.ID))(t)), 3)
}

// Of a long list the first and the newest stay.
func testCallsBounded(t *testing.T, s Store) {
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
func testCallsOfNoSaga(t *testing.T, s Store) {
	s.Note([]string{"none"}, call("GET", "/", 1))
	wantErr(t, s.Commit(t.Context(), draft(1, "web-1"), nil), state.ErrNoSaga)
	wantEqual(t, "calls", len(get(s.Calls(t.Context(), "none"))(t)), 0)
}
