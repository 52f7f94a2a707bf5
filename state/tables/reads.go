package tables

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

func (r *Reads) Load(ctx context.Context) (fleet.Recorded, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) (out fleet.Recorded, err error) {
		m, err := readMeta(ctx, tx)
		if err != nil {
			return out, err
		}
		out = fleet.Recorded{Account: m.Account, Simulated: m.Simulated, Fleet: m.Fleet, Paused: !m.PausedAt.IsZero(), FirstLook: m.FirstLook}
		for _, a := range m.Approvals {
			switch {
			case !a.UsedAt.IsZero():
			case time.Since(a.ApprovedAt) < fleet.GrantLasts:
				out.Approved = append(out.Approved, a.PlanID)
			default:
				out.Lapsed = append(out.Lapsed, a.PlanID)
			}
		}
		if out.Grants, err = readGrants(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Records, err = readRecords(ctx, tx, ""); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Deviations, err = readDeviations(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Known, out.Ended, err = readKnown(ctx, tx, time.Now().Add(-endedFor)); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Absences, err = readAbsences(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Registrations, err = readRegistrations(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Rollouts, err = readRollouts(ctx, tx, "WHERE ended_at IS NULL"); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Quarantine, err = readQuarantine(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		if out.Sagas, err = readFacts(ctx, tx); err != nil {
			return fleet.Recorded{}, err
		}
		return out, readEnded(ctx, tx, out.Sagas)
	})
}

func (r *Reads) Records(ctx context.Context) ([]fleet.Record, error) {
	records, err := view(ctx, r, func(ctx context.Context, tx *Tx) ([]fleet.Record, error) { return readRecords(ctx, tx, "") })
	if err != nil {
		return nil, fmt.Errorf("read the records: %w", err)
	}
	return records, nil
}

func (r *Reads) RecordOf(ctx context.Context, dropletID int64) (*fleet.Record, error) {
	records, err := view(ctx, r, func(ctx context.Context, tx *Tx) ([]fleet.Record, error) {
		return readRecords(ctx, tx, "WHERE provider = ? AND external_id = ?", provider, externalID(dropletID))
	})
	if err != nil {
		return nil, fmt.Errorf("read the record of droplet %d: %w", dropletID, err)
	}
	if len(records) == 0 {
		return nil, nil
	}
	return &records[0], nil
}

// each runs a query and has scan called for every row.
func each(ctx context.Context, tx *Tx, query string, scan func(*sql.Rows) error, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list gives what a query finds, a T for every row, whose columns go where into says.
func list[T any](ctx context.Context, tx *Tx, query string, into func(*T) []any, args ...any) (found []T, err error) {
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var x T
		err := rows.Scan(into(&x)...)
		found = append(found, x)
		return err
	}, args...)
	return found, err
}

// view gives what read finds in one snapshot of the database.
func view[T any](ctx context.Context, r *Reads, read func(context.Context, *Tx) (T, error)) (found T, err error) {
	err = r.view(ctx, func(ctx context.Context, tx *Tx) (err error) {
		found, err = read(ctx, tx)
		return err
	})
	return found, err
}

func readRecords(ctx context.Context, tx *Tx, where string, args ...any) (records []fleet.Record, err error) {
	query := `
		SELECT external_id, name, size_slug, region, image, coalesce(image_id, 0), spec, protect, coalesce(saga_id, ''), recorded_at,
			coalesce(heir, '')
		FROM cloud_provisioned ` + where
	alike := map[sentColumns]sent{} // the droplets of a group were sent the same
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var (
			r       fleet.Record
			columns sentColumns
		)
		err := rows.Scan(&r.DropletID, &r.Name, &columns.size, &columns.region, &columns.image, &r.ImageID, &columns.spec, &r.Protect, &r.SagaID,
			when{&r.RecordedAt}, &r.Heir)
		if err != nil {
			return err
		}
		was, known := alike[columns]
		if !known {
			// What was sent decides about replacing: a record that cannot be read is no reason to guess.
			if was, err = columns.decode(); err != nil {
				return fmt.Errorf("%w: the recorded spec of droplet %d (%s): %w (restore a backup, or delete that row: the droplet is adopted again)",
					state.ErrCorrupt, r.DropletID, r.Name, err)
			}
			alike[columns] = was
		}
		r.Values, r.Assumed = was.values, was.assumed
		records = append(records, r)
		return nil
	}, args...)
	// SQLite would carry all columns through its sorter.
	slices.SortFunc(records, func(a, b fleet.Record) int { return cmp.Compare(a.DropletID, b.DropletID) })
	return records, err
}

