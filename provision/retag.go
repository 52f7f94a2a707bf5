package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/inventory"
	"arcadiad/saga"
)

// retag is the step RetagDroplet: the user's tags. Those of arcadiad are never its business.
func (p tagSteps) retag(ctx context.Context, run *saga.Run, w *work) error {
	if err := p.altered(w); err != nil {
		return err
	}
	looks := p.looks(run)
	d, err := looks.mine(ctx, w, w.DropletID)
	if err != nil {
		return onward(err)
	}
	if w.Found.Retag == nil {
		w.Found.Retag = retagOf(d, w.Alter)
		if err := run.Checkpoint(ctx); err != nil {
			return err
		}
	}
	return p.retagged(ctx, looks, w, d)
}

// retagged puts on and takes off what the journal says, and looks until the droplet shows it.
func (p tagSteps) retagged(ctx context.Context, looks *poller, w *work, d fleet.Droplet) error {
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
	shown, err := p.tagsSettle(ctx, looks, w, d.ID, r.On, r.Off)
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
	d, err := looks.mine(ctx, w, w.DropletID)
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
	if _, err := p.tagsSettle(ctx, looks, w, d.ID, r.Off, r.On); err != nil {
		if ctx.Err() != nil || errors.Is(err, errUntold) {
			return err
		}
		run.Log().Warn("the tags were put back, and do not show so", "id", d.ID, "error", err)
	}
	return nil
}

// tagsSettle looks until the droplet shows all tags that were put on, and none of those that were taken off: tags may come and go
// late. A droplet that is not there, or is another fleet's, settles nothing; nil: it is not there.
func (p tagSteps) tagsSettle(ctx context.Context, looks *poller, w *work, id int64, on, off []string) (*fleet.Droplet, error) {
	looks.wrote()
	for began := time.Now(); ; {
		seen, _, err := looks.next(ctx, inventory.Query{ID: id})
		if err != nil || len(seen) == 0 {
			return nil, err
		}
		d := seen[0]
		lacks := slices.ContainsFunc(on, func(tag string) bool { return !d.HasTag(tag) })
		untold := d.Unread.Has(fleet.UnreadTags)
		switch {
		case !untold && !lacks && !slices.ContainsFunc(off, d.HasTag) || w.ownership(d).By == fleet.OtherFleet:
			return &d, nil
		case time.Since(began) > p.o.Visibility && untold:
			return nil, notTold(d)
		case time.Since(began) > p.o.Visibility:
			return nil, fmt.Errorf("droplet %d still shows the tags %s, not as they were set: does the token have the scope tag:read?",
				d.ID, strings.Join(d.Tags, ", "))
		}
	}
}

func (p tagSteps) putTag(ctx context.Context, tag string, id int64) error {
	return refused(p.o.Cloud.Tag(ctx, tag, id))
}

// takeTag takes a tag off. Where there is no such tag, or no such droplet, nothing is left to take.
func (p tagSteps) takeTag(ctx context.Context, tag string, id int64) error {
	err := p.o.Cloud.Untag(ctx, tag, id)
	if errors.Is(err, digitalocean.ErrNotFound) {
		return nil
	}
	return refused(err)
}
