package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Snapshot is a snapshot of a droplet. It outlives the droplet (docs/digitalocean-api.md, "Snapshots").
type Snapshot struct {
	ID        int64
	Name      string
	Droplet   int64
	CreatedAt time.Time
}

// Snapshots gives all snapshots of droplets, the oldest first.
func (a *Account) Snapshots() []Snapshot {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	var out []Snapshot
	for _, img := range a.snapshots() {
		out = append(out, Snapshot{img.ID, img.Name, img.Droplet, img.CreatedAt})
	}
	return out
}

// Snapshot makes a snapshot of a droplet at once and gives its id; 0: there is no such droplet.
func (a *Account) Snapshot(id int64, name string) (snapshot int64) {
	a.console(id, func(d *droplet, now time.Time) {
		a.did(d, actionRequest{Type: "snapshot", Name: name}, now)
		snapshot = d.Snapshots[len(d.Snapshots)-1]
	})
	return snapshot
}

// DeleteSnapshot deletes a snapshot; false: there is no such snapshot.
func (a *Account) DeleteSnapshot(id int64) bool {
	a.s.mu.Lock()
	defer a.unlock()
	a.advance(time.Now())
	i := slices.IndexFunc(a.images, func(i *image) bool { return i.ID == id && i.Type == "snapshot" })
	if i < 0 {
		return false
	}
	a.removeImage(a.images[i])
	return true
}

func (a *Account) snapshots() []*image {
	return slices.DeleteFunc(slices.Clone(a.images), func(i *image) bool { return i.Type != "snapshot" })
}

// snapshotBody is a droplet's snapshot as /v2/snapshots shows it, with ids in words.
func snapshotBody(i *image) map[string]any {
	return map[string]any{
		"id": strconv.FormatInt(i.ID, 10), "name": i.Name, "created_at": timestamp(i.CreatedAt), "regions": i.Regions,
		"min_disk_size": i.MinDisk, "size_gigabytes": i.Gigabytes, "resource_id": strconv.FormatInt(i.Droplet, 10), "resource_type": "droplet",
		"tags": orEmpty(i.Tags),
	}
}

// listSnapshots lists snapshots of droplets, of volumes, or of both.
func listSnapshots(c *call) answer {
	var list []map[string]any
	kind := c.r.URL.Query().Get("resource_type")
	if kind == "" || kind == "droplet" {
		for _, img := range c.a.snapshots() {
			list = append(list, snapshotBody(img))
		}
	}
	if kind == "" || kind == "volume" {
		for _, s := range c.a.volumeSnapshots {
			list = append(list, s.body())
		}
	}
	return pageOf(c, "snapshots", list)
}

// volumeSnapshot finds the snapshot of a volume by its id; nil: there is none.
func (a *Account) volumeSnapshot(id string) *volumeSnapshot {
	return firstOf(a.volumeSnapshots, func(s *volumeSnapshot) bool { return s.ID == id })
}

// snapshot finds the snapshot of the request's path; nil: there is none.
func (c *call) snapshot() *image {
	id, err := strconv.ParseInt(c.r.PathValue("snapshot"), 10, 64)
	if err != nil {
		return nil
	}
	return firstOf(c.a.snapshots(), func(i *image) bool { return i.ID == id })
}

func getSnapshot(c *call) answer {
	if s := c.a.volumeSnapshot(c.r.PathValue("snapshot")); s != nil {
		return c.json(http.StatusOK, map[string]any{"snapshot": s.body()})
	}
	img := c.snapshot()
	if img == nil {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"snapshot": snapshotBody(img)})
}

func deleteSnapshot(c *call) answer {
	if s := c.a.volumeSnapshot(c.r.PathValue("snapshot")); s != nil {
		c.a.removeVolumeSnapshot(s)
		return c.noContent()
	}
	img := c.snapshot()
	if img == nil {
		return c.notFound()
	}
	c.a.removeImage(img)
	return c.noContent()
}
