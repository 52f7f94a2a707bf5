package reconcile

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

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
