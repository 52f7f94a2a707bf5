package tables

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

const (
	provider = "digitalocean"
	kind     = "droplet"
)

// applyRow writes one row that a saga or a step handed over (see package state), committed at the time at.
func applyRow(ctx context.Context, tx *Tx, row any, at time.Time) error {
	switch row := row.(type) {
	case fleet.Droplet:
		if err := putDroplets(ctx, tx, []fleet.Droplet{row}); err != nil {
			return err
		}
		return endAbsence(ctx, tx, row.ID, row.SeenAt)
	case fleet.Record:
		return putRecord(ctx, tx, row, at)
	case fleet.Deleted:
		if row.At.IsZero() {
			return fmt.Errorf("%w: droplet %d is deleted, but not said when", state.ErrRow, row.DropletID)
		}
		if err := markDeleted(ctx, tx, row.DropletID, row.At, row.At); err != nil {
			return err
		}
		if err := dropQuarantined(ctx, tx, row.DropletID); err != nil {
			return err
		}
		return dropRecord(ctx, tx, row.DropletID)
	case fleet.Unrecorded:
		return dropRecord(ctx, tx, row.DropletID)
	case fleet.Quarantined:
		return putQuarantined(ctx, tx, row)
	case fleet.Unquarantined:
		return dropQuarantined(ctx, tx, row.DropletID)
	case fleet.Released:
		if row.At.IsZero() {
			return fmt.Errorf("%w: droplet %d is released, but not said when", state.ErrRow, row.DropletID)
		}
		return noteReleased(ctx, tx, row.DropletID, row.At)
	case fleet.Readopted:
		return noteReleased(ctx, tx, row.DropletID, time.Time{})
	case fleet.Rollout:
		return putRollout(ctx, tx, row)
	case fleet.RolloutStands:
		return checkRollout(ctx, tx, row)
	}
	return fmt.Errorf("%w: no table takes a %T", state.ErrRow, row)
}

// dropletOf is the droplet that a row is of; 0: it is of something else.
func dropletOf(row any) int64 {
	switch row := row.(type) {
	case fleet.Droplet:
		return row.ID
	case fleet.Record:
		return row.DropletID
	case fleet.Deleted:
		return row.DropletID
	case fleet.Unrecorded:
		return row.DropletID
	case fleet.Quarantined:
		return row.DropletID
	case fleet.Unquarantined:
		return row.DropletID
	case fleet.Released:
		return row.DropletID
	case fleet.Readopted:
		return row.DropletID
	}
	return 0
}

func externalID(droplet int64) string { return strconv.FormatInt(droplet, 10) }

// digestBlob is a digest as a column; NULL for none.
func digestBlob(d fleet.Digest) []byte {
	if d == (fleet.Digest{}) {
		return nil
	}
	return d[:]
}

// jsonList is a list as JSON, never null. Texts and numbers always marshal.
func jsonList[T string | int64](list []T) string {
	b, _ := json.Marshal(append([]T{}, list...))
	return string(b)
}

// dataOf is what the API said of the droplet; nil: nothing. A journal of before wrote nothing as null.
func dataOf(d fleet.Droplet) []byte {
	if string(d.Data) == "null" {
		return nil
	}
	return d.Data
}

// putDroplets writes sightings, each of another droplet.
func putDroplets(ctx context.Context, tx *Tx, droplets []fleet.Droplet) error {
	alike := map[fleet.Unread][][]any{}
	for _, d := range droplets {
		if d.ID == 0 || d.SeenAt.IsZero() {
			return fmt.Errorf("%w: droplet %d (%s) needs an id and the time when it was seen", state.ErrRow, d.ID, d.Name)
		}
		data, unread := dataOf(d), d.Unread&(fleet.UnreadAddresses|fleet.UnreadTags)
		alike[unread] = append(alike[unread], []any{
			externalID(d.ID), d.Name, d.Region, string(d.Status), nullText(d.PublicIPv4), jsonList(d.Tags), TimeText(d.SeenAt), TimeText(d.CreatedAt),
			nullText(string(data)), digestBlob(fleet.DigestOf(data)),
		})
	}
	for unread, rows := range alike {
		if err := putSightings(ctx, tx, unread, rows); err != nil {
			return err
		}
	}
	return nil
}

// putSightings writes sightings that leave the same unread.
func putSightings(ctx context.Context, tx *Tx, unread fleet.Unread, rows [][]any) error {
	columns := []string{"external_id", "name", "region", "status", "public_ip", "tags", "seen_at", "created_at", "data", "digest"}
	err := tx.forRows(ctx, `
		INSERT INTO resources (provider, kind, external_id, name, region, status, public_ip, tags, first_seen_at, data, digest)
		SELECT ?1, ?2, v.external_id, v.name, v.region, v.status, v.public_ip, v.tags, v.seen_at, v.data, v.digest FROM `+fromRows+` WHERE true
		ON CONFLICT (provider, external_id) DO UPDATE SET name = coalesce(nullif(excluded.name, ''), resources.name),
			region = coalesce(nullif(excluded.region, ''), resources.region),
			public_ip = CASE WHEN ?3 = 1 THEN resources.public_ip ELSE excluded.public_ip END,
			tags = CASE WHEN ?4 = 1 THEN resources.tags ELSE excluded.tags END,
			status = CASE WHEN resources.deleted_at >= excluded.first_seen_at THEN resources.status
				ELSE coalesce(nullif(excluded.status, ''), nullif(resources.status, 'deleted'), '') END,
			deleted_at = CASE WHEN resources.deleted_at >= excluded.first_seen_at THEN resources.deleted_at END,
			data = coalesce(excluded.data, resources.data), digest = coalesce(excluded.digest, resources.digest)
		WHERE excluded.first_seen_at >= (SELECT last_seen_at FROM sightings WHERE resource_id = resources.id)`,
		columns, rows, provider, kind, unread.Has(fleet.UnreadAddresses), unread.Has(fleet.UnreadTags))
	if err != nil {
		return err
	}
	for i, r := range rows {
		rows[i] = []any{r[0], r[6], r[7]}
	}
	return tx.forRows(ctx, `
		INSERT INTO sightings (resource_id, last_seen_at, created_at)
		SELECT r.id, v.seen_at, v.created_at FROM `+fromRows+` JOIN resources r ON r.provider = ?1 AND r.external_id = v.external_id WHERE true
		ON CONFLICT (resource_id) DO UPDATE SET created_at = coalesce(excluded.created_at, sightings.created_at),
			last_seen_at = CASE WHEN sightings.last_seen_at > excluded.last_seen_at THEN sightings.last_seen_at ELSE excluded.last_seen_at END`,
		[]string{"external_id", "seen_at", "created_at"}, rows, provider)
}

