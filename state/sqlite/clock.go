package sqlite

import (
	"context"
	"database/sql"
	"log/slog"
	"time"
)

// pullToNow brings times that lie in the future down to now. A clock that went back leaves them behind; as long as they stayed, no
// sighting would count as newer, and a droplet that is gone could not be proved gone.
func pullToNow(ctx context.Context, conn *sql.Conn, now time.Time, log *slog.Logger) error {
	moved := int64(0)
	// Those of sagas are not among them: the engine bounds its own waits.
	for _, update := range []string{
		`UPDATE resources SET first_seen_at = min(first_seen_at, ?1), deleted_at = min(deleted_at, ?1)
			WHERE first_seen_at > ?1 OR deleted_at > ?1`,
		"UPDATE sightings SET last_seen_at = ?1 WHERE last_seen_at > ?1",
		"UPDATE cloud_provisioned SET recorded_at = ?1 WHERE recorded_at > ?1",
		"UPDATE deviations SET since = ?1 WHERE since > ?1",
		"UPDATE approvals SET approved_at = ?1 WHERE approved_at > ?1",
		"UPDATE grants SET approved_at = ?1 WHERE approved_at > ?1",
		"UPDATE absences SET since = min(since, ?1), last_at = min(last_at, ?1) WHERE since > ?1 OR last_at > ?1",
		"UPDATE rollouts SET began_at = min(began_at, ?1), lifted_at = min(lifted_at, ?1) WHERE began_at > ?1 OR lifted_at > ?1",
		"UPDATE control SET last_sync_at = ?1 WHERE last_sync_at > ?1",
	} {
		done, err := conn.ExecContext(ctx, update, timeText(now))
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		moved += n
	}
	if moved > 0 {
		log.Warn("the state database held times of the future: the clock went back, and they count as now", "rows", moved)
	}
	return nil
}
