package postgres_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
	"arcadiad/state/postgres"
	"arcadiad/state/postgres/cluster"
	"arcadiad/state/statetest"
)

// pile has the writer find all requests at once, in their order, and gives their errors.
func pile(s *postgres.Store, requests ...func() error) []error {
	letGo := s.Hold()
	errs := make([]error, len(requests))
	var wg sync.WaitGroup
	for i, do := range requests {
		wg.Go(func() { errs[i] = do() })
		for s.Waiting() <= i {
			runtime.Gosched()
		}
	}
	letGo()
	wg.Wait()
	return errs
}

// TestLaw03OneThatFailsLeavesItsNeighbours, with which it goes through a pipeline.
func TestLaw03OneThatFailsLeavesItsNeighbours(t *testing.T) {
	s := fresh(t)
	ended, nobody := draft(1, "ended"), draft(2, "nobody")
	must(t, s.Begin(t.Context(), ended))
	must(t, s.Commit(t.Context(), statetest.Ended(ended, saga.Completed), nil))
	must(t, s.Begin(t.Context(), draft(3, "ended"))) // its name has another saga, and would have two
	var requests []func() error
	want := map[int]error{2: state.ErrNoSaga, 5: state.ErrEnded, 9: state.ErrRow}
	for i := range 12 {
		sg, rows := draft(10+i, fmt.Sprint("web-", i)), []any{sent(i)}
		must(t, s.Begin(t.Context(), sg))
		switch i {
		case 2:
			sg = nobody
		case 5:
			sg = ended
		case 9:
			rows = append(rows, fleet.Released{DropletID: 1})
		}
		sg.Error = "committed"
		requests = append(requests, func() error { return s.Commit(t.Context(), sg, rows) })
	}
	for i, err := range pile(s, requests...) {
		wantErr(t, fmt.Sprint("request ", i), err, want[i])
		if record := get(s.RecordOf(t.Context(), sent(i).DropletID))(t); (record == nil) != (want[i] != nil) {
			t.Errorf("request %d has left the record %v", i, record)
		}
	}
	for _, sg := range get(s.Live(t.Context()))(t) {
		if bad := sg.Subject == "web-2" || sg.Subject == "web-5" || sg.Subject == "web-9" || sg.Subject == "ended"; (sg.Error == "") != bad {
			t.Errorf("the saga of %s: %q", sg.Subject, sg.Error)
		}
	}
}

// TestRequestsForOneDropletKeepTheirOrder, whatever else goes through the pipeline with them.
func TestRequestsForOneDropletKeepTheirOrder(t *testing.T) {
	s := fresh(t)
	a, b := draft(1, "a"), draft(2, "b")
	must(t, s.Begin(t.Context(), a, b))
	for _, err := range pile(s,
		func() error { return s.Commit(t.Context(), a, []any{fleet.Unrecorded{DropletID: 99}, sent(2)}) },
		func() error { return s.Commit(t.Context(), b, []any{fleet.Unrecorded{DropletID: sent(2).DropletID}}) },
	) {
		must(t, err)
	}
	if records := get(s.Records(t.Context()))(t); len(records) != 0 {
		t.Errorf("the last word on the droplet was that it has no record: %v", records)
	}
}

// TestManySagasTakeFewMessages: what goes through a pipeline is parsed once, and not done again one by one.
func TestManySagasTakeFewMessages(t *testing.T) {
	const n = 40
	p := newProxy(t)
	s := open(t, p.url)
	sagas := drafts()[:n]
	parsed := func(do func()) (parsed int) {
		p.at(func(kind byte, _ string) cut {
			if kind == 'P' {
				parsed++
			}
			return goOn
		})
		do()
		p.at(nil)
		return parsed
	}
	if got := parsed(func() { must(t, s.Begin(t.Context(), sagas...)) }); got > n/2 {
		t.Errorf("to begin %d sagas took %d statements", n, got)
	}
	var ends []func() error
	for i, sg := range sagas {
		d := shown(i)
		d.SeenAt = noon
		s.Note([]string{sg.ID}, fleet.Call{Method: "POST", Path: "/v2/droplets", BeganAt: noon, LastAt: noon, Times: 1})
		ends = append(ends, func() error { return s.Commit(t.Context(), statetest.Ended(sg, saga.Completed), []any{d, sent(i)}) })
	}
	got := parsed(func() {
		for _, err := range pile(s, ends...) {
			must(t, err)
		}
	})
	if got > n {
		t.Errorf("to end %d sagas took %d statements", n, got)
	}
	if n := cluster.Value(t, p.url, "SELECT count(*) FROM saga_secrets"); n != int64(0) {
		t.Errorf("%d secrets are left", n)
	}
}

// TestSightingsGoWithTheirDroplets when nothing needs them any more.
func TestSightingsGoWithTheirDroplets(t *testing.T) {
	url := cluster.Database(t)
	s := open(t, url)
	gone := []any{fleet.Droplet{ID: 7, Name: "web-7", SeenAt: noon.AddDate(-2, 0, 0)}, fleet.Deleted{DropletID: 7, At: noon.AddDate(-1, 0, 0)}}
	must(t, s.Begin(t.Context(), draft(1, "web-7")))
	must(t, s.Commit(t.Context(), draft(1, "web-7"), gone))
	removed := get(s.Retain(t.Context(), state.Retention{Deleted: time.Hour}))(t)
	if n := cluster.Value(t, url, "SELECT count(*) FROM sightings"); removed.Deleted != 1 || n != int64(0) {
		t.Errorf("%d droplets were removed, and %d sightings are left", removed.Deleted, n)
	}
}

// TestAPipelineIsSentInPieces: more than goes at once, and values that are NULL, empty or long.
func TestAPipelineIsSentInPieces(t *testing.T) {
	s := fresh(t)
	o := fleet.Observed{BeganAt: noon, EndedAt: noon}
	for i := range 300 {
		d := shown(i)
		switch i % 3 {
		case 1:
			d.PublicIPv4, d.Tags = "", nil
		case 2:
			d.Data = []byte(`{"pad":"` + strings.Repeat("x", 5_000) + `"}`)
		}
		o.Droplets = append(o.Droplets, d)
	}
	must(t, s.Save(t.Context(), o))
	resources := get(s.Resources(t.Context()))(t)
	if len(resources) != len(o.Droplets) {
		t.Fatalf("%d resources are kept", len(resources))
	}
	known := get(s.Load(t.Context()))(t).Known
	for i, d := range o.Droplets {
		r := resources[i]
		if r.Name != d.Name || r.PublicIP != d.PublicIPv4 || len(r.Tags) != len(d.Tags) || !r.LastSeenAt.Equal(noon) || (r.SizeSeen != "") != (i%3 != 2) {
			t.Errorf("droplet %d is kept as %+v", i, r)
		}
		if known[i].Digest != fleet.DigestOf(d.Data) || !known[i].CreatedAt.Equal(d.CreatedAt) {
			t.Errorf("droplet %d is known as %+v", i, known[i])
		}
	}
}