// markDeleted marks the row of a droplet that was proved gone at the time at, by a look that had begun at began. A row that was
// seen after that stays.
func markDeleted(ctx context.Context, tx *Tx, droplet int64, began, at time.Time) error {
	return tx.exec(ctx, `
		UPDATE resources SET status = ?, deleted_at = ?
		WHERE provider = ? AND external_id = ? AND deleted_at IS NULL AND (SELECT last_seen_at FROM sightings WHERE resource_id = id) <= ?`,
		string(fleet.StatusDeleted), TimeText(at), provider, externalID(droplet), TimeText(began))
}

// dropRecord drops a record, and with it what is known of the droplet's absence.
func dropRecord(ctx context.Context, tx *Tx, droplet int64) error {
	for _, table := range []string{"cloud_provisioned", "absences"} {
		if err := tx.exec(ctx, "DELETE FROM "+table+" WHERE provider = ? AND external_id = ?", provider, externalID(droplet)); err != nil {
			return err
		}
	}
	return nil
}

// putRecord writes a record, which ends a quarantine; without a time of its own it is of the time at.
func putRecord(ctx context.Context, tx *Tx, r fleet.Record, at time.Time) error {
	args, err := recordColumns(r, at)
	if err != nil {
		return err
	}
	err = tx.exec(ctx, `
		INSERT INTO cloud_provisioned (name, size_slug, region, image, image_id, spec, protect, saga_id, recorded_at, provider, external_id)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
		ON CONFLICT (provider, external_id) DO UPDATE SET name = excluded.name, size_slug = excluded.size_slug, region = excluded.region,
			image = excluded.image, image_id = excluded.image_id, spec = excluded.spec,
			protect = CASE WHEN cloud_provisioned.protect <> 0 AND ?12 = 0 THEN 1 ELSE excluded.protect END, saga_id = excluded.saga_id, recorded_at = excluded.recorded_at,
			heir = nullif(cloud_provisioned.heir, excluded.name)`,
		append(args, r.Lifts)...)
	if err != nil {
		return err
	}
	if err := dropQuarantined(ctx, tx, r.DropletID); err != nil {
		return err
	}
	return noteRegistered(ctx, tx, r.DropletID, cmp.Or(r.RecordedAt, at))
}

// renewRecord writes a record again, where there is still an older one. It lifts no protection.
func renewRecord(ctx context.Context, tx *Tx, r fleet.Record, at time.Time) error {
	args, err := recordColumns(r, at)
	if err != nil {
		return err
	}
	return tx.exec(ctx, `
		UPDATE cloud_provisioned SET name = ?1, size_slug = ?2, region = ?3, image = ?4, image_id = ?5, spec = ?6,
			protect = CASE WHEN protect <> 0 THEN 1 ELSE ?7 END, saga_id = ?8, recorded_at = ?9, heir = nullif(heir, ?1)
		WHERE provider = ?10 AND external_id = ?11 AND recorded_at <= ?9`, args...)
}

func recordColumns(r fleet.Record, at time.Time) ([]any, error) {
	if r.DropletID == 0 {
		return nil, fmt.Errorf("%w: the record of %s has no droplet id", state.ErrRow, r.Name)
	}
	spec, err := state.EncodeSpec(r)
	if err != nil {
		return nil, err
	}
	column := func(field string) any {
		if v, ok := r.Values[field]; ok {
			return v
		}
		return nil
	}
	return []any{
		r.Name, column(state.FieldSize), column(state.FieldRegion), column(state.FieldImage), orNull(r.ImageID), spec, r.Protect, nullText(r.SagaID),
		TimeText(cmp.Or(r.RecordedAt, at, time.Now())), provider, externalID(r.DropletID),
	}, nil
}

// timeLayout is RFC 3339 in UTC with all nine digits of the second, so that times of equal length compare as text and come back
// exactly as they were.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// TimeText writes a time; the zero time is NULL.
func TimeText(t time.Time) sql.NullString {
	if t.IsZero() {
		return sql.NullString{}
	}
	return sql.NullString{String: t.UTC().Format(timeLayout), Valid: true}
}

// parseTime reads what TimeText wrote.
func parseTime(s sql.NullString) (time.Time, error) {
	if !s.Valid {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s.String)
	return t.UTC(), err
}

// when is a time to scan a column into.
type when struct{ into *time.Time }

func (w when) Scan(column any) error {
	var s sql.NullString
	if err := s.Scan(column); err != nil {
		return err
	}
	var err error
	*w.into, err = parseTime(s)
	return err
}

func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func orNull[N int | int64](n N) sql.Null[N] { return sql.Null[N]{V: n, Valid: n != 0} }
