package provision

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// seenFor is how long the wait's last look at a droplet is good enough to register it.
const seenFor = time.Minute

// register is the step RegisterDroplet: the droplet's row and its recorded spec, committed with the step itself.
func (p *Droplets) register(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.asked(w); err != nil {
		return err
	}
	d := w.Seen
	if d == nil || time.Since(d.SeenAt) > seenFor {
		seen, err := p.look(ctx, inventory.Query{ID: w.DropletID})
		switch {
		case err != nil:
			return err
		case len(seen) == 0 && run.Kind() == fleet.SagaAdopt:
			return saga.Supersede(fmt.Sprintf("droplet %d is not shown any more", w.DropletID))
		case len(seen) == 0:
			return fmt.Errorf("droplet %d is not shown; it was active a moment ago", w.DropletID)
		}
		d = &seen[0]
	}
	r := fleet.Record{DropletID: d.ID, Name: w.Spec.Name, ImageID: d.ImageID, RecordedAt: time.Now(),
		Protect: w.Spec.Protected() || d.HasTag(fleet.ProtectTag)}
	spec := w.Spec
	spec.UserData = string(run.Secret())
	if run.Kind() == fleet.SagaAdopt {
		if !d.Managed() || len(d.Fleets()) > 0 && !d.OfFleet(w.Fleet) {
			return saga.Supersede(fmt.Sprintf("droplet %d no longer shows this fleet's tags", d.ID))
		}
		r.Values, r.Assumed = fleet.Adopted(*d, spec)
		r.SagaID = cmp.Or(w.Maker, run.ID())
	} else {
		r.Values, r.SagaID = fleet.ValuesOf(spec), run.ID()
	}
	run.Put(*d, r)
	run.SetLabel(fleet.LabelDroplet, strconv.FormatInt(d.ID, 10))
	run.SetLabel(fleet.LabelIP, d.PublicIPv4)
	return nil
}

// unregister compensates RegisterDroplet. The droplet's row in the inventory stays: the droplet is there until it is destroyed.
func (p *Droplets) unregister(_ context.Context, run *saga.Run, w *work) error {
	run.Put(fleet.Unrecorded{DropletID: w.DropletID})
	return nil
}
