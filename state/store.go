package state

import (
	"context"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Reader reads what a store keeps, and has no way to write. Each method reads one snapshot.
type Reader interface {
	// Load gives all that a plan needs.
	Load(ctx context.Context) (fleet.Recorded, error)
	// Meta gives what the store says of itself.
	Meta(ctx context.Context) (fleet.Meta, error)
	// Resources gives every droplet that was ever seen, deleted ones too, by id.
	Resources(ctx context.Context) ([]fleet.Resource, error)
	// Deviations gives what the last pass saw of registered droplets that was not as recorded, by droplet and field.
	Deviations(ctx context.Context) ([]fleet.Drift, error)
	// Sagas gives the sagas that pass the filter, oldest first, with their history and without their secrets.
	Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error)
	// Saga finds a saga by its id, or by the first digits of it: eight are always enough. It comes without its secret. ErrNoSaga,
	// ErrAmbiguous.
	Saga(ctx context.Context, id string) (saga.Saga, error)
	// Calls gives the requests that were made for a saga, oldest first. Of a long list the middle is missing.
	Calls(ctx context.Context, sagaID string) ([]fleet.Call, error)
	// Rollouts gives all rollouts that are kept, ended ones too, oldest first.
	Rollouts(ctx context.Context) ([]fleet.Rollout, error)
	// Sound looks for damage. ErrCorrupt.
	Sound(ctx context.Context) error
}

// Store is what a daemon needs of a store beside that which the passes need (reconcile.Store).
type Store interface {
	Reader
	saga.Journal
	// Records gives the records of all droplets that have one, by id.
	Records(ctx context.Context) ([]fleet.Record, error)
	// RecordOf gives the record of one droplet; nil: it has none.
	RecordOf(ctx context.Context, dropletID int64) (*fleet.Record, error)
	// Note keeps a call of the API for each of the sagas. It is written with the saga's next commit, and so costs no write of its own.
	Note(sagas []string, c fleet.Call)
	// Approve keeps the id of a plan that a person approved without a daemon. The next pass turns it into grants, if its plan is that one.
	Approve(ctx context.Context, planID string) error
	// Pause keeps for good that all writes to the cloud are stopped, or may go on.
	Pause(ctx context.Context, paused bool) error
	// Retain removes what is over for longer than it is to be kept, but for sagas that something may still ask for (see Expired).
	Retain(ctx context.Context, keep Retention) (Removed, error)
	// Backup writes a copy to the file at path: whole, and as of one moment. ErrExists: there is something at path.
	Backup(ctx context.Context, path string) error
	// Close gives back what the store holds.
	Close() error
}
