package provision

import (
	"context"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// switchBackups is the step SwitchBackups: DigitalOcean makes backups of the droplet from now on, or no more.
func (p *Droplets) switchBackups(ctx context.Context, run *saga.Run, w *work) error {
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
func (p *Droplets) unswitchBackups(ctx context.Context, run *saga.Run, w *work) error {
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
func (p *Droplets) enableIPv6(ctx context.Context, run *saga.Run, w *work) error {
	_, err := p.alter(ctx, run, w, change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActEnableIPv6},
		shows:  func(d fleet.Droplet) showing { return shows(d.HasIPv6()) },
		asked:  p.altered,
	})
	return onward(err)
}

// unenableIPv6 compensates EnableIPv6: there is no way back.
func (p *Droplets) unenableIPv6(_ context.Context, run *saga.Run, w *work) error {
	if run.Begun() {
		run.Log().Info("ipv6 cannot be switched off again; nothing to compensate", "id", w.DropletID)
	}
	return nil
}
