package tables

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

// saveChunk is how many droplets share a transaction in Save, so that the commits of sagas do not wait for a whole large account.
const saveChunk = 2000

// Save writes an observation: a sighting of every droplet in it, what is known of absent ones, and the mark of those proved gone, unless
// they were seen after the look began. Their records stay until somebody drops them. A droplet that is merely missing is left as it is
// (law 6). Every row is a fact of its own: when Save fails, those written before stay.
func (s *Writes) Save(ctx context.Context, o fleet.Observed) error {
	if o.BeganAt.IsZero() {
		return fmt.Errorf("save the observation: %w: it does not say when it began", state.ErrRow)
	}
	for chunk := range slices.Chunk(o.Droplets, saveChunk) {
		err := s.write(ctx, func(ctx context.Context, tx *Tx) error {
			same, err := unchanged(ctx, tx, chunk)
			if err != nil {
				return err
			}
			again := map[string][]int64{} // rows of droplets that look as they did, by when they were seen
			var other []fleet.Droplet
			for i, d := range chunk {
				d.SeenAt = cmp.Or(d.SeenAt, o.BeganAt)
				if row := same[i]; row != 0 {
					at := TimeText(d.SeenAt).String
					again[at] = append(again[at], row)
				} else {
					other = append(other, d)
				}
			}
			if err := putDroplets(ctx, tx, other); err != nil {
				return err
			}
			return seenAgain(ctx, tx, again)
		})
		if err != nil {
			return fmt.Errorf("save the observation: %w", err)
		}
	}
	ended := cmp.Or(o.EndedAt, o.BeganAt)
	err := s.write(ctx, func(ctx context.Context, tx *Tx) error {
		err := tx.apart(ctx, len(o.Gone), func(i int) error { return markDeleted(ctx, tx, o.Gone[i], o.BeganAt, ended) })
		if err != nil {
			return err
		}
		if err := dropGoneQuarantined(ctx, tx, ended); err != nil {
			return err
		}
		if err := saveAbsences(ctx, tx, o.Absences); err != nil {
			return err
		}
		newest := int64(1)
		for _, d := range o.Droplets {
			newest = max(newest, d.ID)
		}
		return tx.exec(ctx, `
			UPDATE control SET last_sync_at = CASE WHEN last_sync_at > ?1 THEN last_sync_at ELSE ?1 END, first_look_id = coalesce(first_look_id, ?2)`,
			TimeText(ended), newest)
	})
	if err != nil {
		return fmt.Errorf("save the observation: %w", err)
	}
	return nil
}

// unchanged gives for each droplet its row in resources, where all of it is in there as it is; else 0. A droplet without data has that
// of its row.
func unchanged(ctx context.Context, tx *Tx, droplets []fleet.Droplet) (rows []int64, err error) {
	rows, ids := make([]int64, len(droplets)), make([]string, len(droplets))
	index := make(map[int64]int, len(droplets))
	for i, d := range droplets {
		index[d.ID], ids[i] = i, externalID(d.ID)
	}
	const query = `
		SELECT id, external_id, name, region, status, coalesce(public_ip, ''), tags, digest FROM resources
		WHERE provider = ? AND kind = ? AND external_id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL AND digest IS NOT NULL`
	err = each(ctx, tx, query, func(r *sql.Rows) error {
		var row, id int64
		var name, region, status, ip, tags string
		var digest sql.RawBytes
		if err := r.Scan(&row, &id, &name, &region, &status, &ip, &tags, &digest); err != nil {
			return err
		}
		d := &droplets[index[id]]
		if data := dataOf(*d); len(data) > 0 && !bytes.Equal(digest, digestBlob(fleet.DigestOf(data))) || name != d.Name || region != d.Region || status != string(d.Status) || ip != d.PublicIPv4 {
			return nil
		}
		if tags == jsonList(d.Tags) {
			rows[index[id]] = row
		}
		return nil
	}, provider, kind, jsonList(ids))
	return rows, err
}

// seenAgain notes when droplets were seen that look as they did.
func seenAgain(ctx context.Context, tx *Tx, rows map[string][]int64) error {
	for at, ids := range rows {
		err := tx.exec(ctx, `
			UPDATE sightings SET last_seen_at = ?1
			WHERE last_seen_at < ?1 AND resource_id IN (SELECT CAST(value AS BIGINT) FROM json_each(?2))`, at, jsonList(ids))
		if err != nil {
			return err
		}
	}
	return nil
}

// Record writes records again without a saga. It only renews what is there: a droplet that has no record (any more), because it is
// gone or was let go, stays without one, and a newer record stays as it is.
func (s *Writes) Record(ctx context.Context, records []fleet.Record) error {
	if len(records) == 0 {
		return ctx.Err()
	}
	now := time.Now()
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.apart(ctx, len(records), func(i int) error {
			if err := renewRecord(ctx, tx, records[i], now); err != nil {
				return fmt.Errorf("record %s: %w", records[i].Name, err)
			}
			return nil
		})
	})
}

// Inherit keeps which name the fleet file in force gives to droplets that are recorded under another one, by `was`, by the droplets'
// ids; an empty name: none. A droplet without a record is left out.
func (s *Writes) Inherit(ctx context.Context, heirs map[int64]string) error {
	if len(heirs) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		ids := slices.Collect(maps.Keys(heirs))
		return tx.apart(ctx, len(ids), func(i int) error {
			id, name := ids[i], heirs[ids[i]]
			err := tx.exec(ctx, "UPDATE cloud_provisioned SET heir = ? WHERE provider = ? AND external_id = ? AND heir IS DISTINCT FROM ?",
				nullText(name), provider, externalID(id), nullText(name))
			if err != nil {
				return fmt.Errorf("record the new name %s of droplet %d: %w", name, id, err)
			}
			return nil
		})
	})
}
