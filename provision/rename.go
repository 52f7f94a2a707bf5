package provision

import (
	"context"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// rename is the step RenameDroplet: it changes the droplet's name at DigitalOcean. The hostname inside stays
// (docs/digitalocean-api.md, "Actions").
func (p *Droplets) rename(ctx context.Context, run *saga.Run, w *work) error {
	c := named(w.Alter.Name)
	c.asked = p.altered
	c.note = func(d fleet.Droplet) {
		if w.Found.Name == "" {
			w.Found.Name = d.Name
		}
	}
	c.unseen = func() { w.Found.Name = "" }
	_, err := p.alter(ctx, run, w, c)
	return onward(err)
}

// unrename compensates RenameDroplet.
func (p *Droplets) unrename(ctx context.Context, run *saga.Run, w *work) error {
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
