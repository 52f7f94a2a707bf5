package provision

import (
	"cmp"
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

// quarantine is the step QuarantineDroplet: what is kept is taken out of its name, instead of being destroyed. It shows that it is off before
// it loses any tag, so that neither a load balancer nor a firewall that is open meets it alive. Until the rows are committed it is under its
// name, and everything goes back; from then on only a person brings it back.
func (p endSteps) quarantine(ctx context.Context, run *saga.Run, w *work) error {
	by, err := p.licensed(run, w)
	if err != nil {
		return saga.Permanent(err)
	}
	for {
		group, err := p.mayEnd(ctx, run, w, by.id, w.Found.wasOn())
		if err != nil {
			return err
		}
		stood := time.Now()
		d, err := p.looks(run).mine(ctx, w, by.id)
		switch {
		case errors.Is(err, errGone): // there is nothing left to keep
			run.Put(fleet.Deleted{DropletID: by.id, At: time.Now()})
			return nil
		case errors.Is(err, errAlien):
			return refusal(run, err)
		case err != nil:
			return err
		}
		if err := by.covers(d); err != nil {
			return refusal(run, err)
		}
		switch d.Status {
		case fleet.StatusOff:
		case fleet.StatusUnknown:
			return saga.Later(time.Minute, fmt.Errorf("droplet %d is shown without its status: it keeps its tags until it shows that it is off", d.ID))
		default: // somebody switched it on
			if err := p.shutdown(ctx, run, w); err != nil {
				return err
			}
			continue
		}
		if w.Found.Quarantine == nil {
			q := &isolated{Tags: userTags(d), Until: time.Now().Add(w.Ending.Keep).Truncate(time.Second).UTC()}
			if err := cmp.Or(lately(run, w, stood), p.mayGo(ctx, run, w, d.Name, true)); err != nil {
				return err
			}
			if err := group.stop(func() error { w.Found.Quarantine = q; return run.Checkpoint(ctx) }); err != nil {
				return err
			}
		}
		isolated, err := p.isolate(ctx, run, w, d)
		if err != nil || !isolated {
			return err
		}
		return p.takeOut(ctx, run, w, by)
	}
}

// userTags are the tags that are not arcadiad's, as the droplet spells them.
func userTags(d fleet.Droplet) []string { return slices.DeleteFunc(slices.Clone(d.Tags), fleet.OurTag) }

// isolate puts the tag of the quarantine on, and then takes the user's tags off: exactly those that are journaled.
func (p endSteps) isolate(ctx context.Context, run *saga.Run, w *work, d fleet.Droplet) (done bool, err error) {
	q, tagging := w.Found.Quarantine, tagSteps{p.core}
	until := fleet.UntilTag(q.Until)
	if !d.HasTag(until) {
		if err := p.o.Cloud.Tag(ctx, until, d.ID); err != nil {
			return false, p.notKept(run, d.ID, err)
		}
	}
	switch shown, err := tagging.tagsSettle(ctx, p.looks(run), w, d.ID, []string{until}, nil); {
	case err != nil && (ctx.Err() != nil || errors.Is(err, errUntold)):
		return false, err
	case err != nil:
		return false, p.notKept(run, d.ID, fmt.Errorf("%w: %w", errUnable, err))
	case shown == nil || shown.Status != fleet.StatusOff:
		return false, saga.Later(time.Second, fmt.Errorf("droplet %d does not show that it is off: looking again", d.ID))
	}
	if err := p.mayGo(ctx, run, w, d.Name, true); err != nil {
		return false, err
	}
	for _, tag := range q.Tags {
		if d.HasTag(tag) {
			if err := p.o.Cloud.Untag(ctx, tag, d.ID); err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
				return false, p.notKept(run, d.ID, err)
			}
		}
	}
	_, err = tagging.tagsSettle(ctx, p.looks(run), w, d.ID, []string{until}, q.Tags)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errUntold) {
		err = p.notKept(run, d.ID, fmt.Errorf("%w: %w", errUnable, err))
	}
	return err == nil, err
}

