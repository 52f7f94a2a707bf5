package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// protect is the step ProtectDroplet: the protection is set or lifted as a tag, so that a lost database still knows it. One that the
// file asks for holds already, whatever is recorded yet.
func (p tagSteps) protect(ctx context.Context, run *saga.Run, w *work) error {
	if w.Record == nil {
		return saga.Permanent(errors.New("the plan gave no record"))
	}
	if desired, ok := p.o.Desired(); ok {
		if s, ok := desired.Spec(w.Name); !ok || s.Protect == nil || *s.Protect != w.Record.Protect {
			return saga.Supersede("the fleet file no longer asks for this protection of " + w.Name)
		}
	}
	alone := w.SpecHash == "" // a saga of a version whose updates had this step alone: it records, too
	if !alone {
		if err := p.altered(w); err != nil {
			return err
		}
	}
	d, err := p.looks(run).mine(ctx, w, w.DropletID)
	if err != nil {
		return onward(err)
	}
	w.Found.Lifted = w.Found.Lifted || !w.Record.Protect && d.HasTag(fleet.ProtectTag)
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
	if alone {
		w.Record.RecordedAt, w.Record.Lifts = time.Now(), !w.Record.Protect
		run.Put(*w.Record)
	}
	return nil
}

// unprotect compensates ProtectDroplet: a protection that it lifted is put back. One that it set stays, for that does no harm.
func (p tagSteps) unprotect(ctx context.Context, run *saga.Run, w *work) error {
	if !w.Found.Lifted {
		return nil
	}
	d, err := p.looks(run).mine(ctx, w, w.DropletID)
	if err != nil {
		return back(run, err)
	}
	return p.putTag(ctx, fleet.ProtectTag, d.ID)
}
