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

// shutdownPatience is how long an operating system has to shut down before the plug is pulled.
const shutdownPatience = time.Minute

// powerOff is the step PowerOffDroplet, before a resize. It asks the operating system first, for the sake of its file systems. A droplet
// that has its size already is left alone: the plan may have been made from a listing that lagged.
func (p alterSteps) powerOff(ctx context.Context, run *saga.Run, w *work) error {
	var group *leave
	if !w.Found.wasOn() { // what is journaled as taken out of service is out of it
		var err error
		if group, err = p.service().mayLeave(ctx, run, w, w.DropletID); err != nil {
			return err
		}
	}
	c := change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActShutdown},
		shows: func(d fleet.Droplet) showing {
			if sized(d, w.Alter) == so {
				return so
			}
			return shows(d.Status == fleet.StatusOff, d.Status != fleet.StatusUnknown && d.Size != "")
		},
		asked:    p.alteredNow,
		leaves:   group.stop,
		patience: shutdownPatience,
		note: func(fleet.Droplet) {
			if w.Found.On == nil {
				on := true
				w.Found.On = &on
			}
		},
	}
	d, err := p.alter(ctx, run, w, c)
	if errors.Is(err, errUnable) || errors.Is(err, errSlow) {
		run.Log().Warn("the droplet does not shut down by itself; it is powered off", "id", w.DropletID, "error", err)
		c.action.Type, c.patience, c.leaves = digitalocean.ActPowerOff, 0, nil
		d, err = p.alter(ctx, run, w, c)
	}
	if err != nil {
		return onward(err)
	}
	w.Found.Off = d.Status == fleet.StatusOff
	return nil
}

// powerOffUndone compensates PowerOffDroplet and ShutdownDroplet: a droplet that was on is switched on again, whatever became of what it was
// switched off for. The tags that it was drained of are put on before, so that it runs as it did; a token that may not do that does not
// leave it off.
func (p alterSteps) powerOffUndone(ctx context.Context, run *saga.Run, w *work) error {
	if !w.Found.wasOn() {
		return nil
	}
	switch err := (drainSteps{tagSteps(p)}).tie(ctx, run, w); {
	case err == nil, errors.Is(err, errGone), errors.Is(err, errAlien): // the next look says so
	case errors.Is(err, digitalocean.ErrRejected), errors.Is(err, digitalocean.ErrForbidden):
		run.Log().Warn("the tags that the droplet was drained of are not put on before it is switched on", "id", w.leaving(), "error", err)
	default:
		return err
	}
	c := switchedOn()
	c.id, c.stale = w.leaving(), !w.Found.Off // it may still be shutting down
	d, err := p.alter(ctx, run, w, c)
	if errors.Is(err, errAlien) {
		return leftOff(err)
	}
	if err == nil && w.Alter.Size != "" && sized(d, w.Alter) == so && w.Record != nil && onlySize(w.Alter) {
		// The resize came through after all: it was ours, and the file's present word decides from here.
		run.Put(d, *w.Record)
	}
	return back(run, err)
}

// powerOn is the step PowerOnDroplet, a pivot: it is tried until the droplet is on. One that arcadiad found off stays off, unless
// switching it on is what it is about.
func (p alterSteps) powerOn(ctx context.Context, run *saga.Run, w *work) error {
	if !w.Alter.PowerOn && !w.Found.wasOn() && w.Restore == nil {
		run.Log().Info("it was not switched off, so it is not switched on", "id", w.DropletID)
		return nil
	}
	c := switchedOn()
	if !w.Found.Off { // it was not this saga that switched it off
		c.asked = func(w *work) error {
			if run.Begun() {
				return nil
			}
			if w.Restore != nil {
				return p.stillDesired(w)
			}
			return p.altered(w)
		}
	}
	_, err := p.alter(ctx, run, w, c)
	switch {
	case errors.Is(err, errGone) && w.Found.Off || errors.Is(err, errGone) && run.Begun():
		return back(run, err)
	case errors.Is(err, errAlien) && (w.Found.wasOn() || run.Begun()):
		return leftOff(err)
	case errors.Is(err, errUnable):
		return err // tried again
	}
	return onward(err)
}

// onlySize tells whether an update is a resize and nothing else, so that its record differs from the one before in the size alone.
func onlySize(a fleet.Alteration) bool {
	a.Size, a.GrowDisk, a.PowerOn = "", false, false
	return a.Empty()
}

func switchedOn() change {
	return change{
		action: digitalocean.ActionRequest{Type: digitalocean.ActPowerOn},
		shows: func(d fleet.Droplet) showing {
			return shows(d.Status == fleet.StatusActive, d.Status != fleet.StatusUnknown)
		},
	}
}

// leftOff is told when a droplet that arcadiad switched off may not be written to any more (law 1).
func leftOff(err error) error {
	return saga.NeedsPerson(fmt.Errorf("arcadiad switched it off, and may not switch it on: "+
		"put its tags back, or switch it on by hand: %w", err))
}
