package daemon

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/reconcile"
	"arcadiad/saga"
)

// undos bring droplets back out of quarantine.
type undos struct{ *app }

// carry brings a droplet back out of quarantine, as a person agreed to, and waits until that is done. First the rollout of its group is
// stopped, so that nothing of it begins any more; then a live saga of the name goes back. One that is under way already is followed.
func (h undos) carry(ctx context.Context, q control.TransferRequest, progress func(control.Progress)) (answer control.TransferAnswer, err error) {
	if len(q.Agreed) != 1 {
		return answer, errors.New("an undo is of one droplet")
	}
	follow, stop := h.feed.follow()
	defer stop()
	id, err := h.begin(ctx, q, follow, progress)
	if err != nil {
		return answer, err
	}
	if answer.Failed, err = h.see(ctx, follow, []string{id}, progress); err != nil {
		return answer, err
	}
	s, err := h.store.Saga(ctx, id)
	answer.Undone.Unready = s.Labels[fleet.LabelUnready]
	answer.Undone.Released, _ = strconv.ParseInt(s.Labels[fleet.LabelReleases], 10, 64) // 0 where it releases none
	return answer, err
}

// begin gives the saga that brings the droplet back. A pass may begin another saga of the name at the same time: then that one goes back,
// too.
func (h undos) begin(ctx context.Context, q control.TransferRequest, follow <-chan control.Progress, progress func(control.Progress)) (id string, err error) {
	agreed := q.Agreed[0]
	var stops *fleet.Rollout
	made := int64(0) // by a saga that was to go back
	for turned := false; ; {
		pass, list, err := h.transfers(ctx, h.loop.Desired, control.OfferRequest{Kind: plan.Undo, Names: []string{agreed.Name}, Droplet: agreed.DropletID})
		if err != nil {
			return "", err
		}
		now := list[0]
		switch u := now.Undoing; {
		case now.Refused != "":
			return "", errors.New(now.Name + ": " + now.Refused)
		case u.Follows != "":
			return u.Follows, nil
		case agreed.Undoing == nil, now.DropletID != agreed.DropletID, !turned && !same(now, agreed),
			u.Successor != 0 && u.Successor != agreed.Undoing.Successor && u.Successor != made:
			return "", fmt.Errorf("%s: %w", agreed.Name, reconcile.ErrChanged)
		}
		if err := h.loop.Executor.Accept(ctx, pass, pass.Desired.Name); err != nil {
			return "", err
		}
		if stops, err = reconcile.StopRollout(ctx, h.store, pass.Recorded, now); errors.Is(err, fleet.ErrRolloutChanged) {
			continue
		} else if err != nil {
			return "", err
		}
		if now.Undoing.Aborts == "" {
			id, err := h.loop.Executor.Undo(ctx, pass, now, stops)
			if errors.Is(err, saga.ErrLive) {
				turned = true
				continue
			}
			return id, err
		}
		turned = true
		if made, err = h.turnBack(ctx, now, follow, progress); err != nil {
			return "", err
		}
	}
}

// turnBack makes the live saga of a name go back, and waits until it has ended. Made is what it has made: that still stands if the saga was
// done before, or if it found only on its way back what an unanswered create had made.
func (h undos) turnBack(ctx context.Context, t plan.Transfer, follow <-chan control.Progress, progress func(control.Progress)) (made int64, err error) {
	id := t.Undoing.Aborts
	switch err := h.engine.Abort(ctx, id); {
	case errors.Is(err, saga.ErrPivot):
		return 0, fmt.Errorf("saga %s of %s cannot go back any more: wait until it has ended (arcadiad saga show %[1]s), then undo again: %[3]w", fleet.Saga8(id), t.Name, err)
	case err != nil && !errors.Is(err, saga.ErrNotLive): // else it has ended meanwhile
		return 0, err
	}
	if _, err := h.await(ctx, follow, map[string]bool{id: true}, progress); err != nil {
		return 0, err
	}
	s, err := h.store.Saga(ctx, id)
	switch {
	case err != nil:
		return 0, err
	case s.Status.Live():
		return 0, fmt.Errorf("saga %s of %s, which goes back first, needs a person: arcadiad saga show %[1]s; then undo again", fleet.Saga8(id), t.Name)
	}
	facts, err := fleet.FactsOf(s.Labels)
	return facts.DropletID, err
}
