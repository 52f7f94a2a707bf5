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

// found is how an update found what it changes, for the way back. Each part of it is journaled before the first request that changes
// that part; a part that is nil was not changed.
type found struct {
	Retag   *retagged `json:"retag,omitempty"`
	Lifted  bool      `json:"lifted,omitempty"` // the protection tag was there, and is taken off
	Name    string    `json:"name,omitempty"`   // empty: not renamed
	Backups *bool     `json:"backups,omitempty"`
	On      *bool     `json:"on,omitempty"`  // whether it was on before PowerOffDroplet
	Off     bool      `json:"off,omitempty"` // a look showed that it is off since
}

// updateSteps are the steps of an update that changes this, in the order of UpdateDroplet.
func updateSteps(a fleet.Alteration) []string {
	var steps []string
	for _, s := range []struct {
		name   string
		needed bool
	}{
		{"ProtectDroplet", a.Protection},
		{"RetagDroplet", len(a.Tag)+len(a.Untag) > 0},
		{"RenameDroplet", a.Name != ""},
		{"SwitchBackups", a.Backups != nil},
		{"EnableIPv6", a.IPv6},
		{"PowerOffDroplet", a.Size != ""},
		{"ResizeDroplet", a.Size != ""},
		{"PowerOnDroplet", a.Size != "" || a.PowerOn},
		{"RecordDroplet", true},
	} {
		if s.needed {
			steps = append(steps, s.name)
		}
	}
	return steps
}

var (
	errGone  = errors.New("the droplet is gone")
	errAlien = errors.New("is no longer this fleet's")
)

// present looks until the droplet is shown: errGone when it is proved gone. One that is not shown for a moment is neither.
func (p *Droplets) present(ctx context.Context, looks *poller, id int64) (fleet.Droplet, error) {
	for lastSeen := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: id})
		switch {
		case err != nil:
			return fleet.Droplet{}, err
		case len(seen) > 0 && seen[0].Status != fleet.StatusArchive:
			return seen[0], nil
		case p.vanished(ctx, id, lastSeen, p.o.Visibility):
			return fleet.Droplet{}, fmt.Errorf("droplet %d: %w", id, errGone)
		}
	}
}

// mine is present for who is about to write: errAlien when the droplet is not this fleet's by its tags (law 1).
func (p *Droplets) mine(ctx context.Context, looks *poller, w *work) (fleet.Droplet, error) {
	d, err := p.present(ctx, looks, w.DropletID)
	switch {
	case err != nil:
		return d, err
	case d.Unread.Has(fleet.UnreadTags):
		return d, notTold(d)
	}
	return d, w.alien(d)
}

// onward says what an error means to a step that goes forward: what is not there, or not ours, is not asked for any more, and what
// DigitalOcean would not do is undone.
func onward(err error) error {
	switch {
	case errors.Is(err, errGone), errors.Is(err, errAlien):
		return saga.Supersede(err.Error())
	case errors.Is(err, errUnable):
		return saga.Permanent(err)
	}
	return err
}

// putBack alters the droplet to what it was. What it shows may be of before, and what was asked for on the way there may still come: so
// the action is sent in any case. Refused, with the droplet as it was, there was nothing to put back.
func (p *Droplets) putBack(ctx context.Context, run *saga.Run, w *work, c change) error {
	c.stale = true
	d, err := p.alter(ctx, run, w, c)
	if errors.Is(err, errUnable) && c.shows(d) == so {
		run.Log().Info("there was nothing to put back", "error", err)
		return nil
	}
	return back(run, err)
}

// back says what an error means to a compensation: of what is not there, or not ours, nothing is put back.
func back(run *saga.Run, err error) error {
	if errors.Is(err, errGone) || errors.Is(err, errAlien) {
		run.Log().Warn("what was changed of the droplet is not put back", "error", err)
		return nil
	}
	return err
}

// record is the step RecordDroplet: from now on the record says what was sent.
func (p *Droplets) record(ctx context.Context, run *saga.Run, w *work) error {
	if w.Record == nil {
		return saga.Permanent(errors.New("the plan gave no record"))
	}
	d, err := p.present(ctx, &poller{p: p, run: run}, w.DropletID)
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
