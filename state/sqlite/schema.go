package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"arcadiad/state"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is the newest version of the schema that this binary knows: the number of the last migration.
const Schema = 11

// migrate brings the database to this binary's schema. Migrations only go forward. Each file is one statement to goose, which
// otherwise looks for semicolons with a buffer of 4 MiB a line: five times the work for a new database under the race detector.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema to version %d: %w", Schema, err)
	}
	return nil
}

// queryer is a database or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion reads the version without writing. state.ErrNone: the file has no tables at all yet. state.ErrForeign: it has other tables.
func schemaVersion(ctx context.Context, q queryer, path string) (int64, error) {
	var tables, ours int64
	const count = "SELECT count(*), count(*) FILTER (WHERE name = 'goose_db_version') FROM sqlite_schema WHERE type = 'table'"
	if err := q.QueryRowContext(ctx, count).Scan(&tables, &ours); err != nil {
		return 0, err
	}
	switch {
	case tables == 0:
		return 0, fmt.Errorf("%w: %s is empty", state.ErrNone, path)
	case ours == 0:
		return 0, fmt.Errorf("%w: %s is a SQLite database of another program (check --state)", state.ErrForeign, path)
	}
	var at int64
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&at)
	return at, err
}

func newer(path string, at int64) error {
	return fmt.Errorf("%w: %s has schema %d, this arcadiad knows %d (install the newer one again, or restore the backup from before it)",
		state.ErrNewer, path, at, Schema)
}
