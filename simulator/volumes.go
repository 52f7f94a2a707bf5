package simulator

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// volume is a block storage volume. Which droplet it is attached to is in that droplet's list. It outlives its droplet
// (docs/digitalocean-api.md, "Attached resources").
type volume struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Region      string    `json:"region"`
	Gigabytes   int64     `json:"size_gigabytes"`
	Description string    `json:"description,omitempty"`
	Filesystem  string    `json:"filesystem_type,omitempty"`
	Label       string    `json:"filesystem_label,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	Project     string    `json:"project,omitempty"` // empty: the default one

	actions []*action
}

// The types of actions on volumes.
const (
	attachVolume = "attach_volume"
	detachVolume = "detach_volume"
	resizeVolume = "resize_volume"
)

// volume finds a volume by its id; nil: there is none.
func (a *Account) volume(id string) *volume {
	return firstOf(a.volumes, func(v *volume) bool { return v.ID == id })
}

// volumeNamed finds a volume by its name in a region; nil: there is none.
func (a *Account) volumeNamed(name, region string) *volume {
	return firstOf(a.volumes, func(v *volume) bool { return v.Name == name && v.Region == region })
}

// AddVolume makes a volume of 100 GB in a region, which no droplet has, and gives its id. The region is not checked.
func (a *Account) AddVolume(region string) (id string) {
	a.s.mu.Lock()
	defer a.unlock()
	id = newUUID()
	a.addVolume(id, region, time.Now())
	return id
}

func (a *Account) addVolume(id, region string, now time.Time) {
	a.volumes = append(a.volumes, &volume{ID: id, Name: "volume-" + id[:min(8, len(id))], Region: region, Gigabytes: 100, CreatedAt: now})
}

// ensureVolumes makes the volumes that a droplet has and that the account does not know: of a peek, or of an older file.
func (a *Account) ensureVolumes(d *droplet, now time.Time) {
	for _, id := range d.Volumes {
		if a.volume(id) == nil {
			a.addVolume(id, d.Region, now)
		}
	}
}

// holder is the droplet that has the volume; nil: none has.
func (a *Account) holder(id string) *droplet {
	for _, d := range a.droplets {
		if d.present() && slices.Contains(d.Volumes, id) {
			return d
		}
	}
	return nil
}

func (a *Account) attach(d *droplet, id string) {
	a.change(d, func() { d.Volumes = append(d.Volumes, id) })
}

func (a *Account) loosen(id string) {
	if d := a.holder(id); d != nil {
		a.change(d, func() { d.Volumes = slices.DeleteFunc(slices.Clone(d.Volumes), func(v string) bool { return v == id }) })
	}
}

func (c *call) volumeBody(v *volume) []byte {
	holders := []int64{}
	if d := c.a.holder(v.ID); d != nil && c.scopes.has("droplet:read") {
		holders = append(holders, d.ID)
	}
	var o object
	for _, m := range []struct {
		name  string
		value any
	}{
		{"id", v.ID}, {"name", v.Name}, {"size_gigabytes", v.Gigabytes}, {"description", v.Description}, {"droplet_ids", holders},
		{"created_at", timestamp(v.CreatedAt)}, {"filesystem_type", v.Filesystem}, {"filesystem_label", v.Label}, {"tags", orEmpty(v.Tags)},
	} {
		o.raw(m.name, encode(m.value))
	}
	o.raw("region", c.s.cat.region(v.Region).rendered)
	return o.bytes()
}

// listVolumes lists all, or those of a name, of a region, or both.
func listVolumes(c *call) answer {
	name, region := c.r.URL.Query().Get("name"), c.r.URL.Query().Get("region")
	list := slices.DeleteFunc(slices.Clone(c.a.volumes), func(v *volume) bool {
		return name != "" && v.Name != name || region != "" && v.Region != region
	})
	return c.page("volumes", len(list), func(i int) []byte { return c.volumeBody(list[i]) })
}

// ofVolume finds the volume of the request's path, or of its name and region, for a handler.
func ofVolume(handle func(*call, *volume) answer) func(*call) answer {
	return of(func(c *call) *volume {
		if q := c.r.URL.Query(); c.r.PathValue("volume") == "" {
			return c.a.volumeNamed(q.Get("name"), q.Get("region"))
		}
		return c.a.volume(c.r.PathValue("volume"))
	}, handle)
}

func getVolume(c *call, v *volume) answer { return one(http.StatusOK, "volume", c.volumeBody(v)) }

func deleteVolume(c *call, v *volume) answer {
	if c.a.holder(v.ID) != nil || pending(v.actions) != nil {
		return c.errorAnswer(http.StatusConflict, "conflict", "A volume that's attached to a Droplet cannot be deleted.")
	}
	c.a.removeVolume(v)
	return c.noContent()
}

// removeVolume takes a volume out of the account, and off its droplet.
func (a *Account) removeVolume(v *volume) {
	a.loosen(v.ID)
	a.volumes = slices.DeleteFunc(a.volumes, func(other *volume) bool { return other == v })
}

func (a *Account) removeVolumeSnapshot(s *volumeSnapshot) {
	a.volumeSnapshots = slices.DeleteFunc(a.volumeSnapshots, func(other *volumeSnapshot) bool { return other == s })
}

// volumeRule is what the API accepts as a volume's name (docs/digitalocean-api.md, "Attached resources").
var volumeRule = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

const mostGigabytes = 16 << 10

func createVolume(c *call) answer {
	var req struct {
		Name        string   `json:"name"`
		Region      string   `json:"region"`
		Gigabytes   int64    `json:"size_gigabytes"`
		Description string   `json:"description"`
		Filesystem  string   `json:"filesystem_type"`
		Label       string   `json:"filesystem_label"`
		Tags        []string `json:"tags"`
		Snapshot    string   `json:"snapshot_id"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if req.Snapshot != "" {
		from := c.a.volumeSnapshot(req.Snapshot)
		if from == nil || req.Region != "" && req.Region != from.Region || req.Gigabytes != 0 && req.Gigabytes < from.Gigabytes {
			return c.unprocessable("snapshot_id is invalid, or the snapshot is larger than the volume, or is in another region")
		}
		req.Region, req.Gigabytes = from.Region, cmp.Or(req.Gigabytes, from.Gigabytes)
	}
	labels := map[string]int{"": 0, "ext4": 16, "xfs": 12} // how long the label of a filesystem may be
	longest, known := labels[req.Filesystem]
	switch {
	case !volumeRule.MatchString(req.Name):
		return c.unprocessable("invalid name: lower case letters, digits and dashes, at most 64 of them, beginning with a letter")
	case !c.s.cat.offers(req.Region):
		return c.unprocessable("region is invalid")
	case req.Gigabytes < 1 || req.Gigabytes > mostGigabytes:
		return c.unprocessable("size_gigabytes is invalid")
	case !known || len(req.Label) > longest:
		return c.unprocessable("filesystem_type or filesystem_label is invalid")
	case refuseTags(req.Tags) != "":
		return c.unprocessable(refuseTags(req.Tags))
	case c.a.volumeNamed(req.Name, req.Region) != nil:
		return c.errorAnswer(http.StatusConflict, "conflict", "volume with the same name already exists")
	}
	v := &volume{
		ID: newUUID(), Name: req.Name, Region: req.Region, Gigabytes: req.Gigabytes, Description: req.Description, Filesystem: req.Filesystem,
		Label: req.Label, Tags: c.a.canonicalTags(req.Tags), CreatedAt: c.now,
	}
	c.a.volumes = append(c.a.volumes, v)
	return one(http.StatusCreated, "volume", c.volumeBody(v))
}

