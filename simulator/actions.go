package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The statuses of an action.
const (
	inProgress = "in-progress"
	completed  = "completed"
	errored    = "errored"
)

const pendingEvent = "Droplet already has a pending event."

// action is one action on a droplet or a reserved IP (docs/digitalocean-api.md, "Actions"). The account's file keeps it as long as that.
type action struct {
	ID          int64         `json:"id"`
	DropletID   int64         `json:"droplet_id"`       // that it is about; of an address: that it goes to, or leaves
	IP          string        `json:"ip,omitempty"`     // the reserved IP that it is on
	IPv6        string        `json:"ipv6,omitempty"`   // the reserved IPv6 that it is on
	Volume      string        `json:"volume,omitempty"` // the volume that it is on
	Image       int64         `json:"image,omitempty"`  // the image that it is on; with none of these it is on the droplet
	Region      string        `json:"region"`
	Status      string        `json:"status"`
	StartedAt   time.Time     `json:"started_at"`
	CompletedAt time.Time     `json:"completed_at,omitzero"`
	DueAt       time.Time     `json:"due_at,omitzero"` // zero: never
	Fails       bool          `json:"fails,omitempty"`
	Endless     bool          `json:"endless,omitempty"` // for as long as Faults.EndlessActions names its type
	Lag         time.Duration `json:"lag,omitempty"`     // what it does is still to come, so long after its completion
	Request     actionRequest `json:"request"`
}

// actionRequest is the body of POST /v2/droplets/{id}/actions.
type actionRequest struct {
	Type         string          `json:"type"`
	Name         string          `json:"name,omitempty"`
	Size         string          `json:"size,omitempty"`
	Disk         bool            `json:"disk,omitempty"`
	Image        json.RawMessage `json:"image,omitempty"`
	BackupPolicy *backupPolicy   `json:"backup_policy,omitempty"`
	Gigabytes    int64           `json:"size_gigabytes,omitempty"` // of a volume
}

type actionBody struct {
	ID           int64           `json:"id"`
	Status       string          `json:"status"`
	Type         string          `json:"type"`
	StartedAt    string          `json:"started_at"`
	CompletedAt  *string         `json:"completed_at"`
	ResourceID   int64           `json:"resource_id"`
	ResourceType string          `json:"resource_type"`
	Region       json.RawMessage `json:"region"`
	RegionSlug   string          `json:"region_slug"`
}

func (a *Account) actionBody(act *action) actionBody {
	b := actionBody{
		ID: act.ID, Status: act.Status, Type: act.Request.Type, StartedAt: timestamp(act.StartedAt), ResourceID: act.DropletID,
		ResourceType: "droplet", Region: a.s.cat.region(act.Region).rendered, RegionSlug: act.Region,
	}
	if act.IP != "" {
		b.ResourceID, b.ResourceType = ipNumber(act.IP), "reserved_ip"
	}
	if act.IPv6 != "" {
		b.ResourceType = "reserved_ipv6"
	}
	if act.Volume != "" {
		b.ResourceType = "volume"
	}
	if act.Image != 0 {
		b.ResourceID, b.ResourceType = act.Image, "image"
	}
	if !act.CompletedAt.IsZero() {
		at := timestamp(act.CompletedAt)
		b.CompletedAt = &at
	}
	return b
}

// pending is the action under way; nil: none.
func pending(actions []*action) *action {
	for _, act := range slices.Backward(actions) {
		if act.Status == inProgress {
			return act
		}
	}
	return nil
}

func (d *droplet) pending() *action { return pending(d.actions) }

// begin enters an action on a droplet that is due after the usual time.
func (a *Account) begin(d *droplet, req actionRequest, now time.Time) *action {
	act := &action{DropletID: d.ID, Region: d.Region, Request: req}
	a.enterAction(act, &d.actions, d.Name, now)
	return act
}

// enterAction begins an action with the faults that meet its subject.
func (a *Account) enterAction(act *action, on *[]*action, subject string, now time.Time) {
	s, req := a.s, act.Request
	act.ID, act.Status, act.StartedAt, act.DueAt = s.nextID.Action, inProgress, now, now.Add(max(0, s.opts.ActionTime))
	if req.Type == "snapshot" {
		act.DueAt = act.DueAt.Add(s.lag(s.faults.SnapshotFor, "snapshot_for", subject))
	}
	act.Fails = s.holds(s.faults.ActionErrored, "action_errored", subject)
	if slices.Contains(s.faults.ErroredActions, req.Type) {
		s.hit("errored_actions")
		act.Fails = true
	}
	if slices.Contains(s.faults.EndlessActions, req.Type) {
		s.hit("endless_actions")
		act.Endless, act.DueAt = true, time.Time{}
	}
	if req.Type != "create" { // which has lags of its own
		act.Lag = s.lag(s.faults.ChangeVisibleAfter, "change_visible_after", subject)
	}
	s.nextID.Action += 1 + act.ID%5
	a.keepAction(act, on)
}

