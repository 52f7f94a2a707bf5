package postgres

import (
	"context"
	"fmt"
	"time"

	"arcadiad/state/sqlite"
	"arcadiad/state/tables"
)

// copyLimit bounds the one transaction that writes a whole state.
const copyLimit = 15 * time.Minute

// CopyFrom copies all that is in a state file into the new database that the URL names, and then marks the file as moved. It tells what was
// copied. Before it commits it reads everything back, and compares the count of rows and a hash of each table. state.ErrUsed: the database has
// something in it. Until the file is marked, the database counts as a backup: whoever opens it looks before it sends anything (law 16).
func CopyFrom(ctx context.Context, file *sqlite.Store, url string) (contents []tables.Content, err error) {
	s, err := Open(ctx, url, Options{Lease: copyLimit, limit: copyLimit})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	err = file.Snapshot(ctx, func(ctx context.Context, from *tables.Tx) error {
		return s.writer.Write(ctx, func(ctx context.Context, into *tables.Tx) error {
			if contents, err = tables.Copy(ctx, from, into); err != nil {
				return err
			}
			got, err := tables.Contents(ctx, into)
			if err != nil {
				return err
			}
			if err := tables.Differ(contents, got); err != nil {
				return err
			}
			if err := advance(ctx, into); err != nil {
				return err
			}
			_, err = into.ExecContext(ctx, "UPDATE control SET copied_at = ?", tables.TimeText(time.Now()))
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("copy the state to %s: %w", s.name, err)
	}
	if err := file.Move(ctx, s.name); err != nil {
		return nil, fmt.Errorf("the state was copied to %s, but the file could not be marked as moved (do not use both: drop that database, and copy again): %w",
			s.name, err)
	}
	return contents, s.writer.Write(ctx, func(ctx context.Context, tx *tables.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE control SET copied_at = NULL")
		return err
	})
}

// advance has the ids that the database gives follow those that were copied.
func advance(ctx context.Context, tx *tables.Tx) error {
	for _, table := range []string{"resources", "grants"} {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(
			"SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), coalesce((SELECT max(id) FROM %[1]s), 0) + 1, false)", table))
		if err != nil {
			return err
		}
	}
	return nil
}

// Backup writes all that is in the database to a SQLite file, which arcadiad reads as any other state, and which it takes for a backup. The
// servers' own backups do as well.
func (r *Reader) Backup(ctx context.Context, path string) error {
	return r.view(ctx, func(ctx context.Context, from *tables.Tx) error {
		return sqlite.Fill(ctx, path, func(ctx context.Context, into *tables.Tx) error {
			contents, err := tables.Copy(ctx, from, into)
			if err != nil {
				return err
			}
			got, err := tables.Contents(ctx, into)
			if err != nil {
				return err
			}
			return tables.Differ(contents, got)
		})
	})
}