// sentColumns are the columns of cloud_provisioned that say what was sent.
type sentColumns struct {
	size, region, image sql.NullString
	spec                string
}

// sent is what they say.
type sent struct {
	values  fleet.Values
	assumed []string
}

func (c sentColumns) decode() (s sent, err error) {
	if s.values, s.assumed, err = state.DecodeSpec(c.spec); err != nil {
		return s, err
	}
	for field, column := range map[string]sql.NullString{state.FieldSize: c.size, state.FieldRegion: c.region, state.FieldImage: c.image} {
		if column.Valid {
			s.values[field] = column.String
		}
	}
	return s, nil
}

// endedFor is how long a droplet that ended may still be in a listing.
const endedFor = 24 * time.Hour

// readKnown gives the droplets that are not marked deleted, and the ids of those that were marked since that time.
func readKnown(ctx context.Context, tx *Tx, since time.Time) (known []fleet.Known, ended []int64, err error) {
	const query = `
		SELECT external_id, name, first_seen_at, last_seen_at, created_at, digest, deleted_at IS NOT NULL
		FROM resources JOIN sightings ON resource_id = id
		WHERE provider = ? AND kind = ? AND (deleted_at IS NULL OR deleted_at > ?)`
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var k fleet.Known
		var digest sql.RawBytes
		var deleted bool
		if err := rows.Scan(&k.DropletID, &k.Name, when{&k.FirstSeenAt}, when{&k.LastSeenAt}, when{&k.CreatedAt}, &digest, &deleted); err != nil {
			return err
		}
		if deleted {
			ended = append(ended, k.DropletID)
			return nil
		}
		copy(k.Digest[:], digest)
		known = append(known, k)
		return nil
	}, provider, kind, TimeText(since))
	slices.SortFunc(known, func(a, b fleet.Known) int { return cmp.Compare(a.DropletID, b.DropletID) })
	slices.Sort(ended)
	return known, ended, err
}

// readFacts gives what a plan needs to know of every saga. It reads neither context nor history: there may be years of them.
func readFacts(ctx context.Context, tx *Tx) (facts []fleet.Saga, err error) {
	const query = "SELECT id, kind, subject, subject_key, status, step, labels, error, created_at, ended_at FROM sagas ORDER BY rowid"
	labels := map[string]string{}
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var f fleet.Saga
		var key, text string
		var created, ended sql.NullString
		if err := rows.Scan(&f.ID, &f.Kind, &f.Name, &key, &f.Status, &f.Step, &text, &f.Error, &created, &ended); err != nil {
			return err
		}
		f.Live = saga.Status(f.Status).Live()
		clear(labels)
		if err := describe(&f, text, labels, created, ended); err != nil {
			f.Error = "the row cannot be read: " + err.Error()
			if f.Live {
				f.Status = string(saga.Stuck)
			}
		}
		facts = append(facts, f)
		if fleet.Key(f.Name) != key && f.Live {
			// One of the two columns is spoilt, and nobody can tell which: the saga may work for either name, so both are taken.
			f.Name = key
			facts = append(facts, f)
		}
		return nil
	})
	slices.SortStableFunc(facts, func(a, b fleet.Saga) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return facts, err
}