// enterDone enters an action that is over as soon as it begins; what it does is for the caller to do.
func (a *Account) enterDone(act *action, on *[]*action, now time.Time) {
	act.ID, act.Status, act.StartedAt, act.CompletedAt = a.s.nextID.Action, completed, now, now
	a.s.nextID.Action += 1 + act.ID%5
	a.keepAction(act, on)
}

func (a *Account) keepAction(act *action, on *[]*action) {
	a.actions = append(a.actions, act)
	a.byAction[act.ID] = act
	*on = append(*on, act)
}

// actedOn is the list of actions of what the action is on; nil: that is gone.
func (a *Account) actedOn(act *action) *[]*action {
	if act.IP != "" {
		if r := a.reservedIP(act.IP); r != nil {
			return &r.actions
		}
		return nil
	}
	if act.IPv6 != "" {
		if r := a.reservedIPv6(act.IPv6); r != nil {
			return &r.actions
		}
		return nil
	}
	if act.Volume != "" {
		if v := a.volume(act.Volume); v != nil {
			return &v.actions
		}
		return nil
	}
	if act.Image != 0 {
		if img := a.image(act.Image); img != nil {
			return &img.actions
		}
		return nil
	}
	if d := a.droplets[act.DropletID]; d != nil {
		return &d.actions
	}
	return nil
}

// settleAction queues the action's end, and what it does where that comes later.
func (a *Account) settleAction(act *action) {
	perform := func() {
		a.at(act.CompletedAt.Add(act.Lag), func(at time.Time) {
			act.Lag = 0
			a.perform(act, at)
		})
	}
	if act.Status == completed && act.Lag > 0 { // read from a file
		perform()
	}
	a.at(act.DueAt, func(at time.Time) {
		if act.Status != inProgress {
			return
		}
		act.CompletedAt = at
		if act.Fails || a.actedOn(act) == nil || slices.Contains([]string{assignIP, attachVolume}, act.Request.Type) && a.droplets[act.DropletID] == nil {
			act.Status = errored
			return
		}
		act.Status = completed
		if act.Lag > 0 {
			perform()
			return
		}
		a.perform(act, at)
	})
}

// endEndless lets the actions that were to have no end go on, but for those of these types.
func (a *Account) endEndless(types []string, now time.Time) {
	for _, act := range a.actions {
		if act.Endless && a.actedOn(act) != nil && !slices.Contains(types, act.Request.Type) {
			act.Endless, act.DueAt = false, now
			a.settleAction(act)
		}
	}
}

// perform is what an action's success does.
func (a *Account) perform(act *action, at time.Time) {
	if act.Volume != "" {
		a.performOnVolume(act)
		return
	}
	d, req := a.droplets[act.DropletID], act.Request
	switch r := a.reservedIP(act.IP); {
	case r != nil && req.Type == unassignIP:
		a.move(r, 0)
		return
	case r != nil && d != nil:
		a.move(r, d.ID)
		return
	case act.IP != "" || d == nil:
		return
	}
	switch req.Type {
	case "create":
		a.activate(d, at)
	case "rename":
		a.change(d, func() { d.Name = req.Name })
	case "resize":
		a.change(d, func() {
			d.Size = req.Size
			if req.Disk {
				d.Disk = a.s.cat.size(req.Size).Disk
			}
		})
	case "power_on", "power_cycle", "reboot":
		a.change(d, func() { d.Status = statusActive })
		a.boot(d, at)
	case "power_off", "shutdown":
		a.change(d, func() { d.Status = statusOff })
	case "enable_backups", "change_backup_policy":
		policy, _ := req.BackupPolicy.complete()
		a.change(d, func() { d.Backups, d.BackupPolicy = true, policy })
	case "disable_backups":
		a.change(d, func() { d.Backups, d.BackupPolicy = false, nil })
	case "enable_ipv6":
		a.change(d, func() { d.IPv6 = true })
	case "rebuild", "restore":
		if img := a.imageFor(req.Image); img != nil {
			a.change(d, func() { d.Image, d.Status = img.ID, statusActive })
			a.boot(d, at)
		}
	case "snapshot":
		img := a.snapshot(d, req.Name, act.StartedAt) // as the provider has it (docs/digitalocean-api.md, "Snapshots")
		a.change(d, func() { d.Snapshots = append(d.Snapshots, img.ID) })
	}
}

