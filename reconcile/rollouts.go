package reconcile

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// changeRollouts writes what has become of live rollouts. What a person changed meanwhile is left to the next pass.
func changeRollouts(ctx context.Context, store Store, log *slog.Logger, changes []plan.RolloutChange) error {
	for _, c := range changes {
		err := store.ChangeRollout(ctx, c.Rollout, c.Was)
		if errors.Is(err, fleet.ErrRolloutChanged) {
			continue
		}
		if err != nil {
			return fmt.Errorf("record the rollout of %s: %w", c.Rollout.Group, err)
		}
		if c.Rollout.Phase != c.Was {
			log.Info("rollout "+string(c.Rollout.Phase), "group", c.Rollout.Group, "rollout", c.Rollout.ID, "members", len(c.Rollout.Members), "reason", c.Rollout.Reason)
		}
	}
	return nil
}

// StopRollout keeps the next plan from changing again what an undo brings back: the live rollout of its group is stopped, and where none is
// live a row of one is given that begins with the saga of the undo. Nil: there is nothing to stop, or it is stopped already. An edit of the
// group in the file lifts the stop, and so does a person.
func StopRollout(ctx context.Context, store Store, recorded fleet.Recorded, t plan.Transfer) (begins *fleet.Rollout, err error) {
	group, spec := t.Undoing.Group, t.Spec
	if group == "" {
		return nil, nil
	}
	reason := "stopped by arcadiad undo " + t.Name
	for _, r := range recorded.Rollouts {
		if r.Group != group || !r.Live() {
			continue
		}
		was, same := r.Phase, r.Spec == spec.GroupHash()
		switch {
		case same && was != fleet.RolloutRunning:
			return nil, nil
		case same:
			r.Phase, r.Reason = fleet.RolloutAborted, reason
			return nil, store.ChangeRollout(ctx, r, was)
		}
		r.Phase, r.Reason, r.EndedAt = fleet.RolloutSuperseded, "the fleet file asks for something else", time.Now().UTC()
		if err := store.ChangeRollout(ctx, r, was); err != nil {
			return nil, err
		}
	}
	row := fleet.Rollout{ID: newRolloutID(), Group: group, Spec: spec.GroupHash(), Rules: spec.RulesHash(), Phase: fleet.RolloutAborted, Reason: reason,
		BeganAt: time.Now().UTC(), Members: []fleet.RolloutMember{{Name: fleet.Key(t.Name), DropletID: t.DropletID}}}
	row.From, row.To = plan.InWords(t.Undoing.Differs)
	return &row, nil
}

// rolloutsOf are the rollouts that the actions belong to, by group. Those that begin with them get an id. None begins with second halves of
// replaces alone: those are what is left of a rollout before, and what else changes in the group may be held.
func rolloutsOf(p plan.Plan, actions []plan.Action) map[string]*fleet.Rollout {
	begins := map[string]bool{}
	for _, a := range actions {
		begins[a.Rollout] = begins[a.Rollout] || a.Kind != plan.Provision
	}
	rollouts := map[string]*fleet.Rollout{}
	for _, r := range p.Rollouts {
		row := r.Rollout
		if row.ID == "" {
			row.ID = newRolloutID()
		}
		if !row.BeganAt.IsZero() || begins[row.Group] {
			rollouts[row.Group] = &row
		}
	}
	return rollouts
}

func newRolloutID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