// describe fills in what the labels and times of a saga say, as far as they can be read. It decodes the labels into the empty map.
func describe(f *fleet.Saga, text string, labels map[string]string, created, ended sql.NullString) error {
	if err := decodeTime("created_at", created, &f.CreatedAt); err != nil {
		return err
	}
	if err := decodeTime("ended_at", ended, &f.EndedAt); err != nil {
		return err
	}
	if err := decode("labels", text, &labels); err != nil {
		return err
	}
	return f.Read(labels)
}

func (r *Reads) Sagas(ctx context.Context, f saga.Filter) ([]saga.Saga, error) {
	where, args := "WHERE true", []any{}
	if f.Live {
		where += " AND " + isLive
	}
	if f.Subject != "" {
		where, args = where+" AND subject_key = ?", append(args, fleet.Key(f.Subject))
	}
	if f.Limit > 0 {
		where = "WHERE rowid IN (SELECT rowid FROM sagas " + where + " ORDER BY created_at DESC, rowid DESC LIMIT ?)"
		args = append(args, f.Limit)
	}
	return view(ctx, r, func(ctx context.Context, tx *Tx) ([]saga.Saga, error) {
		return querySagas(ctx, tx, where+" ORDER BY created_at, rowid", args...)
	})
}

func (r *Reads) Saga(ctx context.Context, id string) (saga.Saga, error) {
	id = strings.ToLower(id)
	if strings.Trim(id, "0123456789abcdef") != "" || id == "" {
		return saga.Saga{}, fmt.Errorf("%w: %q is not a saga's id, which is hex digits (arcadiad saga list shows them)", state.ErrNoSaga, id)
	}
	where, args := "WHERE lower(id) LIKE ? ", []any{id + "%"}
	if len(id) >= 8 { // in the words of the index sagas_id8
		where, args = where+"AND lower(substr(id, 1, 8)) = ? ", append(args, fleet.Saga8(id))
	}
	found, err := view(ctx, r, func(ctx context.Context, tx *Tx) ([]saga.Saga, error) {
		return querySagas(ctx, tx, where+"ORDER BY created_at, rowid", args...)
	})
	switch {
	case err != nil:
		return saga.Saga{}, err
	case len(found) == 0:
		return saga.Saga{}, fmt.Errorf("%w: %s (arcadiad saga list shows them)", state.ErrNoSaga, id)
	case len(found) > 1:
		return saga.Saga{}, fmt.Errorf("%w: %d have an id that begins with %s (give more digits: %s, %s …)", state.ErrAmbiguous, len(found), id,
			fleet.Saga8(found[0].ID), fleet.Saga8(found[1].ID))
	}
	return found[0], nil
}

func (r *Reads) Meta(ctx context.Context) (fleet.Meta, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) (fleet.Meta, error) {
		m, err := readMeta(ctx, tx)
		if err == nil {
			m.Path = r.path
			m.Schema, err = r.schema(ctx, tx)
		}
		return m, err
	})
}

func readMeta(ctx context.Context, tx *Tx) (m fleet.Meta, err error) {
	const control = "SELECT coalesce(account, ''), simulated, coalesce(fleet, ''), paused_at, coalesce(paused_by, ''), coalesce(paused_because, ''), " +
		"last_sync_at, coalesce(first_look_id, 0) FROM control"
	err = tx.QueryRowContext(ctx, control).
		Scan(&m.Account, &m.Simulated, &m.Fleet, when{&m.PausedAt}, &m.PausedBy.Name, &m.PausedBy.Reason, when{&m.LastSync}, &m.FirstLook)
	if err != nil {
		return fleet.Meta{}, err
	}
	const approvals = "SELECT plan_id, approved_at, used_at, coalesce(approved_by, ''), coalesce(approved_because, '') FROM approvals ORDER BY approved_at, rowid"
	m.Approvals, err = list(ctx, tx, approvals, func(a *fleet.Approval) []any {
		return []any{&a.PlanID, when{&a.ApprovedAt}, when{&a.UsedAt}, &a.By.Name, &a.By.Reason}
	})
	return m, err
}
