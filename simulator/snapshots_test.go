package simulator_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"

	"github.com/digitalocean/godo"
)

// A snapshot takes its time, in which the droplet is busy, and is there when its action is done: for as long as somebody pays for it.
func TestSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{ActionTime: time.Second})
		s.SetFaults(simulator.Faults{SnapshotFor: 10 * time.Minute})
		c := inProcess(t, s, "any")
		path := filepath.Join(t.TempDir(), "simulated.db")
		must(t, 0, s.Open(path))
		defer s.Close()
		for _, status := range []string{"active", "off"} {
			d := s.Add(simulator.Droplet{Name: status, Status: status, Disk: 60})
			before := len(s.Snapshots())
			began := time.Now()
			act, _, err := c.DropletActions.Snapshot(ctx, int(d.ID), status+"-1")
			if must(t, act, err).Status != "in-progress" || act.Type != "snapshot" {
				t.Fatalf("%s: %+v", status, act)
			}
			time.Sleep(10 * time.Minute)
			if _, resp, err := c.DropletActions.Rename(ctx, int(d.ID), "x"); statusOf(t, resp, err) != 422 {
				t.Errorf("%s: something else meanwhile: %v", status, err)
			}
			if len(s.Snapshots()) != before {
				t.Errorf("%s: it is there already", status)
			}
			time.Sleep(time.Second)
			if act, _, err = c.Actions.Get(ctx, act.ID); must(t, act, err).Status != "completed" {
				t.Errorf("%s: %+v", status, act)
			}
			made := s.Snapshots()[before]
			if made.Name != status+"-1" || made.Droplet != d.ID || !made.CreatedAt.Equal(began) {
				t.Errorf("%s: %+v", status, made)
			}
			if got := get(t, c, int(d.ID)); got.Status != status || len(got.SnapshotIDs) != 1 || got.SnapshotIDs[0] != int(made.ID) {
				t.Errorf("%s: the droplet: %+v", status, got)
			}
			of, _, err := c.Droplets.Snapshots(ctx, int(d.ID), nil)
			if len(must(t, of, err)) != 1 || of[0].ID != int(made.ID) || of[0].Name != made.Name || of[0].Type != "snapshot" || of[0].MinDiskSize != 60 {
				t.Errorf("%s: of the droplet: %+v", status, of)
			}
			s.Backup(d.ID) // is none
			s.Delete(d.ID)
			images, _, err := c.Images.ListUser(ctx, nil)
			if len(must(t, images, err)) != before+1 || images[before].ID != int(made.ID) {
				t.Errorf("%s: images of the account: %+v", status, images)
			}
			one, _, err := c.Snapshots.Get(ctx, itoa(int(made.ID)))
			if must(t, one, err).ResourceID != itoa(int(d.ID)) || one.ResourceType != "droplet" || one.Regions[0] != "nyc3" {
				t.Errorf("%s: the snapshot: %+v", status, one)
			}
		}
		all, _, err := c.Snapshots.ListDroplet(ctx, nil)
		if len(must(t, all, err)) != 2 || all[1].Name != "off-1" {
			t.Errorf("all snapshots: %+v", all)
		}
		if volumes, _, err := c.Snapshots.ListVolume(ctx, nil); len(must(t, volumes, err)) != 0 {
			t.Errorf("of volumes: %+v", volumes)
		}
		must(t, 0, s.Close())
		s = simulator.New(simulator.Options{})
		must(t, 0, s.Open(path))
		c = inProcess(t, s, "any")
		resp, err := c.Snapshots.Delete(ctx, all[0].ID)
		if must(t, resp, err).StatusCode != 204 || len(s.Snapshots()) != 1 {
			t.Errorf("deleted: %+v", s.Snapshots())
		}
		for _, id := range []string{all[0].ID, "nonsense"} {
			if resp, err := c.Snapshots.Delete(ctx, id); statusOf(t, resp, err) != 404 {
				t.Errorf("delete %s: %v", id, err)
			}
			if _, resp, err := c.Snapshots.Get(ctx, id); statusOf(t, resp, err) != 404 {
				t.Errorf("get %s: %v", id, err)
			}
		}
		if id := s.Snapshots()[0].ID; !s.DeleteSnapshot(id) || s.DeleteSnapshot(id) {
			t.Error("in the console")
		}
	})
}

// A snapshot that fails leaves nothing, and one of the console is there at once.
func TestSnapshotsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		s := simulator.New(simulator.Options{})
		c := inProcess(t, s, "any")
		d := s.Add(simulator.Droplet{Name: "db"})
		s.SetFaults(simulator.Faults{ErroredActions: []string{"snapshot"}})
		act, _, err := c.DropletActions.Snapshot(ctx, int(d.ID), "no")
		must(t, act, err)
		time.Sleep(time.Minute)
		if act, _, err = c.Actions.Get(ctx, act.ID); must(t, act, err).Status != "errored" || len(s.Snapshots()) != 0 {
			t.Errorf("%+v, %+v", act, s.Snapshots())
		}
		s.SetFaults(simulator.Faults{WithoutScopes: []string{"image:create"}})
		if _, resp, err := c.DropletActions.Snapshot(ctx, int(d.ID), "no"); statusOf(t, resp, err) != 403 {
			t.Errorf("without the scope: %v", err)
		}
		id := s.Snapshot(d.ID, "by-hand")
		if got := s.Snapshots(); len(got) != 1 || got[0].ID != id || got[0].Name != "by-hand" || s.Snapshot(1, "x") != 0 {
			t.Errorf("%+v", got)
		}
		s.SetFaults(simulator.Faults{WithoutScopes: []string{"snapshot:read", "snapshot:delete"}})
		if _, resp, err := c.Snapshots.List(ctx, nil); statusOf(t, resp, err) != 403 {
			t.Errorf("list: %v", err)
		}
		if resp, err := c.Snapshots.Delete(ctx, itoa(int(id))); statusOf(t, resp, err) != 403 {
			t.Errorf("delete: %v", err)
		}
		if _, _, err := c.Droplets.Snapshots(ctx, int(d.ID), &godo.ListOptions{}); err != nil {
			t.Errorf("those of the droplet need another scope: %v", err)
		}
	})
}
