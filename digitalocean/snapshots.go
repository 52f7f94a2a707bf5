package digitalocean

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Snapshot is a snapshot of a droplet. It stays in the account when the droplet goes, and costs on.
type Snapshot struct {
	ID        int64
	Name      string
	CreatedAt time.Time // when its action began (docs/digitalocean-api.md, "Snapshots"); zero: not known
}

// Snapshots lists the snapshots of a droplet, ordered by id. One is in it when its action is done. ErrNotFound means that there is no such
// droplet; ErrMoved that the list changed between the pages.
func (c *Client) Snapshots(ctx context.Context, dropletID int64) ([]Snapshot, error) {
	r := request{
		op: fmt.Sprintf("list the snapshots of droplet %d", dropletID), method: http.MethodGet,
		path: dropletPath(dropletID) + "/snapshots", scopes: "droplet:read", wrong: checkID("a droplet id", dropletID),
	}
	type entry struct {
		ID      int64
		Name    string
		Created string `json:"created_at"`
	}
	var snapshots []Snapshot
	total := 0
	err := c.pages(ctx, r, func(p page) error {
		total = p.total
		entries, err := entriesOf[entry](p, "snapshots")
		for _, e := range entries {
			if e.ID <= 0 {
				return errors.New("a snapshot without an id")
			}
			created, _ := time.Parse(time.RFC3339, e.Created)
			snapshots = append(snapshots, Snapshot{e.ID, e.Name, created})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(snapshots, func(a, b Snapshot) int { return cmp.Compare(a.ID, b.ID) })
	snapshots = slices.CompactFunc(snapshots, func(a, b Snapshot) bool { return a.ID == b.ID })
	if len(snapshots) != total {
		return nil, fmt.Errorf("%s: %w: %d of %d", r.op, ErrMoved, len(snapshots), total)
	}
	return snapshots, nil
}