// refuseVolume says why a volume cannot be attached to a droplet in a region: the message of the 422, or nothing.
func (a *Account) refuseVolume(id, region string) string {
	switch v := a.volume(id); {
	case v == nil:
		return "You specified an invalid volume."
	case v.Region != region:
		return "The volume and the Droplet must be in the same region."
	case a.holder(id) != nil || pending(v.actions) != nil:
		return "The volume is already attached to a Droplet."
	}
	return ""
}

// createVolumeAction attaches, detaches or grows the volume of the path, or the one that the body names.
func createVolumeAction(c *call) answer {
	var req struct {
		Type      string `json:"type"`
		Droplet   int64  `json:"droplet_id"`
		Region    string `json:"region"`
		Gigabytes int64  `json:"size_gigabytes"`
		Name      string `json:"volume_name"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	v := c.a.volume(c.r.PathValue("volume"))
	if c.r.PathValue("volume") == "" {
		v = c.a.volumeNamed(req.Name, req.Region)
	}
	if v == nil {
		return c.notFound()
	}
	d, refusal, kind := c.a.droplets[req.Droplet], "", ""
	switch {
	case pending(v.actions) != nil:
		refusal = "The volume already has a pending event."
	case req.Type == "resize":
		if kind = resizeVolume; req.Gigabytes <= v.Gigabytes || req.Gigabytes > mostGigabytes {
			refusal = "The new size must be larger than the volume's."
		}
	case req.Type == "attach" || req.Type == "detach":
		kind = map[string]string{"attach": attachVolume, "detach": detachVolume}[req.Type]
		switch {
		case d == nil || !d.present():
			refusal = noDroplet
		case d.pending() != nil:
			refusal = pendingEvent
		case req.Type == "attach":
			refusal = c.a.refuseVolume(v.ID, d.Region)
		case !slices.Contains(d.Volumes, v.ID):
			refusal = "The volume is not attached to this Droplet."
		}
	default:
		refusal = "You specified an invalid action type."
	}
	if refusal != "" {
		return c.unprocessable(refusal)
	}
	act := &action{Volume: v.ID, DropletID: req.Droplet, Region: v.Region, Request: actionRequest{Type: kind, Gigabytes: req.Gigabytes}}
	c.a.enterAction(act, &v.actions, v.Name, c.now)
	c.a.settleAction(act)
	c.a.advance(c.now)
	return c.json(http.StatusAccepted, map[string]any{"action": c.a.actionBody(act)})
}

// performOnVolume is what the success of an action on a volume does.
func (a *Account) performOnVolume(act *action) {
	v, d := a.volume(act.Volume), a.droplets[act.DropletID]
	switch act.Request.Type {
	case attachVolume:
		if v != nil && d != nil && d.present() && a.holder(v.ID) == nil {
			a.attach(d, v.ID)
		}
	case detachVolume:
		a.loosen(act.Volume)
	case resizeVolume:
		if v != nil {
			v.Gigabytes = act.Request.Gigabytes
		}
	}
}

func listVolumeActions(c *call, v *volume) answer { return c.pageOfActions(v.actions) }

func getVolumeAction(c *call, v *volume) answer {
	if act := c.action(); act == nil || act.Volume != v.ID {
		return c.notFound()
	}
	return getAction(c)
}

// volumeSnapshot is a snapshot of a volume. It outlives the volume.
type volumeSnapshot struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Volume    string    `json:"volume"`
	Region    string    `json:"region"`
	Gigabytes int64     `json:"size_gigabytes"`
	Tags      []string  `json:"tags,omitempty"`
	CreatedAt time.Time `json:"created_at"`
}

func (s *volumeSnapshot) body() map[string]any {
	return map[string]any{
		"id": s.ID, "name": s.Name, "created_at": timestamp(s.CreatedAt), "regions": []string{s.Region}, "min_disk_size": s.Gigabytes,
		"size_gigabytes": float64(s.Gigabytes) / 10, "resource_id": s.Volume, "resource_type": "volume", "tags": orEmpty(s.Tags),
	}
}

func createVolumeSnapshot(c *call, v *volume) answer {
	var req struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if strings.TrimSpace(req.Name) == "" {
		return c.unprocessable("name is required")
	}
	if refusal := refuseTags(req.Tags); refusal != "" {
		return c.unprocessable(refusal)
	}
	s := &volumeSnapshot{
		ID: newUUID(), Name: req.Name, Volume: v.ID, Region: v.Region, Gigabytes: v.Gigabytes, Tags: c.a.canonicalTags(req.Tags), CreatedAt: c.now,
	}
	c.a.volumeSnapshots = append(c.a.volumeSnapshots, s)
	return c.json(http.StatusCreated, map[string]any{"snapshot": s.body()})
}

func listVolumeSnapshots(c *call, v *volume) answer {
	list := slices.DeleteFunc(slices.Clone(c.a.volumeSnapshots), func(s *volumeSnapshot) bool { return s.Volume != v.ID })
	return c.page("snapshots", len(list), func(i int) []byte { return encode(list[i].body()) })
}
