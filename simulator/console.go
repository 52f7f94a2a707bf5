package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// unlock ends a peek that may have changed something, and saves it. A save that fails is logged: the peek was done all the same.
func (a *Account) unlock() {
	a.s.changes++
	changes := a.s.changes
	a.s.mu.Unlock()
	if err := a.s.saveUpTo(changes); err != nil {
		a.s.log.Error("the simulated account was not saved", "error", err)
	}
}

// Droplets gives all droplets there are in truth, by id: neither vanished nor deleted, whatever the API shows.
func (a *Account) Droplets() []Droplet {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	out := make([]Droplet, 0, len(a.droplets))
	for _, d := range a.droplets {
		if d.present() {
			out = append(out, a.truth(d))
		}
	}
	slices.SortFunc(out, func(x, y Droplet) int { return cmp.Compare(x.ID, y.ID) })
	return out
}

// Ended gives the droplets that were and are no more, in the order of their ends. They are not kept in the file.
func (a *Account) Ended() []Droplet {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	return slices.Clone(a.ended)
}

// Droplet finds a droplet that is there in truth.
func (a *Account) Droplet(id int64) (Droplet, bool) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	a.advance(time.Now())
	if d := a.droplets[id]; d != nil && d.present() {
		return a.truth(d), true
	}
	return Droplet{}, false
}

// Named gives the droplets of a name, in whatever case, by id.
func (a *Account) Named(name string) []Droplet {
	return slices.DeleteFunc(a.Droplets(), func(d Droplet) bool { return !strings.EqualFold(d.Name, name) })
}

// Tags gives the names of all tag objects in canonical spelling, in the order in which they were first used.
func (a *Account) Tags() []string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	var out []string
	for _, t := range a.tags {
		out = append(out, t.Name)
	}
	return out
}

// Add puts a droplet into the account as if it had always been there: no lag, no fault, no limit. Name is needed; what else is
// empty gets a default: region nyc3, size s-1vcpu-1gb, image ubuntu-24-04-x64, status active, the region's VPC, CreatedAt now.
// It panics when the name is empty or the region, size, image or status does not exist.
func (a *Account) Add(d Droplet) Droplet {
	a.s.mu.Lock()
	defer a.unlock()
	now := time.Now()
	a.advance(now)
	orDefault := func(s, fallback string) string { return cmp.Or(strings.ToLower(s), fallback) }
	size := a.s.cat.size(orDefault(d.Size, "s-1vcpu-1gb"))
	region := a.s.cat.region(orDefault(d.Region, "nyc3"))
	img := a.image(d.ImageID)
	if d.ImageID == 0 {
		img = a.s.cat.publicImage(orDefault(d.Image, "ubuntu-24-04-x64"))
	}
	status := orDefault(d.Status, statusActive)
	if d.Name == "" || size == nil || region == nil || img == nil || !slices.Contains([]string{statusNew, statusActive, statusOff}, status) {
		panic(fmt.Sprintf("simulator: a droplet such as %+v cannot be added: its name is empty, or its region, size, image or status is unknown", d))
	}
	made := &droplet{
		Name: d.Name, Region: region.Slug, Size: size.Slug, Disk: cmp.Or(d.Disk, size.Disk), Image: img.ID, Tags: slices.Clone(d.Tags),
		VPC: d.VPCUUID, Status: status, Monitoring: d.Monitoring, Backups: d.Backups, IPv6: d.IPv6, Volumes: slices.Clone(d.Volumes),
		UserData: d.UserData, SSHKeys: slices.Clone(d.SSHKeys),
	}
	if made.VPC == "" && region.Available {
		made.VPC = a.vpcFor("", region.Slug).ID
	}
	if made.Backups {
		made.BackupPolicy, _ = (*backupPolicy)(nil).complete()
	}
	a.made(made, now)
	a.ensureVolumes(made, now)
	if !d.CreatedAt.IsZero() {
		made.CreatedAt = d.CreatedAt
	}
	made.TagsAt, made.ListedAt, made.FoundAt = now, now, now
	if status != statusNew {
		made.AddressAt = now
	}
	a.settle(made)
	a.advance(now)
	return a.truth(made)
}

// console lets the console user change a droplet; false: it is not there.
func (a *Account) console(id int64, do func(d *droplet, now time.Time)) bool {
	a.s.mu.Lock()
	defer a.unlock()
	now := time.Now()
	a.advance(now)
	d := a.droplets[id]
	if d == nil || !d.present() {
		return false
	}
	do(d, now)
	a.advance(now)
	return true
}

