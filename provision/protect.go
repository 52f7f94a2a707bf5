package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// protect is the step ProtectDroplet: the protection is set or lifted, in the record and as a tag, so that a lost database still
// knows it. One that the file asks for holds already, whatever is recorded yet.
func (p *Droplets) protect(ctx context.Context, run *saga.Run, w *work) error {
	if w.Record == nil {
		return saga.Permanent(errors.New("the plan gave no record"))
	}
	if wanted, ok := p.o.Wanted(); ok {
		if s, ok := wanted.Spec(w.Name); !ok || s.Protect == nil || *s.Protect != w.Record.Protect {
			return saga.Supersede("the fleet file no longer asks for this protection of " + w.Name)
		}
	}
	looks := &lookout{p: p, run: run}
	seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
	switch {
	case err != nil:
		return err
	case len(seen) == 0:
		return saga.Supersede(fmt.Sprintf("droplet %d is not shown any more", w.DropletID))
	case !seen[0].Managed() || !seen[0].OfFleet(w.Fleet):
		return saga.Supersede(fmt.Sprintf("droplet %d no longer shows this fleet's tags", w.DropletID))
	}
	if err := run.Checkpoint(ctx); err != nil {
		return err
	}
	if w.Record.Protect {
		err = p.o.Cloud.Tag(ctx, fleet.ProtectTag, w.DropletID)
	} else {
		err = p.o.Cloud.Untag(ctx, fleet.ProtectTag, w.DropletID)
		if errors.Is(err, digitalocean.ErrNotFound) { // there is no such tag in the whole account
			err = nil
		}
	}
	if err != nil {
		return unsent(fmt.Errorf("mirror the protection of droplet %d as a tag: %w", w.DropletID, err))
	}
	w.Record.RecordedAt = time.Now()
	run.Put(*w.Record)
	return nil
}
