package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// register is the step RegisterDroplet: the droplet's row and its recorded spec, committed with the step itself.
func (p registerSteps) register(ctx context.Context, run *saga.Run, w *work) error {
	asked := p.asked
	if run.Kind() == fleet.SagaTakeOver {
		asked = p.stillAsked
	}
	if err := asked(w); err != nil {
		return err
	}
	if err := p.stillLost(ctx, run, w); err != nil {
		return err
	}
	if err := p.givesWay(ctx, run, w); err != nil {
		return err
	}
	if old, replaces := w.License.Droplet(); replaces {
		// Registered, the new droplet is not destroyed any more: it goes back while it still can.
		if err := p.mayGo(ctx, run, w, "", false); err != nil {
			return err
		}
		if err := p.strands(ctx, run, w, old.ID); err != nil {
			return err
		}
	}
	d := w.Seen
	if d == nil || time.Since(d.SeenAt) > seenFor {
		var err error
		if d, err = p.sight(ctx, run, w); err != nil {
			return err
		}
	}
	r := fleet.Record{DropletID: d.ID, Name: w.Spec.Name, ImageID: d.ImageID, RecordedAt: time.Now(),
		Protect: p.protects(w) || d.HasTag(fleet.ProtectTag)}
	spec := w.Spec
	spec.UserData = string(run.Secret())
	switch found := foundThere(run); {
	case found && d.Unread.Has(fleet.UnreadTags):
		return notTold(*d)
	case found && !w.ownership(*d).Ours():
		return onward(w.alien(*d))
	case found && w.Record != nil:
		r.Name, r.Values, r.Assumed, r.ImageID, r.SagaID = w.Spec.RecordName(*d), w.Record.Values, w.Record.Assumed, w.Record.ImageID, w.Record.SagaID
	case found:
		r.Name = w.Spec.RecordName(*d)
		r.Values, r.Assumed = fleet.Adopted(*d, spec)
		r.SagaID = cmp.Or(w.Maker, run.ID())
	default:
		r.Values, r.SagaID = fleet.ValuesOf(spec), run.ID()
		if spec.Project != "" {
			r.Values[fleet.FieldProject] = spec.Project
		}
	}
	if w.Address != "" {
		r.Values[fleet.FieldReservedIP] = w.Address
	}
	run.Put(*d, r)
	for _, id := range w.Lost { // from here on it is the successor's name
		run.Put(fleet.Unrecorded{DropletID: id})
	}
	if run.Kind() == fleet.SagaTakeOver {
		run.Put(fleet.Readopted{DropletID: d.ID})
	}
	keepFacts(run, fleet.Facts{DropletID: d.ID, IP: d.PublicIPv4}, fleet.LabelIP)
	return nil
}

// foundThere tells whether the saga registers a droplet that it did not make.
func foundThere(run *saga.Run) bool {
	return run.Kind() == fleet.SagaAdopt || run.Kind() == fleet.SagaTakeOver
}

// sight looks until the droplet is shown, or is not there any more: then it takes the saga back.
func (p registerSteps) sight(ctx context.Context, run *saga.Run, w *work) (*fleet.Droplet, error) {
	looks := p.looks(run)
	for lastSeen := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
		switch {
		case err != nil:
			return nil, err
		case len(seen) > 0 && seen[0].Status != fleet.StatusArchive:
			return &seen[0], nil
		case foundThere(run):
			return nil, saga.Supersede(fmt.Sprintf("droplet %d is not shown any more", w.DropletID))
		case looks.vanished(ctx, w.DropletID, lastSeen, p.unseenFor(true)):
			return nil, saga.Permanent(fmt.Errorf("droplet %d was active, and is gone before it was registered", w.DropletID))
		}
	}
}

// unregister compensates RegisterDroplet. The droplet's row in the inventory stays: the droplet is there until it is destroyed. So
// does a record that was there before. What was registered once may be in use: it is not destroyed by the way back, and a plan decides.
func (p registerSteps) unregister(_ context.Context, run *saga.Run, w *work) error {
	if w.Record != nil {
		return nil
	}
	w.Registered = w.Registered || run.Begun()
	run.Put(fleet.Unrecorded{DropletID: w.DropletID})
	return nil
}

// givesWay ends a saga that came from disk where another copy of it has made the droplet already: that one is adopted.
func (p registerSteps) givesWay(ctx context.Context, run *saga.Run, w *work) error {
	if !run.Resumed() || foundThere(run) {
		return nil
	}
	looks := p.looks(run)
	seen, _, err := looks.next(ctx, w.traces(run.ID()))
	if err != nil {
		return err
	}
	if first, _ := w.sort(run.ID(), seen); first != nil && first.ID < w.DropletID && fleet.Key(first.Name) == fleet.Key(w.Name) {
		return saga.Supersede(fmt.Sprintf("another copy of this state made droplet %d for %s", first.ID, w.Name))
	}
	return nil
}

// record is the step RecordDroplet: from now on the record says what was sent.
func (p registerSteps) record(ctx context.Context, run *saga.Run, w *work) error {
	if w.Record == nil {
		return saga.Permanent(errors.New("the plan gave no record"))
	}
	d, err := p.looks(run).present(ctx, w.DropletID, p.o.Visibility)
	if errors.Is(err, errGone) {
		run.Log().Warn("there is nothing left to record", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	w.Record.RecordedAt = time.Now()
	// The file may protect it again since the protection was lifted.
	w.Record.Lifts = w.Alter.Protection && !w.Record.Protect && !p.protects(w)
	run.Put(d, *w.Record)
	return nil
}
