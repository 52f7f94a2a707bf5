package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"arcadiad/fleet"
)

// After the clock went back, what is seen now counts as newer than what was seen "later".
func TestClockWentBack(t *testing.T) {
	path := filepath.Join(tempDir(t), "arcadiad.db")
	s := open(t, path)
	ahead := time.Now().Add(48 * time.Hour)
	for _, id := range []int64{1, 2} {
		d, r := droplet(id, "web", ahead), record(id, "web")
		d.Status, r.RecordedAt = fleet.StatusNew, ahead
		sg := draft(int(id), "web")
		must(t, s.Begin(t.Context(), sg))
		sg.Status = "completed"
		must(t, s.Commit(t.Context(), sg, []any{d, r}))
	}
	must(t, s.Close())

	s = open(t, path)
	now := time.Now()
	d := droplet(1, "web", now)
	must(t, s.Save(t.Context(), fleet.Observed{BeganAt: now, EndedAt: now, Droplets: []fleet.Droplet{d}, Gone: []int64{2}}))
	wantEqual(t, "status of the one that is seen", column(t, path, "SELECT status FROM cloud_resources WHERE external_id = '1'"), any("active"))
	wantEqual(t, "status of the one that is gone", column(t, path, "SELECT status FROM cloud_resources WHERE external_id = '2'"), any("deleted"))
	recorded := get(s.Load(t.Context()))(t)
	if len(recorded.Records) != 2 || recorded.Records[0].RecordedAt.After(now) || recorded.Records[1].RecordedAt.After(now) {
		t.Errorf("records %+v: want none of the future", recorded.Records)
	}
}
