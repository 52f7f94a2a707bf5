package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/plan"
	"arcadiad/saga"
)

// tagDroplet writes the tags without which nobody could tell whose the droplet is. The managed tag comes last: one that
// a crash and a lost database leave with the fleet's tag alone is neither ours nor replaced by another.
func (p transferSteps) tagDroplet(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.stillAsked(w); err != nil {
		return err
	}
	looks := p.looks(run)
	d, err := p.ownerless(ctx, looks, w)
	if err != nil {
		return err
	}
	if w.Transfer == nil {
		tags := fleet.TagsOf(w.Fleet, "", 0, w.Spec.Protected(), nil)
		slices.Reverse(tags) // the managed tag comes last
		w.Transfer = &transferred{Tags: slices.DeleteFunc(tags, d.HasTag)}
		if err := run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	for _, tag := range w.Transfer.Tags {
		if !d.HasTag(tag) {
			if err := p.putTag(ctx, tag, d.ID); err != nil {
				return err
			}
		}
	}
	shown, err := p.tagsSettle(ctx, looks, w, d.ID, w.Transfer.Tags, nil)
	switch {
	case err != nil:
		return err
	case shown == nil:
		return saga.Supersede(fmt.Sprintf("droplet %d is not shown any more", w.DropletID))
	case w.ownership(*shown).By == fleet.OtherFleet:
		return saga.Supersede(fmt.Sprintf("droplet %d: %s", w.DropletID, w.ownership(*shown).Reason()))
	}
	w.Seen = shown
	return nil
}

// ownerless looks whether the droplet is still the only one that bears its name, and nobody else's.
func (p transferSteps) ownerless(ctx context.Context, looks *poller, w *work) (fleet.Droplet, error) {
	seen, _, err := looks.next(ctx, inventory.Query{Name: w.Name, GPU: true})
	if err != nil {
		return fleet.Droplet{}, err
	}
	i := slices.IndexFunc(seen, func(d fleet.Droplet) bool { return d.ID == w.DropletID })
	switch {
	case i < 0:
		return fleet.Droplet{}, saga.Supersede(fmt.Sprintf("there is no droplet %d of the name %s any more", w.DropletID, w.Name))
	case len(seen) > 1:
		return fleet.Droplet{}, saga.Supersede(fmt.Sprintf("%d droplets bear the name %s by now", len(seen), w.Name))
	}
	d := seen[i]
	why := ""
	if w.Transfer == nil {
		why = plan.Ownerless(w.Fleet, d, w.Returned)
	} else if whose := w.ownership(d); whose.By == fleet.OtherFleet {
		why = whose.Reason()
	}
	if why != "" {
		return d, saga.Supersede(fmt.Sprintf("droplet %d: %s", d.ID, why))
	}
	return d, nil
}

// untagDroplet compensates tagDroplet. That a tag is not shown does not mean that it is not there: all go that may have been put on, but
// for what another fleet, which has the droplet by now, needs as well.
func (p transferSteps) untagDroplet(ctx context.Context, run *saga.Run, w *work) error {
	if w.Transfer == nil {
		return nil
	}
	d, err := p.looks(run).present(ctx, w.DropletID, p.o.Visibility)
	if err != nil {
		return back(run, err)
	}
	for _, tag := range slices.Backward(w.Transfer.Tags) {
		if w.ownership(d).By == fleet.OtherFleet && tag != fleet.FleetTag(w.Fleet) {
			continue
		}
		err := p.takeTag(ctx, tag, w.DropletID)
		if errors.Is(err, digitalocean.ErrForbidden) && !d.HasTag(tag) {
			continue // a token that may not take it off could not put it on either
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// release is the step UntagDroplet: what shows that a droplet is arcadiad's is taken off. One that is not this fleet's by its tags
// is not written to.
func (p transferSteps) release(ctx context.Context, run *saga.Run, w *work) error {
	return p.giveBack(ctx, run, w, w.DropletID)
}

// giveBack takes arcadiad's tags off a droplet.
func (p transferSteps) giveBack(ctx context.Context, run *saga.Run, w *work, id int64) error {
	looks := p.looks(run)
	d, err := looks.present(ctx, id, p.o.Visibility)
	switch {
	case errors.Is(err, errGone):
		return saga.Supersede(fmt.Sprintf("droplet %d is not shown any more", id))
	case err != nil:
		return err
	}
	if d.Unread.Has(fleet.UnreadTags) {
		return notTold(d)
	}
	if w.Transfer == nil {
		w.Transfer = &transferred{}
		if w.ownership(d).Ours() {
			// The managed tag comes last in the list, and so goes first: without it nothing is ever written to the droplet again.
			w.Transfer.Tags = slices.DeleteFunc(d.Marks(), func(tag string) bool { return tag == fleet.ManagedTag })
			w.Transfer.Tags = append(w.Transfer.Tags, fleet.ManagedTag)
		}
		if err := run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	if w.ownership(d).By == fleet.OtherFleet {
		return nil // another fleet has it by now: its tags are not ours to take
	}
	for _, tag := range slices.Backward(w.Transfer.Tags) {
		if d.HasTag(tag) {
			if err := p.takeTag(ctx, tag, d.ID); err != nil {
				return err
			}
		}
	}
	_, err = p.tagsSettle(ctx, looks, w, d.ID, nil, w.Transfer.Tags)
	return err
}

// unrelease compensates UntagDroplet: the tags go back on, unless somebody else has the droplet by now, or nobody.
func (p transferSteps) unrelease(ctx context.Context, run *saga.Run, w *work) error {
	return p.takeBack(ctx, run, w, w.DropletID)
}

// takeBack puts on again what giveBack took off.
func (p transferSteps) takeBack(ctx context.Context, run *saga.Run, w *work, id int64) error {
	if w.Transfer == nil {
		return nil
	}
	d, err := p.looks(run).present(ctx, id, p.o.Visibility)
	if err != nil {
		return back(run, err)
	}
	if w.ownership(d).By == fleet.OtherFleet {
		return nil
	}
	for _, tag := range w.Transfer.Tags {
		if err := p.putTag(ctx, tag, id); err != nil {
			return err
		}
	}
	return nil
}

// forget is the step ForgetDroplet: the record goes, and with it the name is free. As long as the file wants the name it stays, or
// else the next pass would make another droplet under it; unless that is what the person was told, and agreed to.
func (p transferSteps) forget(_ context.Context, run *saga.Run, w *work) error {
	run.Put(fleet.Released{DropletID: w.DropletID, At: time.Now()})
	desired, ok := p.o.Desired()
	if _, asks := desired.Spec(w.Name); !w.Free && (asks || !ok) {
		run.Log().Info("the name stays taken, because it is still in the fleet file", "id", w.DropletID)
		return nil
	}
	run.Put(fleet.Unrecorded{DropletID: w.DropletID})
	return nil
}
