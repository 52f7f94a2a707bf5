package reconcile

import (
	"context"

	"arcadiad/fleet"
)

// Store is what a pass remembers by.
type Store interface {
	// Load gives all that is recorded, in one read transaction.
	Load(ctx context.Context) (fleet.Recorded, error)
	// Save keeps an observation: what was seen, what is absent, and what was proved gone. Records of droplets that are gone stay.
	Save(ctx context.Context, o fleet.Observed) error
	// Forget drops the records of droplets that are proved gone.
	Forget(ctx context.Context, droplets []int64) error
	// Record writes records again without a saga; never one whose droplet is gone.
	Record(ctx context.Context, records []fleet.Record) error
	// Notice makes what is remembered of deviations equal to the list. One that is known already, with the same value, keeps its
	// beginning; those of droplets without a record are left out.
	Notice(ctx context.Context, list []fleet.Deviation) error
	// Pin binds the store to an account and a fleet at first use; a mismatch later is an error. An empty fleet name pins nothing.
	Pin(ctx context.Context, account fleet.Account, fleetName string) error
	// Grant keeps what a person approved of a plan, and gives it with its ids. It uses up the approval of the whole plan, if there is one.
	Grant(ctx context.Context, planID string, grants []fleet.Grant) ([]fleet.Grant, error)
	// Withdraw takes back approvals that were not used yet, by their ids.
	Withdraw(ctx context.Context, grants []int64) error
	// Lapse drops the approvals of whole plans that were not turned into grants, but for that of the plan to keep, and gives the ids of
	// the plans.
	Lapse(ctx context.Context, keepPlan string) (lapsed []string, err error)
	// Inherit keeps which name the fleet file in force gives to droplets that are recorded under another one.
	Inherit(ctx context.Context, heirs map[int64]string) error
	// ChangeRollout replaces the phase, the reason, the rules, the approval and the times of the rollout with r's id, if it is live and in the
	// phase that it was in when it was read; else fleet.ErrRolloutChanged. A new rollout is a row of the sagas of its first batch.
	ChangeRollout(ctx context.Context, r fleet.Rollout, was fleet.RolloutPhase) error
	// SetLabel keeps a label of a saga that has ended.
	SetLabel(ctx context.Context, sagaID, label, value string) error
	// Check says whether the store is still the one that was opened, and still ours to write to.
	Check(ctx context.Context) error
}
