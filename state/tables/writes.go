package tables

import (
	"context"
	"time"

	"arcadiad/state"
)

// Writes writes what a store keeps: with Reads it is a state.Store, but for Backup, Check and Close, and a reconcile.Store.
type Writes struct {
	reads       *Reads
	write       func(ctx context.Context, do func(context.Context, *Tx) error) error
	writeBeside func(ctx context.Context, touches []string, do func(context.Context, *Tx) error) error
	calls       state.Calls
}

// NewWrites writes to the database of r through w.
func NewWrites(r *Reads, w *Writer) *Writes {
	return &Writes{reads: r, write: w.Write, writeBeside: w.WriteBeside}
}

// Settle is done whenever a store is opened for writing, in a transaction of its own. Times that lie in the future become now, and it tells
// how many rows had some. The live sagas of a backup learn that it is one.
func Settle(ctx context.Context, tx *Tx, now time.Time) (moved int64, err error) {
	if moved, err = pullToNow(ctx, tx, now); err != nil {
		return 0, err
	}
	return moved, settleCopy(ctx, tx)
}

// pullToNow brings times that lie in the future down to now. A clock that went back leaves them behind; as long as they stayed, no
// sighting would count as newer, and a droplet that is gone could not be proved gone.
func pullToNow(ctx context.Context, tx *Tx, now time.Time) (moved int64, err error) {
	// Those of sagas are not among them: the engine bounds its own waits.
	for _, update := range []string{
		`UPDATE resources SET first_seen_at = CASE WHEN first_seen_at > ?1 THEN ?1 ELSE first_seen_at END,
			deleted_at = CASE WHEN deleted_at > ?1 THEN ?1 ELSE deleted_at END
			WHERE first_seen_at > ?1 OR deleted_at > ?1`,
		"UPDATE sightings SET last_seen_at = ?1 WHERE last_seen_at > ?1",
		"UPDATE cloud_provisioned SET recorded_at = ?1 WHERE recorded_at > ?1",
		"UPDATE deviations SET since = ?1 WHERE since > ?1",
		"UPDATE approvals SET approved_at = ?1 WHERE approved_at > ?1",
		"UPDATE grants SET approved_at = ?1 WHERE approved_at > ?1",
		`UPDATE absences SET since = CASE WHEN since > ?1 THEN ?1 ELSE since END, last_at = CASE WHEN last_at > ?1 THEN ?1 ELSE last_at END
			WHERE since > ?1 OR last_at > ?1`,
		`UPDATE rollouts SET began_at = CASE WHEN began_at > ?1 THEN ?1 ELSE began_at END,
			lifted_at = CASE WHEN lifted_at > ?1 THEN ?1 ELSE lifted_at END
			WHERE began_at > ?1 OR lifted_at > ?1`,
		"UPDATE quarantine SET taken_at = ?1 WHERE taken_at > ?1", // until stays: rather too long than too short
		"UPDATE control SET last_sync_at = ?1 WHERE last_sync_at > ?1",
	} {
		n, err := tx.change(ctx, update, TimeText(now))
		if err != nil {
			return 0, err
		}
		moved += n
	}
	return moved, nil
}
