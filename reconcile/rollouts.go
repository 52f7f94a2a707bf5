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

// rolloutsOf are the rollouts that the actions belong to, by group. Those that begin with them get an id, and the approval that they go by.
func rolloutsOf(p plan.Plan, actions []plan.Action) map[string]*fleet.Rollout {
	rollouts := map[string]*fleet.Rollout{}
	for _, r := range p.Rollouts {
		row := r.Rollout
		if row.ID == "" {
			row.ID = newRolloutID()
		}
		rollouts[row.Group] = &row
	}
	for _, a := range actions {
		r := rollouts[a.Rollout]
		if r == nil || !r.BeganAt.IsZero() {
			continue
		}
		for _, g := range a.Grants {
			if g.Rule == plan.HoldMaxDestroy {
				r.Approval = g.Plan
			}
		}
	}
	return rollouts
}

func newRolloutID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