// takeOut hands over the rows by which the droplet bears no name any more, if it is still so, and is still to go.
func (p endSteps) takeOut(ctx context.Context, run *saga.Run, w *work, by license) error {
	q := w.Found.Quarantine
	d, err := p.looks(run).mine(ctx, w, by.id)
	switch {
	case errors.Is(err, errGone), errors.Is(err, errAlien):
		return saga.Later(time.Second, err)
	case err != nil:
		return err
	}
	if err := by.covers(d); err != nil {
		return refusal(run, err)
	}
	lost := slices.ContainsFunc(q.Tags, d.HasTag) || !d.HasTag(fleet.UntilTag(q.Until))
	if d.Status != fleet.StatusOff || lost {
		return saga.Later(time.Second, fmt.Errorf("droplet %d changed while it was taken out of its name: looking again", d.ID))
	}
	if err := p.mayGo(ctx, run, w, d.Name, true); err != nil {
		return err
	}
	record, err := p.o.Record(ctx, d.ID)
	if err != nil {
		return err
	}
	if record == nil {
		return refusal(run, fmt.Errorf("droplet %d is not registered any more", d.ID))
	}
	row := fleet.Quarantined{
		DropletID: d.ID, Name: record.Name, Record: *record, Tags: fleet.Words(q.Tags, strings.ToLower), ReservedIP: record.Values[fleet.FieldReservedIP],
		SagaID: run.ID(), At: time.Now(), Until: q.Until,
	}
	if w.Found.Drain != nil {
		row.Tags = append(row.Tags, fleet.Words(w.Found.Drain.Tags, strings.ToLower)...)
	}
	slices.Sort(row.Tags)
	row.Tags = slices.Compact(row.Tags)
	run.Put(d, row)
	run.Log().Info("the droplet is kept for a while", "id", d.ID, "until", row.Until)
	keepFacts(run, fleet.Facts{KeptUntil: row.Until})
	return nil
}

// notKept says why a droplet is not taken out of its name, so that a person decides. A token may not tag, or somebody puts the tags back.
func (p endSteps) notKept(run *saga.Run, id int64, why error) error {
	if !errors.Is(why, digitalocean.ErrRejected) && !errors.Is(why, digitalocean.ErrForbidden) && !errors.Is(why, errUnable) {
		return unsent(why)
	}
	return saga.NeedsPerson(fmt.Errorf("droplet %d is off, and cannot be kept out of its tags; `arcadiad saga abort %s` leaves it as it was: %w",
		id, fleet.Saga8(run.ID()), why))
}

// unquarantine compensates QuarantineDroplet: the tags that may have been taken off go on again, and then that of the quarantine comes off.
// It is still off: a droplet without its tags is not switched on.
func (p endSteps) unquarantine(ctx context.Context, run *saga.Run, w *work) error {
	q := w.Found.Quarantine
	if q == nil {
		return nil
	}
	tagging, until := tagSteps{p.core}, fleet.UntilTag(q.Until)
	d, err := p.looks(run).mine(ctx, w, w.leaving())
	if errors.Is(err, errAlien) {
		return leftOff(err)
	}
	if err != nil {
		return back(run, err)
	}
	for _, tag := range q.Tags {
		if err := p.o.Cloud.Tag(ctx, tag, d.ID); err != nil && !d.HasTag(tag) {
			return p.notPutBack(d.ID, err)
		}
	}
	if err := p.o.Cloud.Untag(ctx, until, d.ID); err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return p.notPutBack(d.ID, err)
	}
	if _, err := tagging.tagsSettle(ctx, p.looks(run), w, d.ID, q.Tags, []string{until}); err != nil {
		if ctx.Err() != nil || errors.Is(err, errUntold) {
			return err
		}
		run.Log().Warn("the tags were put back, and do not show so", "id", d.ID, "error", err)
	}
	return nil
}

func (p endSteps) notPutBack(id int64, why error) error {
	if !errors.Is(why, digitalocean.ErrRejected) && !errors.Is(why, digitalocean.ErrForbidden) {
		return unsent(why)
	}
	return saga.NeedsPerson(fmt.Errorf("droplet %d is off, and stays so until its tags can be put back: %w", id, why))
}
