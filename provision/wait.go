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

// checkpointLooks is how many looks pass between two notes of how many there were: a restart repeats fewer than that.
const checkpointLooks = 12

// wait is the step WaitDropletActive: until the droplet is active, with its public address and its tags. Active alone implies
// neither (do-api.md, sections 0.2 and 0.4). Only looks that were answered count. What it made is CreateDroplet's to undo.
func (p *Droplets) wait(ctx context.Context, run *saga.Run, w *work) error {
	lastSeen := time.Now()
	for {
		if err := p.asked(w); err != nil {
			return err
		}
		seen, err := p.look(ctx, inventory.Query{ID: w.DropletID})
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			run.Log().Warn("could not look at the new droplet", "id", w.DropletID, "error", err)
			continue
		}
		w.Looks++
		if len(seen) == 1 {
			lastSeen = time.Now()
			d := seen[0]
			w.TagSeen = w.TagSeen || d.HasTag(fleet.SagaTag(run.ID()))
			if p.ready(run.ID(), w, d) {
				w.Seen = &d
				run.Put(d)
				run.SetLabel(fleet.LabelIP, d.PublicIPv4)
				return nil
			}
			if d.Status == fleet.StatusArchive {
				return saga.Permanent(fmt.Errorf("droplet %d was archived while it was being created", d.ID))
			}
		} else if time.Since(lastSeen) >= p.o.Visibility {
			// It was not shown for longer than a new droplet may be invisible: it vanished (do-api.md, section 0.3).
			if gone, err := p.o.Inventory.Gone(ctx, w.DropletID); err == nil && gone {
				return saga.Permanent(fmt.Errorf("droplet %d vanished before it was active: DigitalOcean took it back", w.DropletID))
			}
		}
		if w.Looks%checkpointLooks == 0 {
			if err := run.Checkpoint(ctx); err != nil {
				return err
			}
		}
		if w.Looks%p.o.WaitAttempts == 0 {
			if err := p.verdict(ctx, run, w, seen); err != nil {
				return err
			}
		}
	}
}

// ready tells whether the droplet is all that the fleet file asked for.
func (p *Droplets) ready(sagaID string, w *work, d fleet.Droplet) bool {
	if d.Status != fleet.StatusActive || d.PublicIPv4 == "" {
		return false
	}
	for _, t := range w.sagaTags(sagaID) {
		if !d.HasTag(t) {
			return false
		}
	}
	return true
}

// verdict asks the create action what became of a droplet that has had its time (law 14).
func (p *Droplets) verdict(ctx context.Context, run *saga.Run, w *work, seen []fleet.Droplet) error {
	actions, err := p.o.Cloud.Actions(ctx, w.DropletID)
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return err
	}
	state := "unknown"
	for _, a := range actions {
		if a.Type == "create" {
			state = a.Status
		}
	}
	if state == "in-progress" && w.Looks < p.o.WaitLongest {
		run.Log().Warn("the droplet takes long, but its create action is still in progress", "id", w.DropletID, "looks", w.Looks)
		return nil
	}
	return saga.Permanent(fmt.Errorf("droplet %d was not ready after %d looks (%s; its create action: %s)",
		w.DropletID, w.Looks, p.missing(run.ID(), w, seen), state))
}

// missing says in words what a droplet lacks.
func (p *Droplets) missing(sagaID string, w *work, seen []fleet.Droplet) string {
	if len(seen) == 0 {
		return "the API does not show it"
	}
	d := seen[0]
	switch {
	case d.Status != fleet.StatusActive:
		return "status " + string(d.Status)
	case d.PublicIPv4 == "":
		return "active, without a public IPv4 address"
	}
	for _, t := range w.sagaTags(sagaID) {
		if !d.HasTag(t) {
			return "active, without the tag " + t
		}
	}
	return "ready"
}
