package provision

import (
	"context"
	"errors"
	"slices"
	"strings"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// retag is the step RetagDroplet: the user's tags. Those of arcadiad are never its business.
func (p tagSteps) retag(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.altered(w); err != nil {
		return err
	}
	looks := p.looks(run)
	d, err := looks.mine(ctx, w)
	if err != nil {
		return onward(err)
	}
	if w.Found.Retag == nil {
		w.Found.Retag = retagOf(d, w.Alter)
		if err := run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	r := w.Found.Retag
	for _, tag := range r.On {
		if !d.HasTag(tag) {
			if err := p.putTag(ctx, tag, d.ID); err != nil {
				return err
			}
		}
	}
	for _, tag := range r.Off {
		if d.HasTag(tag) {
			if err := p.takeTag(ctx, tag, d.ID); err != nil {
				return err
			}
		}
	}
	shown, err := p.tagsSettle(ctx, looks, w, r.On, r.Off)
	switch {
	case ctx.Err() != nil, errors.Is(err, errUntold):
		return err
	case err != nil: // somebody puts them back, and two that pull at one tag would go on for ever
		return saga.Permanent(err)
	case shown == nil:
		return onward(errGone)
	}
	return onward(w.alien(*shown))
}

func retagOf(d fleet.Droplet, a fleet.Alteration) *retagged {
	r := &retagged{}
	for _, tag := range a.Tag {
		if !fleet.OurTag(tag) && !d.HasTag(tag) {
			r.On = append(r.On, tag)
		}
	}
	for _, tag := range a.Untag {
		i := slices.IndexFunc(d.Tags, func(t string) bool { return strings.EqualFold(t, tag) })
		if i >= 0 && !fleet.OurTag(tag) {
			r.Off = append(r.Off, d.Tags[i])
		}
	}
	return r
}

// unretag compensates RetagDroplet. That a tag is not shown does not mean that it is not there: all are put back that may have been
// changed, and no others.
func (p tagSteps) unretag(ctx context.Context, run *saga.Run, w *work) error {
	r := w.Found.Retag
	if r == nil {
		return nil
	}
	looks := p.looks(run)
	d, err := looks.mine(ctx, w)
	if err != nil {
		return back(run, err)
	}
	for _, tag := range r.Off {
		if err := p.putTag(ctx, tag, d.ID); err != nil && !(errors.Is(err, digitalocean.ErrForbidden) && d.HasTag(tag)) {
			return err
		}
	}
	for _, tag := range r.On { // a token that may not take one off could not put it on either
		if err := p.takeTag(ctx, tag, d.ID); err != nil && !(errors.Is(err, digitalocean.ErrForbidden) && !d.HasTag(tag)) {
			return err
		}
	}
	// Whoever looks next would take tags of before for somebody's doing, and put them back where the file says so.
	if _, err := p.tagsSettle(ctx, looks, w, r.Off, r.On); err != nil {
		if ctx.Err() != nil || errors.Is(err, errUntold) {
			return err
		}
		run.Log().Warn("the tags were put back, and do not show so", "id", d.ID, "error", err)
	}
	return nil
}
