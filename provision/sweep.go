package provision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
)

// The bounds of a Sweeper.
const (
	watched       = 7 * 24 * time.Hour // how long a saga that ended is watched for late arrivals (law 5): so long its tag stays
	sweepPause    = 24 * time.Hour     // between two looks at one tag, and after a sweep that failed
	sweepLooks    = 20                 // tags that one sweep looks at
	sweepRemovals = 200                // tags that are removed within any 24 hours, whatever restarts
)

// Sweeper removes the tags of sagas that are over: tags outlive their droplets, so one would stay for every saga
// (docs/digitalocean-api.md, "Tags"). It knows only the sagas of this journal. Deleting a tag takes it off whatever has it, so a tag
// goes only when nothing is left that could have it: the saga's watch has ended, no record is the saga's, no droplet of a whole
// listing shows it, and the API itself, asked just before, counts nothing that has it.
type Sweeper struct {
	Cloud *digitalocean.Client // at the lowest priority
	Idle  func() bool          // whether requests that are in no hurry may go
	// Label keeps a label of an ended saga for good.
	Label func(ctx context.Context, sagaID, label, value string) error
	Log   *slog.Logger

	looked map[string]time.Time // when each saga's tag was last looked at
	rest   time.Time            // no sweep before this
}

// Sweep removes some of the tags that are left, a few at a time, and gives how many. What it did not get to, it gets to in another.
// It must not be called by two at once.
func (s *Sweeper) Sweep(ctx context.Context, recorded fleet.Recorded, observed fleet.Observed) (removed int, err error) {
	now := time.Now()
	if now.Before(s.rest) || observed.Partial {
		return 0, nil
	}
	left := sweepRemovals - sweptSince(recorded.Sagas, now.Add(-24*time.Hour))
	looks := 0
	for _, saga := range s.leftovers(recorded, observed, now) {
		if looks++; looks > sweepLooks || removed >= left || !s.Idle() {
			break
		}
		gone, err := s.remove(ctx, saga)
		if err != nil {
			if ctx.Err() == nil {
				s.rest = now.Add(sweepPause)
			}
			return removed, fmt.Errorf("remove the tag of saga %s, which is over: %w", fleet.Saga8(saga.ID), err)
		}
		s.note(saga.ID, now)
		if gone {
			removed++
		}
	}
	return removed, nil
}

// leftovers are the sagas whose tags may go, oldest first, but for those that were looked at lately.
func (s *Sweeper) leftovers(recorded fleet.Recorded, observed fleet.Observed, now time.Time) []fleet.Saga {
	inUse := fleet.SetOf(recorded.Records, func(r fleet.Record) string { return fleet.Saga8(r.SagaID) })
	for _, d := range observed.Droplets {
		for _, saga8 := range d.Saga8s() {
			inUse[saga8] = true
		}
	}
	var over []fleet.Saga
	for _, saga := range recorded.Sagas {
		switch {
		case !saga.Makes(), saga.Live, saga.TagGone, inUse[fleet.Saga8(saga.ID)]:
		case saga.EndedAt.IsZero(), now.Sub(saga.EndedAt) < watched:
		case now.Sub(s.looked[saga.ID]) < sweepPause:
		default:
			over = append(over, saga)
		}
	}
	return over
}

// remove looks whether anything bears the tag and, where nothing does, deletes it in the same breath. That it was about to do so is
// durable before: a restart neither forgets the day's count nor believes a tag gone that is not.
func (s *Sweeper) remove(ctx context.Context, saga fleet.Saga) (removed bool, err error) {
	tag := fleet.SagaTag(saga.ID)
	uses, err := s.Cloud.TagUses(ctx, tag)
	if err == nil {
		if uses > 0 {
			return false, nil
		}
		err = s.Cloud.DeleteTag(ctx, tag, func(ctx context.Context) error {
			return s.keep(ctx, saga.ID, fleet.Facts{SweptAt: time.Now()})
		})
		removed = err == nil
	}
	if err != nil && !errors.Is(err, digitalocean.ErrNotFound) {
		return false, err
	}
	if removed {
		s.Log.Info("the tag of a saga that is over was removed", "saga", fleet.Saga8(saga.ID), "droplet", saga.Name)
	}
	return removed, s.keep(ctx, saga.ID, fleet.Facts{TagGone: true})
}

func (s *Sweeper) keep(ctx context.Context, sagaID string, f fleet.Facts) error {
	for label, value := range f.Labels() {
		if err := s.Label(ctx, sagaID, label, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sweeper) note(sagaID string, at time.Time) {
	if s.looked == nil {
		s.looked = map[string]time.Time{}
	}
	for id, then := range s.looked {
		if at.Sub(then) >= sweepPause {
			delete(s.looked, id)
		}
	}
	s.looked[sagaID] = at
}

// sweptSince counts the tags whose removal was about to be sent since then.
func sweptSince(sagas []fleet.Saga, then time.Time) int {
	n := 0
	for _, saga := range sagas {
		if saga.SweptAt.After(then) {
			n++
		}
	}
	return n
}
