package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// retag is the step RetagDroplet of an undo: the user's tags go on while the droplet is still off, and the tag of its quarantine goes. It is
// the first step: what is not there any more is seen before anything is changed.
func (p restoreSteps) retag(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.stillDesired(w); err != nil {
		return err
	}
	if p.atWork(fleet.SagaPurge, w.DropletID) {
		return saga.Later(time.Second, fmt.Errorf("droplet %d is being destroyed: waiting for what becomes of that", w.DropletID))
	}
	looks := p.looks(run)
	d, err := looks.mine(ctx, w, w.DropletID)
	if errors.Is(err, errGone) {
		return saga.Supersede(fmt.Sprintf("droplet %d is gone, so it cannot be brought back: somebody destroyed it. Nothing else was changed", w.DropletID))
	}
	if err != nil {
		return onward(err)
	}
	if w.Found.Retag == nil {
		w.Found.Retag = retagOf(d, fleet.Alteration{Tag: w.Restore.Kept.Tags})
		w.Found.Retag.Off = d.UntilTags()
		if err := run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	return p.retagged(ctx, looks, w, d)
}

// assign is the step AssignAddress of an undo: the reserved IP of the name leaves the successor while that is still this fleet's. One that is
// not in the account any more keeps nobody from coming back.
func (p restoreSteps) assign(ctx context.Context, run *saga.Run, w *work) error {
	ip := w.Restore.Address
	m := addressSteps{p.core}.moving(run, w, ip, w.DropletID)
	m.asked = func() error { return p.stillDesired(w) }
	m.note = func(from int64) { w.Found.address().IP, w.Found.address().From = ip, from }
	if a := w.Found.Address; a != nil && a.IP == ip {
		m.from, m.noted = a.From, true
	}
	switch err := m.settle(ctx); {
	case errors.Is(err, errNoAddress):
		run.Log().Warn("the droplet comes back without its reserved IP", "ip", ip, "error", err)
		return nil
	case err != nil:
		return onwardAddress(err)
	}
	w.Address = ip
	return nil
}

// release is the step UntagDroplet of an undo: the droplet that has the name is let go as if a person had released it. One that is gone by
// now has nothing to be taken off.
func (p restoreSteps) release(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.stillDesired(w); err != nil {
		return err
	}
	if _, err := p.looks(run).present(ctx, w.Restore.Successor, p.o.Visibility); errors.Is(err, errGone) {
		run.Log().Info("the droplet that had the name is gone", "id", w.Restore.Successor)
		return nil
	} else if err != nil {
		return err
	}
	return p.giveBack(ctx, run, w, w.Restore.Successor)
}

func (p restoreSteps) unrelease(ctx context.Context, run *saga.Run, w *work) error {
	return p.takeBack(ctx, run, w, w.Restore.Successor)
}

// register is the step RegisterDroplet of an undo: the record is the one that the droplet had, and the successor's goes, in one commit. The
// name is never without a record, and never has two.
func (p restoreSteps) register(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.stillDesired(w); err != nil {
		return err
	}
	d, err := p.looks(run).mine(ctx, w, w.DropletID)
	if err != nil {
		return onward(err)
	}
	r := w.Restore.Kept.Record
	r.RecordedAt = time.Now()
	if w.Address != "" {
		r.Values = maps.Clone(r.Values)
		r.Values[fleet.FieldReservedIP] = w.Address
	}
	run.Put(d, r, fleet.Unquarantined{DropletID: d.ID})
	if id := w.Restore.Successor; id != 0 {
		run.Put(fleet.Released{DropletID: id, At: time.Now()})
		if w.Restore.Record != nil {
			run.Put(fleet.Unrecorded{DropletID: id})
		}
	}
	keepFacts(run, fleet.Facts{DropletID: d.ID, IP: d.PublicIPv4}, fleet.LabelIP)
	return nil
}

// unregister compensates RegisterDroplet: the droplet is in quarantine again, and the name is the successor's.
func (p restoreSteps) unregister(_ context.Context, run *saga.Run, w *work) error {
	if !run.Begun() {
		return nil
	}
	run.Put(w.Restore.Kept)
	if id := w.Restore.Successor; id != 0 {
		run.Put(fleet.Readopted{DropletID: id})
		if w.Restore.Record != nil {
			run.Put(*w.Restore.Record)
		}
	}
	return nil
}

// serves is the step WaitDropletReady of an undo: until the droplet is active, and passes its probe where the file has one. It blames nobody:
// the person who brought it back is told that it does not answer, and decides.
func (p restoreSteps) serves(ctx context.Context, run *saga.Run, w *work) error {
	looks, began := p.looks(run), time.Now()
	for {
		seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
		if err != nil {
			return err
		}
		why, within := "it does not show", fleet.DefaultReadyWithin
		probe := w.Spec.Ready
		if desired, ok := p.o.Desired(); ok {
			if s, asks := desired.Spec(w.Name); asks {
				probe = s.Ready
			}
		}
		switch {
		case len(seen) == 0:
		case seen[0].Status != fleet.StatusActive:
			why = statusWords(seen[0])
		case probe == nil:
			run.Put(seen[0]) // its row is of before it was switched on
			return nil
		default:
			if probe.Within > 0 {
				within = probe.Within
			}
			found, known := p.service().probe(ctx, seen[0], *probe)
			if found.Passed {
				run.Put(seen[0])
				return nil
			}
			if why = probe.String() + ": "; known {
				why += found.Why
			} else {
				why += "not asked"
			}
		}
		if time.Since(began) >= within {
			run.Log().Warn("the droplet that was brought back does not serve yet", "id", w.DropletID, "why", why)
			run.SetLabel(fleet.LabelUnready, why)
			return nil
		}
	}
}
