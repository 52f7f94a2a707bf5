package provision

import (
	"context"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// uncreate compensates CreateDroplet: a leftover of the saga is destroyed until it is gone (laws 5 and 13). A create whose outcome is not
// known is looked for first, as long as before sending it again. What is not proved to be a leftover stays: the next plan adopts it, or
// holds its end for a person.
func (p createSteps) uncreate(ctx context.Context, run *saga.Run, w *work) error {
	if w.DropletID == 0 && w.Attempt != nil {
		if err := p.settle(ctx, run, w); err != nil {
			return err
		}
	}
	if w.DropletID == 0 {
		return nil
	}
	keepFacts(run, fleet.Facts{DropletID: w.DropletID})
	if w.Registered {
		run.Log().Warn("the new droplet stays: it was registered, and may be in use; see arcadiad plan", "id", w.DropletID)
		return nil
	}
	if w.Vanished {
		if gone, err := p.o.Inventory.Gone(ctx, w.DropletID); err == nil && gone {
			keepFacts(run, fleet.Facts{Undone: true})
			run.Put(fleet.Deleted{DropletID: w.DropletID, At: time.Now()})
			return nil
		}
	}
	by := ownLicense(run.ID(), w)
	if begun := w.Demolition.Sent && w.Demolition.DropletID == w.DropletID; !begun {
		stays, judged, err := p.stays(ctx, run, w)
		if err != nil || stays {
			return err
		}
		if !judged {
			by.asks = func(context.Context, fleet.Droplet) error {
				return saga.Later(time.Second, fmt.Errorf("droplet %d shows now: looking whether it is in use", w.DropletID))
			}
		}
	}
	keepFacts(run, fleet.Facts{Undone: true})
	return p.demolish(ctx, run, w, by)
}

// stays looks whether the droplet that the saga made is one that a compensation leaves alone. Judged is false where the look could not tell: the
// droplet is not shown, or not this saga's by its tags, and that may change.
func (p createSteps) stays(ctx context.Context, run *saga.Run, w *work) (stays, judged bool, err error) {
	looks := p.looks(run)
	seen, _, err := looks.next(ctx, inventory.Query{ID: w.DropletID})
	if err != nil || len(seen) == 0 {
		return false, false, err // not shown: it is looked for
	}
	d := seen[0]
	switch {
	case d.Unread.Has(fleet.UnreadTags): // it may be protected
		return false, false, notTold(d)
	case w.disowns(run.ID(), d) != "": // that needs a person
		return false, false, nil
	}
	var bearers []fleet.Droplet
	if run.Resumed() || !slices.Contains(w.creates().Answered, d.ID) {
		if bearers, _, err = looks.next(ctx, w.traces(run.ID())); err != nil {
			return false, true, err
		}
	}
	hanging, _, err := p.o.Inventory.Attachments(ctx, seenFor)
	if err != nil {
		return false, true, err
	}
	if why := w.keeps(run.ID(), d, bearers, hanging.ByDroplet[d.ID]); why != "" {
		run.Log().Warn("the droplet is no leftover of this saga, so it stays", "id", d.ID, "why", why)
		run.Put(d)
		return true, true, nil
	}
	if !run.Resumed() || !ready(d, w.identity(run.ID())) || p.idle(ctx, w, d) {
		return false, true, nil
	}
	served, err := p.served(ctx, run, w, looks, bearers)
	if err != nil || served {
		return false, true, err
	}
	// Its journal may be a copy, and this the droplet that serves by now. A plan decides about it, with all its holds.
	run.Log().Warn("the droplet is in service: it is registered, and not destroyed", "id", d.ID)
	spec := w.Spec
	spec.UserData = string(run.Secret())
	run.Put(d, fleet.Record{DropletID: d.ID, Name: w.Spec.Name, Values: fleet.ValuesOf(spec), ImageID: d.ImageID, RecordedAt: time.Now(),
		Protect: p.protects(w) || d.HasTag(fleet.ProtectTag), SagaID: run.ID()})
	return true, true, nil
}

// idle tells whether an active droplet is not in service, since it does not pass its probe: its saga has waited for that in vain, or others
// pass theirs.
func (p createSteps) idle(ctx context.Context, w *work, d fleet.Droplet) bool {
	probe := p.service().probeOf(w)
	if probe == nil {
		return false
	}
	found, known := p.service().probe(ctx, d, *probe)
	return known && !found.Passed && (w.Ready != nil && w.Ready.Late || p.o.Inventory.AnsweredBeside(d.ID))
}

// keeps says why the droplet is not a leftover of the saga (law 5); empty: it is one. Bearers are those that show its tag or its name,
// hanging is what else of the account hangs on it, as far as that was read.
func (w *work) keeps(sagaID string, d fleet.Droplet, bearers []fleet.Droplet, hanging []fleet.Attachment) string {
	others := []int64{w.DropletID}
	for _, other := range bearers {
		if other.HasTag(fleet.SagaTag(sagaID)) && fleet.Key(other.Name) == fleet.Key(w.Name) {
			others = append(others, other.ID)
		}
	}
	if !w.creates().Made(sagaID, w.Name, d, others) {
		return fmt.Sprintf("more droplets bear the tag %s than it sent creates, or this one was there before", fleet.SagaTag(sagaID))
	}
	return d.Kept(hanging)
}

// served reports whether another droplet does the work of the one that the saga made: the one that it was to replace, or one that another
// copy of this saga made.
func (p createSteps) served(ctx context.Context, run *saga.Run, w *work, looks *poller, bearers []fleet.Droplet) (bool, error) {
	for _, d := range bearers {
		if d.ID != w.DropletID && fleet.Key(d.Name) == fleet.Key(w.Name) && ready(d, w.identity(run.ID())) {
			return true, nil
		}
	}
	old, replaces := w.License.Droplet()
	if !replaces {
		return false, nil
	}
	seen, _, err := looks.next(ctx, inventory.Query{ID: old.ID})
	return err == nil && len(seen) == 1 && ready(seen[0], []string{fleet.ManagedTag}), err
}
