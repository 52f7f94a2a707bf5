package provision

import (
	"context"
	"strings"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// resize is the step ResizeDroplet. The droplet is off. Whatever keeps it from being resized leads back to a running droplet.
func (p *Droplets) resize(ctx context.Context, run *saga.Run, w *work) error {
	size := strings.ToLower(w.Alter.Size)
	_, err := p.alter(ctx, run, w, change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActResize, Size: size, Disk: w.Alter.GrowDisk},
		shows:  func(d fleet.Droplet) showing { return sized(d, size) },
		asked:  p.altered,
	})
	return onward(err)
}

func sized(d fleet.Droplet, size string) showing {
	return shows(strings.EqualFold(d.Size, size), d.Size != "")
}

// unresize compensates ResizeDroplet: the way back would be another time off, and a disk that has grown has none.
func (p *Droplets) unresize(_ context.Context, run *saga.Run, w *work) error {
	if run.Begun() {
		run.Log().Info("a resize is not undone; if it came through, the droplet keeps its new size", "id", w.DropletID, "size", w.Alter.Size)
	}
	return nil
}
