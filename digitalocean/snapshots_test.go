package digitalocean

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// A snapshot is asked for by name, and found by it when it is done.
func TestSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		sim := simulator.New(simulator.Options{ActionTime: time.Second})
		sim.SetFaults(simulator.Faults{SnapshotFor: time.Minute})
		d := sim.Add(simulator.Droplet{Name: "db"})
		c := newAPI(t, Config{BaseURL: "http://localhost", Transport: sim.Transport()}).Client(PrioritySaga)
		began := time.Now()
		a, err := c.Act(ctx, d.ID, ActionRequest{Type: ActSnapshot, Name: "db-before"}, nil)
		if err != nil || a.Type != "snapshot" {
			t.Fatalf("%+v, %v", a, err)
		}
		if list, err := c.Snapshots(ctx, d.ID); err != nil || len(list) != 0 {
			t.Errorf("under way: %+v, %v", list, err)
		}
		if _, err := c.Act(ctx, d.ID, ActionRequest{Type: ActShutdown}, nil); !errors.Is(err, ErrPendingEvent) {
			t.Errorf("something else meanwhile: %v", err)
		}
		time.Sleep(61 * time.Second)
		list, err := c.Snapshots(ctx, d.ID)
		if err != nil || len(list) != 1 || list[0].Name != "db-before" || !list[0].CreatedAt.Equal(began) || list[0].ID != sim.Snapshots()[0].ID {
			t.Errorf("done: %+v, %v", list, err)
		}
		for i := range perPage { // on two pages
			sim.Snapshot(d.ID, fmt.Sprint("more-", i))
		}
		if list, err := c.Snapshots(ctx, d.ID); err != nil || len(list) != perPage+1 {
			t.Errorf("%d of %d, %v", len(list), perPage+1, err)
		}
		sim.SetFaults(simulator.Faults{WithoutScopes: []string{"image:create"}})
		if _, err := c.Act(ctx, d.ID, ActionRequest{Type: ActSnapshot, Name: "x"}, nil); !errors.Is(err, ErrForbidden) {
			t.Errorf("without the scope: %v", err)
		}
		sim.Delete(d.ID)
		if _, err := c.Snapshots(ctx, d.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("of a droplet that is gone: %v", err)
		}
		if _, err := c.Snapshots(ctx, 0); !errors.Is(err, ErrRejected) {
			t.Errorf("of a droplet 0: %v", err)
		}
	})
}

// Half a list is none: a snapshot that is not in it might be made a second time.
func TestSnapshotsThatCannotBeRead(t *testing.T) {
	for body, want := range map[string]error{
		`{"snapshots":[{"id":1,"name":"a","created_at":"2026-11-20T09:20:00Z"}],"meta":{"total":1}}`: nil,
		`{"snapshots":[{"id":1,"name":"a","created_at":"?"}],"meta":{"total":1}}`:                    nil,
		`{"snapshots":[{"id":1,"name":"a"}],"meta":{"total":2}}`:                                     ErrMoved,
		`{"snapshots":[{"id":1},{"id":1}],"meta":{"total":2}}`:                                       ErrMoved,
		`{"snapshots":[{"name":"a"}],"meta":{"total":1}}`:                                            ErrUnavailable,
		`{"snapshots":[{"id":"1"}],"meta":{"total":1}}`:                                              ErrUnavailable,
		`{"meta":{"total":0}}`: ErrUnavailable,
	} {
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })})
		if got, err := a.Client(PriorityPoll).Snapshots(t.Context(), 5); !errors.Is(err, want) || want != nil && got != nil {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}
