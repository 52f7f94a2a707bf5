package postgres

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
const Schema = 1

// migrate brings the database to this binary's schema. Migrations only go forward. Two that start at the same moment are in each other's
// way: one of them fails, and finds the work done when it looks again.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		if at, again := p.GetDBVersion(ctx); again == nil && at == Schema {
			return nil
		}
		return fmt.Errorf("bring the schema to version %d: %w", Schema, err)
	}
	return nil
}

// queryer is a database or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// schemaVersion reads the version without writing. state.ErrNone: the database has no tables at all yet. state.ErrForeign: it has others.
func schemaVersion(ctx context.Context, q queryer, name string) (int64, error) {
	var tables int64
	var versions, ours bool
	const look = `SELECT count(*), to_regclass('goose_db_version') IS NOT NULL, to_regclass('cloud_provisioned') IS NOT NULL
		FROM pg_catalog.pg_tables WHERE schemaname = current_schema()`
	if err := q.QueryRowContext(ctx, look).Scan(&tables, &versions, &ours); err != nil {
		return 0, err
	}
	switch {
	case tables == 0, tables == 1 && versions: // just being made
		return 0, fmt.Errorf("%w: %s is empty", state.ErrNone, name)
	case !versions || !ours:
		return 0, fmt.Errorf("%w: %s has tables of another program (give arcadiad a database of its own)", state.ErrForeign, name)
	}
	var at int64
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&at)
	return at, err
}

func newer(name string, at int64) error {
	return fmt.Errorf("%w: %s has schema %d, this arcadiad knows %d (install the newer one again, or restore the backup from before it)",
		state.ErrNewer, name, at, Schema)
}

func older(name string, at int64) error {
	return fmt.Errorf("%w: %s has schema %d, this one reads %d (start the new arcadiad run once, which brings it up to date)",
		state.ErrOlder, name, at, Schema)
}
