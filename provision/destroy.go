package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// licensed is the license that a plan gave out.
func (p destroySteps) licensed(run *saga.Run, w *work) (license, error) {
	d, ok := w.License.Droplet()
	if !ok {
		return license{}, errors.New("there is no license to destroy anything")
	}
	return license{id: d.ID, covers: w.License.Covers, asks: func(ctx context.Context, seen fleet.Droplet) error {
		return p.mayGo(ctx, run, w, seen.Name, true)
	}}, nil
}

// waitedLong is after how long a destroy that has sent nothing yet asks again for reserved IPs: the plan that it is from has asked before.
const waitedLong = 5 * time.Minute

// destroy is the step DestroyDroplet, a pivot: once a DELETE may have been sent it only goes forward.
func (p destroySteps) destroy(ctx context.Context, run *saga.Run, w *work) error {
	by, err := p.licensed(run, w)
	if err != nil {
		return saga.Permanent(err)
	}
	if w.Demolition.Sent {
		return p.demolish(ctx, run, w, by)
	}
	if err := p.mayGo(ctx, run, w, "", false); err != nil {
		return err
	}
	if run.Kind() == fleet.SagaDestroy && time.Since(run.CreatedAt()) > waitedLong {
		hanging, _, err := p.o.Inventory.Attachments(ctx, seenFor)
		if err != nil {
			return err
		}
		if ip := w.License.Strands(hanging.ByDroplet[by.id]); ip != "" {
			return saga.Supersede(fmt.Sprintf("reserved IP %s was assigned to droplet %d in the meantime", ip, by.id))
		}
	}
	if run.Kind() == fleet.SagaReplace {
		if err := p.stands(ctx, run, w); err != nil {
			return err
		}
		stood, asks := time.Now(), by.asks
		by.asks = func(ctx context.Context, seen fleet.Droplet) error {
			if !w.Demolition.Sent && time.Since(stood) > seenFor { // the looks at the old one may have failed for long
				return saga.Later(time.Second, fmt.Errorf("droplet %d, which is to stand in for it, was seen too long ago: looking again", w.DropletID))
			}
			return asks(ctx, seen)
		}
	}
	return p.demolish(ctx, run, w, by)
}

// stands looks whether the replacement is still there, before the old droplet goes: DigitalOcean has taken back droplets that were
// active a moment ago, and people delete what they did not expect.
func (p destroySteps) stands(ctx context.Context, run *saga.Run, w *work) error {
	looks := p.looks(run)
	for lastSeen := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
		switch {
		case err != nil:
			return err
		case len(seen) == 1 && seen[0].Status != fleet.StatusArchive:
			return nil
		case looks.vanished(ctx, w.DropletID, lastSeen, p.unseenFor(true)):
			return saga.Permanent(fmt.Errorf("droplet %d vanished before the one that it replaces was destroyed; that one stays", w.DropletID))
		}
	}
}

// undestroy is the compensation of DestroyDroplet. It runs only before the intent of the first DELETE, so there is nothing to undo.
func (p destroySteps) undestroy(_ context.Context, run *saga.Run, _ *work) error {
	run.Log().Info("nothing to undo: no DELETE was sent")
	return nil
}
