package tables

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"arcadiad/state"
)

// table is one that a copy takes, whole.
type table struct {
	name, columns string
	order         string // in which its rows are written, and compared
}

// everything are all tables, those that others refer to first. What only the database itself is told of (control.copied_at) stays behind.
func everything() []table {
	return []table{
		{"control", "id, account, simulated, fleet, paused_at, paused_by, paused_because, last_sync_at, first_look_id", "id"},
		{"resources", "id, provider, kind, external_id, name, region, status, public_ip, tags, first_seen_at, deleted_at, digest, data", "id"},
		{"sightings", "resource_id, last_seen_at, created_at", "resource_id"},
		{"cloud_provisioned", "provider, external_id, name, size_slug, region, image, image_id, spec, protect, saga_id, recorded_at, heir", "provider, external_id"},
		{"deviations", "provider, external_id, field, seen, since, done_by, asked", "provider, external_id, field"},
		{"absences", "provider, external_id, since, last_at, looks, witnessed, process, interrupted, gone_at", "provider, external_id"},
		{"registrations", "provider, external_id, registered_at, released_at", "provider, external_id"},
		{"quarantine", "provider, external_id, name, record, tags, reserved_ip, saga_id, taken_at, until", "provider, external_id"},
		{"approvals", "plan_id, approved_at, used_at, approved_by, approved_because", "rowid"},
		{"grants", "id, plan_id, kind, name, droplet, spec, rule, facts, approved_at, used_at, approved_by, approved_because", "id"},
		{"rollouts", "id, group_key, from_what, to_what, spec, rules, members, approval, phase, reason, began_at, lifted_at, ended_at", "rowid"},
		{"sagas", "id, kind, subject, subject_key, status, step, step_index, steps, reverse, superseded, begun, attempts, not_before, error, " +
			"labels, context, created_at, updated_at, ended_at", "rowid"},
		{"saga_steps", "saga_id, position, name, status, attempts, error, started_at, ended_at", "saga_id, position"},
		{secrets, "saga_id, secret", "saga_id"},
		{"saga_calls", "saga_id, position, method, path, status, request_id, error, began_at, took_us, times, last_at", "saga_id, position"},
	}
}

const secrets = "saga_secrets"

// Columns are those that a copy takes, with their tables' names before them.
func Columns() (columns []string) {
	for _, t := range everything() {
		for c := range strings.SplitSeq(t.columns, ", ") {
			columns = append(columns, t.name+"."+c)
		}
	}
	return columns
}

// Content is what a table has: how many rows, and a hash of all that is in them.
type Content struct {
	Table string
	Rows  int
	Hash  [sha256.Size]byte
}

// copyChunk is how many rows are written by one statement.
const copyChunk = 50

// Copy writes all that is in one database into another, which must be new, and tells what it has read.
func Copy(ctx context.Context, from, into *Tx) (contents []Content, err error) {
	if err := unused(ctx, into); err != nil {
		return nil, err
	}
	if err := into.exec(ctx, "DELETE FROM control"); err != nil {
		return nil, err
	}
	for _, t := range everything() {
		var rows []any // the values of all of them
		flush := func() error {
			err := t.insert(ctx, into, rows)
			rows = nil
			return err
		}
		width := strings.Count(t.columns, ",") + 1
		c, err := t.read(ctx, from, into.dialect, func(row []any) error {
			if rows = append(rows, row...); len(rows) < copyChunk*width {
				return nil
			}
			return flush()
		})
		if err == nil {
			err = flush()
		}
		if err != nil {
			return nil, fmt.Errorf("copy the table %s: %w", t.name, err)
		}
		contents = append(contents, c)
	}
	return contents, nil
}

// Contents tells what the tables have.
func Contents(ctx context.Context, tx *Tx) (contents []Content, err error) {
	for _, t := range everything() {
		c, err := t.read(ctx, tx, tx.dialect, func([]any) error { return nil })
		if err != nil {
			return nil, fmt.Errorf("read the table %s: %w", t.name, err)
		}
		contents = append(contents, c)
	}
	return contents, nil
}

// Differ tells which tables of two databases are not the same; nil: all are.
func Differ(want, got []Content) error {
	var errs []error
	for i, w := range want {
		if i >= len(got) || got[i] != w {
			errs = append(errs, fmt.Errorf("the table %s is not the same in the copy", w.Table))
		}
	}
	return errors.Join(errs...)
}

// unused: a copy goes into a database in which nothing was kept yet.
func unused(ctx context.Context, tx *Tx) error {
	var query strings.Builder
	query.WriteString("SELECT (SELECT count(*) FROM control WHERE account IS NOT NULL OR paused_at IS NOT NULL)")
	for _, t := range everything()[1:] {
		query.WriteString(" + (SELECT count(*) FROM " + t.name + ")")
	}
	var rows int
	if err := tx.QueryRowContext(ctx, query.String()).Scan(&rows); err != nil {
		return err
	}
	if rows > 0 {
		return fmt.Errorf("%w: %d rows (a copy goes into a new one: CREATE DATABASE)", state.ErrUsed, rows)
	}
	return nil
}

// read gives the rows in their order, as the database they go to wants their values.
func (t table) read(ctx context.Context, tx *Tx, target *Dialect, take func(row []any) error) (Content, error) {
	width := strings.Count(t.columns, ",") + 1
	sum, n := sha256.New(), 0
	err := each(ctx, tx, "SELECT "+t.columns+" FROM "+t.name+" ORDER BY "+t.order, func(rows *sql.Rows) error {
		row, into := make([]any, width), make([]any, width)
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range row {
			if target.Value != nil {
				row[i] = target.Value(row[i])
			}
			if err := add(sum, row[i]); err != nil {
				return err
			}
		}
		n++
		return take(row)
	})
	return Content{t.name, n, [sha256.Size]byte(sum.Sum(nil))}, err
}

// add hashes a value so that no two rows are alike that are not.
func add(sum hash.Hash, v any) error {
	var kind byte
	var content []byte
	switch v := v.(type) {
	case nil:
	case int64:
		kind, content = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
	case string:
		kind, content = 's', []byte(v)
	case []byte:
		kind, content = 'b', v
	default:
		return fmt.Errorf("a value is a %T", v)
	}
	sum.Write(binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(content))))
	sum.Write(content)
	return nil
}

// insert writes rows, whose values follow each other.
func (t table) insert(ctx context.Context, tx *Tx, values []any) error {
	if len(values) == 0 {
		return nil
	}
	columns, width := t.columns, strings.Count(t.columns, ",")+1
	row := "(" + strings.Repeat("?, ", width-1) + "?)"
	n := len(values) / width
	if t.name == secrets { // what goes before a secret is each database's own
		columns, row = columns+", padding", strings.TrimSuffix(row, ")")+", ?)"
		padded := make([]any, 0, len(values)+n)
		for secret := range slices.Chunk(values, width) {
			padded = append(append(padded, secret...), make([]byte, tx.dialect.SecretPadding))
		}
		values = padded
	}
	return tx.exec(ctx, "INSERT INTO "+t.name+" ("+columns+") VALUES "+strings.Repeat(row+", ", n-1)+row, values...)
}
