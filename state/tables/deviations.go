package tables

import (
	"context"
	"fmt"

	"arcadiad/fleet"
	"arcadiad/state"
)

// Notice makes what is remembered of deviations equal to the list, and writes no more than what is different. A deviation that was
// noticed before, with the same value, stays as it is, but for what is known now of how it came about. Those of droplets that have
// no record (any more) are left out.
func (s *Writes) Notice(ctx context.Context, list []fleet.Deviation) error {
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		before, err := readDeviations(ctx, tx)
		if err != nil {
			return err
		}
		type place struct {
			droplet int64
			field   string
		}
		known := make(map[place]fleet.Deviation, len(before))
		for _, d := range before {
			known[place{d.DropletID, d.Field}] = d
		}
		for _, d := range list {
			at := place{d.DropletID, d.Field}
			was, again := known[at]
			delete(known, at)
			if again && was.Seen == d.Seen && (was.Asked || !d.Asked) {
				continue
			}
			if again && was.Seen == d.Seen {
				d.Since = was.Since
			}
			if err := putDeviation(ctx, tx, d); err != nil {
				return fmt.Errorf("notice the %s of droplet %d: %w", d.Field, d.DropletID, err)
			}
		}
		for at := range known {
			const query = "DELETE FROM deviations WHERE provider = ? AND external_id = ? AND field = ?"
			if err := tx.exec(ctx, query, provider, externalID(at.droplet), at.field); err != nil {
				return err
			}
		}
		return nil
	})
}

func putDeviation(ctx context.Context, tx *Tx, d fleet.Deviation) error {
	if d.Since.IsZero() {
		return fmt.Errorf("%w: it does not say since when", state.ErrRow)
	}
	return tx.exec(ctx, `
		INSERT INTO deviations (provider, external_id, field, seen, since, done_by, asked)
		SELECT provider, external_id, ?3, ?4, ?5, ?6, ?7 FROM cloud_provisioned WHERE provider = ?1 AND external_id = ?2
		ON CONFLICT (provider, external_id, field) DO UPDATE SET seen = excluded.seen, since = excluded.since, done_by = excluded.done_by, asked = excluded.asked`,
		provider, externalID(d.DropletID), d.Field, d.Seen, TimeText(d.Since), d.By, d.Asked)
}

func readDeviations(ctx context.Context, tx *Tx) ([]fleet.Deviation, error) {
	const query = `
		SELECT external_id, field, seen, since, done_by, asked FROM deviations
		WHERE provider = ? ORDER BY CAST(external_id AS BIGINT), field`
	return list(ctx, tx, query, func(d *fleet.Deviation) []any {
		return []any{&d.DropletID, &d.Field, &d.Seen, when{&d.Since}, &d.By, &d.Asked}
	}, provider)
}

func (r *Reads) Deviations(ctx context.Context) ([]fleet.Drift, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) (drift []fleet.Drift, err error) {
		seen, err := readDeviations(ctx, tx)
		if err != nil || len(seen) == 0 {
			return nil, err
		}
		records, err := readRecords(ctx, tx, "")
		if err != nil {
			return nil, err
		}
		byID := make(map[int64]*fleet.Record, len(records))
		for i := range records {
			byID[records[i].DropletID] = &records[i]
		}
		for _, d := range seen {
			if record := byID[d.DropletID]; record != nil {
				drift = append(drift, fleet.Drift{Deviation: d, Name: record.Name, Recorded: record.Expected(d.Field)})
			}
		}
		return drift, nil
	})
}
