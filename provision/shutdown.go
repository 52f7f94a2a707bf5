package provision

import (
	"context"
	"errors"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// shutdown is the step ShutdownDroplet: the operating system of a droplet that is to go is asked to end first. Its service ends here, so this
// asks all that a DELETE asks. An operating system that does not listen keeps nothing from going on: the DELETE ends it anyway, and what is
// kept is powered off.
func (p endSteps) shutdown(ctx context.Context, run *saga.Run, w *work) error {
	by, err := p.licensed(run, w)
	if err != nil {
		return saga.Permanent(err)
	}
	group, err := p.mayEnd(ctx, run, w, by.id, w.Found.wasOn())
	if err != nil {
		return err
	}
	stood := time.Now()
	c := change{
		id:     by.id,
		action: digitalocean.ActionRequest{Type: digitalocean.ActShutdown},
		shows: func(d fleet.Droplet) showing {
			return shows(d.Status == fleet.StatusOff, d.Status != fleet.StatusUnknown)
		},
		asked: func(w *work) error { return p.mayGo(ctx, run, w, "", false) },
		covers: func(d fleet.Droplet) error {
			if err := by.covers(d); err != nil {
				return refusal(run, err)
			}
			if !w.Found.wasOn() {
				if err := lately(run, w, stood); err != nil {
					return err
				}
			}
			return p.mayGo(ctx, run, w, d.Name, true)
		},
		leaves:   group.stop,
		patience: shutdownPatience,
		note: func(fleet.Droplet) {
			on := true
			w.Found.On = &on
		},
	}
	if w.Ending.Hard {
		c.action.Type, c.patience = digitalocean.ActPowerOff, 0
	}
	d, err := p.acts.alter(ctx, run, w, c)
	if !w.Ending.Hard && (errors.Is(err, errUnable) || errors.Is(err, errSlow)) {
		run.Log().Warn("the operating system does not shut down when asked; going on without that", "id", by.id, "error", err)
		if w.Ending.Keep == 0 {
			return nil
		}
		c.action.Type, c.patience, c.leaves = digitalocean.ActPowerOff, 0, nil
		d, err = p.acts.alter(ctx, run, w, c)
	}
	switch {
	case errors.Is(err, errGone): // the next look says so
		return nil
	case errors.Is(err, errAlien):
		return refusal(run, err)
	case err != nil:
		return onward(err)
	}
	w.Found.Off = w.Found.wasOn() && d.Status == fleet.StatusOff
	return nil
}
