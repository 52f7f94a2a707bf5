package provision

import (
	"cmp"
	"context"
	"strings"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// switchBackups is the step SwitchBackups: DigitalOcean makes backups of the droplet from now on, or no more.
func (p alterSteps) switchBackups(ctx context.Context, run *saga.Run, w *work) error {
	c := backups(*w.Alter.Backups)
	c.asked = p.altered
	c.note = func(d fleet.Droplet) {
		if w.Found.Backups == nil {
			if was, known := d.BacksUp(); known {
				w.Found.Backups = &was
			}
		}
	}
	c.unseen = func() { w.Found.Backups = nil }
	_, err := p.alter(ctx, run, w, c)
	return onward(err)
}

// unswitchBackups compensates SwitchBackups.
func (p alterSteps) unswitchBackups(ctx context.Context, run *saga.Run, w *work) error {
	if w.Found.Backups == nil {
		return nil
	}
	return p.putBack(ctx, run, w, backups(*w.Found.Backups))
}

func backups(on bool) change {
	action := digitalocean.ActDisableBackups
	if on {
		action = digitalocean.ActEnableBackups
	}
	return change{
		action: digitalocean.ActionRequest{Type: action},
		shows: func(d fleet.Droplet) showing {
			is, known := d.BacksUp()
			return shows(is == on, known)
		},
	}
}

// enableIPv6 is the step EnableIPv6. It does not configure the operating system (docs/digitalocean-api.md, "Actions").
func (p alterSteps) enableIPv6(ctx context.Context, run *saga.Run, w *work) error {
	_, err := p.alter(ctx, run, w, change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActEnableIPv6},
		shows:  func(d fleet.Droplet) showing { return shows(d.HasIPv6()) },
		asked:  p.altered,
	})
	return onward(err)
}

// unenableIPv6 compensates EnableIPv6: there is no way back.
func (p alterSteps) unenableIPv6(_ context.Context, run *saga.Run, w *work) error {
	if run.Begun() {
		run.Log().Info("ipv6 cannot be switched off again; nothing to compensate", "id", w.DropletID)
	}
	return nil
}

// rename is the step RenameDroplet: it changes the droplet's name at DigitalOcean. The hostname inside stays
// (docs/digitalocean-api.md, "Actions").
func (p alterSteps) rename(ctx context.Context, run *saga.Run, w *work) error {
	c := named(w.Alter.Name)
	c.asked = p.altered
	c.note = func(d fleet.Droplet) {
		w.Found.Name = cmp.Or(w.Found.Name, d.Name)
	}
	c.unseen = func() { w.Found.Name = "" }
	_, err := p.alter(ctx, run, w, c)
	return onward(err)
}

// unrename compensates RenameDroplet.
func (p alterSteps) unrename(ctx context.Context, run *saga.Run, w *work) error {
	if w.Found.Name == "" {
		return nil
	}
	return p.putBack(ctx, run, w, named(w.Found.Name))
}

func named(name string) change {
	return change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActRename, Name: name},
		shows:  func(d fleet.Droplet) showing { return shows(fleet.Key(d.Name) == fleet.Key(name), d.Name != "") },
	}
}

// resize is the step ResizeDroplet. The droplet is off. Whatever keeps it from being resized leads back to a running droplet.
func (p alterSteps) resize(ctx context.Context, run *saga.Run, w *work) error {
	size := strings.ToLower(w.Alter.Size)
	_, err := p.alter(ctx, run, w, change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActResize, Size: size, Disk: w.Alter.GrowDisk},
		shows:  func(d fleet.Droplet) showing { return sized(d, w.Alter) },
		asked:  p.altered,
	})
	return onward(err)
}

// sized tells whether a droplet shows the size that it gets, and the disk where that is all that changes.
func sized(d fleet.Droplet, a fleet.Alteration) showing {
	return shows(strings.EqualFold(d.Size, a.Size) && d.Disk >= a.Disk, d.Size != "" && (d.Disk > 0 || a.Disk == 0))
}

// unresize compensates ResizeDroplet: the way back would be another time off, and a disk that has grown has none.
func (p alterSteps) unresize(_ context.Context, run *saga.Run, w *work) error {
	if run.Begun() {
		run.Log().Info("a resize is not undone; if it came through, the droplet keeps its new size", "id", w.DropletID, "size", w.Alter.Size)
	}
	return nil
}