// did has an action done at once, whatever else goes on. What the console does leaves actions too, but for tags.
func (a *Account) did(d *droplet, req actionRequest, now time.Time) {
	act := &action{DropletID: d.ID, Region: d.Region, Request: req}
	a.enterDone(act, &d.actions, now)
	a.perform(act, now)
}

// Tag tags a droplet; false: there is no such droplet, here as in all that follow.
func (a *Account) Tag(id int64, tag string) bool {
	return a.console(id, func(d *droplet, _ time.Time) { a.tag(d, a.ensureTag(tag).Name) })
}

// Untag takes a tag off a droplet.
func (a *Account) Untag(id int64, tag string) bool {
	return a.console(id, func(d *droplet, _ time.Time) {
		if t := a.tagNamed[strings.ToLower(tag)]; t != nil {
			a.untag(d, t.Name)
		}
	})
}

// Rename renames a droplet.
func (a *Account) Rename(id int64, name string) bool {
	return a.console(id, func(d *droplet, now time.Time) { a.did(d, actionRequest{Type: "rename", Name: name}, now) })
}

// Resize gives a droplet another size, the disk included. It panics when there is no such size.
func (a *Account) Resize(id int64, size string) bool {
	s := a.s.cat.size(size)
	if s == nil {
		panic(fmt.Sprintf("simulator: there is no size named %q", size))
	}
	return a.console(id, func(d *droplet, now time.Time) {
		a.did(d, actionRequest{Type: "resize", Size: s.Slug, Disk: true}, now)
	})
}

// PowerOff switches a droplet off.
func (a *Account) PowerOff(id int64) bool {
	return a.console(id, func(d *droplet, now time.Time) { a.did(d, actionRequest{Type: "power_off"}, now) })
}

// ShutDown shuts a droplet down from within, which leaves no action.
func (a *Account) ShutDown(id int64) bool {
	return a.console(id, func(d *droplet, _ time.Time) { a.change(d, func() { d.Status = statusOff }) })
}

// PowerOn switches a droplet on.
func (a *Account) PowerOn(id int64) bool {
	return a.console(id, func(d *droplet, now time.Time) { a.did(d, actionRequest{Type: "power_on"}, now) })
}

// SwitchBackups switches a droplet's backups on or off.
func (a *Account) SwitchBackups(id int64, on bool) bool {
	kind := "disable_backups"
	if on {
		kind = "enable_backups"
	}
	return a.console(id, func(d *droplet, now time.Time) { a.did(d, actionRequest{Type: kind}, now) })
}

// EnableIPv6 gives a droplet an IPv6 address.
func (a *Account) EnableIPv6(id int64) bool {
	return a.console(id, func(d *droplet, now time.Time) { a.did(d, actionRequest{Type: "enable_ipv6"}, now) })
}

// Delete destroys a droplet at once, without the lags of Faults.
func (a *Account) Delete(id int64) bool {
	return a.console(id, func(d *droplet, now time.Time) {
		d.DeletedAt, d.GoneAt, d.UnlistAt = now, now, now
		a.settleDelete(d)
	})
}

// AttachVolume attaches a new volume to a droplet and gives its id; empty: there is no such droplet.
func (a *Account) AttachVolume(id int64) (volume string) {
	a.console(id, func(d *droplet, now time.Time) {
		volume = newUUID()
		a.attach(d, volume)
		a.ensureVolumes(d, now)
	})
	return volume
}

// Backup makes a backup of a droplet and gives its id; 0: there is no such droplet. A backup is destroyed with its droplet, as
// DigitalOcean's pages on backups have it.
func (a *Account) Backup(id int64) (backup int64) {
	a.console(id, func(d *droplet, now time.Time) {
		img := a.snapshot(d, "", now)
		img.Type, backup = "backup", img.ID
		a.change(d, func() { d.BackupIDs = append(d.BackupIDs, backup) })
	})
	return backup
}

// DeleteTag deletes a tag object and takes the tag off every droplet; false: there is no such tag.
func (a *Account) DeleteTag(tag string) bool {
	a.s.mu.Lock()
	defer a.unlock()
	a.advance(time.Now())
	return a.removeTag(tag)
}

// SetDropletLimit changes how many droplets the account may have.
func (a *Account) SetDropletLimit(n int) {
	a.s.mu.Lock()
	defer a.unlock()
	a.dropletLimit = n
}
