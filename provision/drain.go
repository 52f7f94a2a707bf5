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
	"arcadiad/saga"
)

const (
	drainTurn = 5 * time.Second // between two questions to the file, while a drained droplet waits for the file's time, which no look shortens
	noteDrain = time.Minute     // how much of that waiting a restart may repeat
)

// drain is the step DrainDroplet: traffic leaves the droplet while it still serves. The tags by which load balancers select it come off, and
// after that it has some time.
func (p drainSteps) drain(ctx context.Context, run *saga.Run, w *work) error {
	if w.Found.Drain == nil || w.Found.Drain.Waited == 0 {
		if why, err := p.detach(ctx, run, w); err != nil || why != "" {
			if err == nil {
				run.Log().Info("the droplet is not drained: "+why, "id", w.leaving())
			}
			return err
		}
	}
	noted := w.Found.Drain.Waited
	for turn := 1; w.Found.Drain.Waited < w.Drain.For; turn++ {
		if err := p.goes(ctx, run, w, "", false); err != nil {
			return err
		}
		began := time.Now()
		if err := pause(ctx, min(drainTurn, w.Drain.For-w.Found.Drain.Waited)); err != nil {
			return err
		}
		w.Found.Drain.Waited += time.Since(began)
		if w.Found.Drain.Waited-noted >= noteDrain || run.Resumed() && noteLook(turn) {
			if err := run.Checkpoint(ctx); err != nil {
				return err
			}
			noted = w.Found.Drain.Waited
		}
	}
	return nil
}

// goes asks the file in force whether the droplet is still to go (law 17), and with now also the file as it is read at this moment.
func (p drainSteps) goes(ctx context.Context, run *saga.Run, w *work, bears string, now bool) error {
	_, licensed := w.License.Droplet()
	switch {
	case licensed:
		return p.mayGo(ctx, run, w, bears, now)
	case now:
		return p.alteredNow(w)
	}
	return p.altered(w)
}

// detach takes the tags off. Why is not empty where there is nothing to drain.
func (p drainSteps) detach(ctx context.Context, run *saga.Run, w *work) (why string, err error) {
	if err := p.goes(ctx, run, w, "", false); err != nil {
		return "", err
	}
	looks, began := p.looks(run), time.Now()
	var group *leave
	switch begun := w.Found.Drain != nil; {
	case begun:
	case run.Kind() == fleet.SagaReplace:
		group, err = p.service().relieved(ctx, run, w)
	default:
		group, err = p.service().mayLeave(ctx, run, w, w.leaving())
	}
	if err != nil {
		return "", err
	}
	d, err := looks.mine(ctx, w, w.leaving())
	_, licensed := w.License.Droplet()
	switch {
	case licensed && errors.Is(err, errGone):
		return "it is gone", nil
	case licensed && errors.Is(err, errAlien):
		return "", refusal(run, err)
	case err != nil:
		return "", onward(err)
	}
	if w.Found.Drain == nil {
		if licensed {
			if err := w.License.Covers(d); err != nil {
				return "", refusal(run, err)
			}
		}
		if d.Status == fleet.StatusOff || w.Alter.Size != "" && sized(d, w.Alter) == so {
			return "it is off, or needs not be", nil
		}
		tags := drainTags(d, w.Drain)
		if len(tags) == 0 {
			return "it does not show the tags", nil
		}
		if time.Since(began) > seenFor {
			return "", saga.Later(time.Second, errors.New("the droplets that serve meanwhile were seen too long ago: looking again"))
		}
		if err := p.goes(ctx, run, w, d.Name, true); err != nil {
			return "", err
		}
		w.Found.Drain = &drained{Tags: tags}
		if err := group.drain(func() error { return run.Checkpoint(ctx) }); err != nil {
			return "", err
		}
	}
	for _, tag := range w.Found.Drain.Tags {
		if d.HasTag(tag) {
			if err := p.untie(ctx, run, tag, d.ID); err != nil {
				return "", err
			}
		}
	}
	if _, err := p.tagsSettle(ctx, looks, w, d.ID, nil, w.Found.Drain.Tags); err != nil {
		if ctx.Err() != nil || errors.Is(err, errUntold) {
			return "", err
		}
		run.Log().Warn("the tags of load balancers were taken off, and do not show so; going on", "id", d.ID, "error", err)
	}
	return "", nil
}

// drainTags are those of the tags that the droplet shows, as it spells them. Those of arcadiad are not among them.
func drainTags(d fleet.Droplet, by fleet.Drain) (tags []string) {
	for _, tag := range d.Tags {
		if !fleet.OurTag(tag) && slices.ContainsFunc(by.Tags, func(t string) bool { return strings.EqualFold(t, tag) }) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// untie takes one tag off. A token that may not do that needs a person: everything serves meanwhile.
func (p drainSteps) untie(ctx context.Context, run *saga.Run, tag string, id int64) error {
	err := p.o.Cloud.Untag(ctx, tag, id)
	switch {
	case errors.Is(err, digitalocean.ErrNotFound):
		return nil
	case errors.Is(err, digitalocean.ErrRejected), errors.Is(err, digitalocean.ErrForbidden):
		return saga.NeedsPerson(fmt.Errorf("droplet %d cannot be drained; `arcadiad saga abort %s` leaves it as it was: %w", id, fleet.Saga8(run.ID()), err))
	}
	return unsent(err)
}

// undrain is the step UndrainDroplet, and compensates DrainDroplet: exactly the tags that were taken off are put on again. That a tag is
// shown does not mean that it is there.
func (p drainSteps) undrain(ctx context.Context, run *saga.Run, w *work) error {
	if w.Found.Drain == nil {
		return nil
	}
	if err := p.tie(ctx, run, w); err != nil {
		return back(run, err)
	}
	// Whoever looks next would take tags of before for somebody's doing, and put them back where the file says so.
	if _, err := p.tagsSettle(ctx, p.looks(run), w, w.leaving(), w.Found.Drain.Tags, nil); err != nil {
		if ctx.Err() != nil || errors.Is(err, errUntold) {
			return err
		}
		run.Log().Warn("the tags were put back, and do not show so", "id", w.leaving(), "error", err)
	}
	return nil
}

// tie puts the tags on again, once.
func (p drainSteps) tie(ctx context.Context, run *saga.Run, w *work) error {
	if w.Found.Drain == nil || w.Found.Drain.Back {
		return nil
	}
	d, err := p.looks(run).mine(ctx, w, w.leaving())
	if err != nil {
		return err
	}
	for _, tag := range w.Found.Drain.Tags {
		if err := p.putTag(ctx, tag, d.ID); err != nil {
			return err
		}
	}
	w.Found.Drain.Back = true
	return nil
}
