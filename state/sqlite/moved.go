package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"arcadiad/state"
	"arcadiad/state/tables"
)

// Move marks the database as moved to another one, which has all of it. From then on this one is neither read nor written, and each try says
// where to look.
func (s *Store) Move(ctx context.Context, to string) error {
	return s.writer.Write(ctx, func(ctx context.Context, tx *tables.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE control SET moved_to = ?, moved_at = ?", to, tables.TimeText(time.Now()))
		return err
	})
}

// moved tells that the database was moved: state.ErrMoved.
func moved(ctx context.Context, q queryer, path string) error {
	var to, at sql.NullString
	if err := q.QueryRowContext(ctx, "SELECT moved_to, moved_at FROM control").Scan(&to, &at); err != nil || !to.Valid {
		return err
	}
	when, err := time.Parse(time.RFC3339Nano, at.String)
	if err != nil {
		return fmt.Errorf("%w: %s was copied to %s: %w", state.ErrMoved, path, to.String, err)
	}
	return fmt.Errorf("%w: %s was copied to %s at %s (use that one: $ARCADIAD_STATE or --state)", state.ErrMoved, path, to.String,
		when.UTC().Format("2006-01-02 15:04:05 MST"))
}