// refuse says why an action cannot begin: the message of the 422, or nothing.
func (c *call) refuse(d *droplet, req *actionRequest) string {
	if d.pending() != nil {
		return pendingEvent
	}
	switch req.Type {
	case "reboot", "power_cycle", "shutdown":
		if d.Status == statusOff {
			return "Droplet is currently off. Please power it on to run this event."
		}
	case "power_off":
		if d.Status == statusOff {
			return "Droplet is already powered off"
		}
	case "power_on":
		if d.Status == statusActive {
			return "Droplet is already powered on"
		}
	case "rename":
		if !validName(req.Name) {
			return "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"
		}
	case "resize":
		return c.refuseResize(d, req)
	case "enable_backups", "change_backup_policy":
		if _, ok := req.BackupPolicy.complete(); !ok || req.Type == "change_backup_policy" && (!d.Backups || req.BackupPolicy == nil) {
			return "You specified an invalid backup policy."
		}
	case "enable_ipv6":
		if d.PrivateOnly {
			return "IPv6 can not be enabled when public networking is disabled."
		}
	case "rebuild", "restore":
		img := c.a.imageFor(req.Image)
		if img == nil || !slices.Contains(img.Regions, d.Region) {
			return "You specified an invalid image."
		}
		if d.Disk < img.MinDisk {
			return "This size is not available because it has a smaller disk."
		}
	case "disable_backups", "password_reset", "snapshot":
	case "change_kernel":
		return "Kernels can not be changed on this Droplet: they are managed internally."
	default:
		return "You specified an invalid action type."
	}
	return ""
}

func (c *call) refuseResize(d *droplet, req *actionRequest) string {
	req.Size = strings.ToLower(req.Size)
	size := c.s.cat.size(req.Size)
	switch {
	case size == nil:
		return "You specified an invalid size."
	case d.Status != statusOff:
		return "Droplet is currently on. Please power it off to run this event."
	case size.Disk < d.Disk:
		return "Size can not decrease size of Droplet's disk image"
	case !slices.Contains(size.Regions, d.Region):
		return "Size is not available in this region."
	}
	return ""
}

// act begins an action that was found to be in order.
func (c *call) act(d *droplet, req actionRequest) *action {
	act := c.a.begin(d, req, c.now)
	c.a.settleAction(act)
	c.a.advance(c.now)
	return act
}

// extraScopes are those that some actions need beside droplet:update (docs/digitalocean-api.md, "Actions").
func extraScopes(kind string) []string {
	switch kind {
	case "resize":
		return need("droplet:create")
	case "rebuild", "restore", "password_reset":
		return need("droplet:admin")
	case "snapshot":
		return need("image:create")
	}
	return nil
}

func createDropletAction(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	var req actionRequest
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	if !c.scopes.has(extraScopes(req.Type)...) {
		return c.forbidden()
	}
	if refusal := c.refuse(d, &req); refusal != "" {
		return c.unprocessable(refusal)
	}
	return c.json(http.StatusCreated, map[string]any{"action": c.a.actionBody(c.act(d, req))})
}

// createActionsByTag acts on all droplets with a tag; those that cannot are left out.
func createActionsByTag(c *call) answer {
	var req actionRequest
	if bad := c.decode(&req); bad != nil {
		return *bad
	}
	bulk := []string{"power_cycle", "power_on", "power_off", "shutdown", "enable_ipv6", "enable_backups", "disable_backups", "snapshot"}
	name := c.r.URL.Query().Get("tag_name")
	if !slices.Contains(bulk, req.Type) || name == "" {
		return c.unprocessable("You specified an invalid action type or no tag.")
	}
	if !c.scopes.has(extraScopes(req.Type)...) {
		return c.forbidden()
	}
	bodies := []actionBody{}
	for _, d := range c.a.byTag[strings.ToLower(name)].only((*droplet).present).list {
		if c.refuse(d, &req) == "" {
			bodies = append(bodies, c.a.actionBody(c.act(d, req)))
		}
	}
	return c.json(http.StatusCreated, map[string]any{"actions": bodies})
}

func (c *call) pageOfActions(list []*action) answer {
	return c.page("actions", len(list), func(i int) []byte { return encode(c.a.actionBody(list[len(list)-1-i])) })
}

func listActions(c *call) answer { return c.pageOfActions(c.a.actions) }

func listDropletActions(c *call) answer {
	d, ok := c.droplet()
	if !ok {
		return c.notFound()
	}
	return c.pageOfActions(d.actions)
}

// action finds the action of the request's path.
func (c *call) action() *action {
	id, err := strconv.ParseInt(c.r.PathValue("action"), 10, 64)
	if err != nil {
		return nil
	}
	return c.a.byAction[id]
}

func getAction(c *call) answer {
	act := c.action()
	if act == nil {
		return c.notFound()
	}
	return c.json(http.StatusOK, map[string]any{"action": c.a.actionBody(act)})
}

func getDropletAction(c *call) answer {
	d, ok := c.droplet()
	act := c.action()
	if !ok || act == nil || act.DropletID != d.ID {
		return c.notFound()
	}
	return getAction(c)
}
