package tables

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

// putQuarantined takes a droplet out of its name. A droplet has a record or is in quarantine, never both.
func putQuarantined(ctx context.Context, tx *Tx, q fleet.Quarantined) error {
	if q.DropletID == 0 || q.Record.DropletID != q.DropletID || q.At.IsZero() || q.Until.IsZero() {
		return fmt.Errorf("%w: droplet %d (%s) in quarantine needs an id, its record, and the times from and until which it is kept", state.ErrRow, q.DropletID, q.Name)
	}
	record, err := json.Marshal(q.Record)
	if err != nil {
		return err
	}
	err = tx.exec(ctx, `
		INSERT INTO quarantine (provider, external_id, name, record, tags, reserved_ip, saga_id, taken_at, until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (provider, external_id) DO UPDATE SET name = excluded.name, record = excluded.record, tags = excluded.tags,
			reserved_ip = excluded.reserved_ip, saga_id = excluded.saga_id, taken_at = excluded.taken_at, until = excluded.until`,
		provider, externalID(q.DropletID), q.Name, string(record), jsonList(q.Tags), q.ReservedIP, q.SagaID, TimeText(q.At), TimeText(q.Until))
	if err != nil {
		return err
	}
	return dropRecord(ctx, tx, q.DropletID)
}

func dropQuarantined(ctx context.Context, tx *Tx, droplet int64) error {
	return tx.exec(ctx, "DELETE FROM quarantine WHERE provider = ? AND external_id = ?", provider, externalID(droplet))
}

// dropGoneQuarantined ends the quarantine of droplets that were proved gone, because somebody destroyed them, once its time is over at now: until
// then one that shows again can come back (law 6).
func dropGoneQuarantined(ctx context.Context, tx *Tx, now time.Time) error {
	return tx.exec(ctx, `
		DELETE FROM quarantine AS q WHERE q.until < ? AND EXISTS (SELECT 1 FROM resources r
			WHERE r.provider = q.provider AND r.external_id = q.external_id AND r.deleted_at IS NOT NULL)`, TimeText(now))
}

// readQuarantine gives the droplets in quarantine, by id.
func readQuarantine(ctx context.Context, tx *Tx) (kept []fleet.Quarantined, err error) {
	const query = "SELECT external_id, name, record, tags, reserved_ip, saga_id, taken_at, until FROM quarantine WHERE provider = ?"
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var q fleet.Quarantined
		var record, tags string
		err := rows.Scan(&q.DropletID, &q.Name, &record, &tags, &q.ReservedIP, &q.SagaID, when{&q.At}, when{&q.Until})
		if err == nil {
			err = cmp.Or(decode("record", record, &q.Record), decode("tags", tags, &q.Tags))
		}
		if err != nil {
			return fmt.Errorf("%w: droplet %d (%s) in quarantine: %w (delete that row: the droplet is kept until a person approves its end)",
				state.ErrCorrupt, q.DropletID, q.Name, err)
		}
		kept = append(kept, q)
		return nil
	}, provider)
	slices.SortFunc(kept, func(a, b fleet.Quarantined) int { return cmp.Compare(a.DropletID, b.DropletID) })
	return kept, err
}
