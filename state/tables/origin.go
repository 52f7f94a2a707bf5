package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"arcadiad/fleet"
)

// noteRegistered keeps that a droplet was registered once, whatever becomes of its record.
func noteRegistered(ctx context.Context, tx *Tx, droplet int64, at time.Time) error {
	return tx.exec(ctx, `
		INSERT INTO registrations (provider, external_id, registered_at) VALUES (?, ?, ?)
		ON CONFLICT (provider, external_id) DO UPDATE SET registered_at = excluded.registered_at WHERE registrations.registered_at IS NULL`,
		provider, externalID(droplet), TimeText(at))
}

// noteReleased keeps that a person gave the droplet back; with the zero time, that a person adopted it again.
func noteReleased(ctx context.Context, tx *Tx, droplet int64, at time.Time) error {
	return tx.exec(ctx, `
		INSERT INTO registrations (provider, external_id, released_at) VALUES (?, ?, ?)
		ON CONFLICT (provider, external_id) DO UPDATE SET released_at = excluded.released_at`, provider, externalID(droplet), TimeText(at))
}

// readRegistrations gives what is kept of every droplet that was ever registered or released, by id.
func readRegistrations(ctx context.Context, tx *Tx) ([]fleet.Registration, error) {
	const query = "SELECT CAST(external_id AS BIGINT), registered_at, released_at FROM registrations WHERE provider = ? ORDER BY 1"
	return list(ctx, tx, query, func(r *fleet.Registration) []any {
		return []any{&r.DropletID, when{&r.RegisteredAt}, when{&r.ReleasedAt}}
	}, provider)
}

// readEnded fills in the droplets that bore a saga's tag and are gone, of the few sagas that sent more creates than droplets are known. It
// goes over the rows once for all of them.
func readEnded(ctx context.Context, tx *Tx, facts []fleet.Saga) error {
	byTag := map[string][]*fleet.Saga{}
	for i := range facts {
		if f := &facts[i]; f.Makes() && f.Unaccounted() {
			tag := strings.ToLower(fleet.SagaTag(f.ID))
			byTag[tag] = append(byTag[tag], f)
		}
	}
	if len(byTag) == 0 {
		return nil
	}
	const query = `
		SELECT CAST(external_id AS BIGINT), tags FROM resources
		WHERE provider = ? AND kind = ? AND deleted_at IS NOT NULL AND lower(tags) LIKE ? ORDER BY 1`
	return each(ctx, tx, query, func(rows *sql.Rows) error {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		var tags []any
		_ = json.Unmarshal([]byte(text), &tags) // of a row that cannot be read no tag is known
		for _, tag := range tags {
			tag, _ := tag.(string)
			for _, f := range byTag[strings.ToLower(tag)] {
				f.Ended = append(f.Ended, id)
			}
		}
		return nil
	}, provider, kind, "%"+fleet.SagaTag("")+"%")
}

// settleCopy is done at the first start on a backup: each saga that was live in it may have gone on elsewhere, and is told so. It is told
// once, and durably.
func settleCopy(ctx context.Context, tx *Tx) error {
	var copied sql.NullString
	if err := tx.QueryRowContext(ctx, "SELECT copied_at FROM control").Scan(&copied); err != nil || !copied.Valid {
		return err
	}
	if err := DoubtLive(ctx, tx); err != nil {
		return fmt.Errorf("mark the sagas of a backup: %w", err)
	}
	return tx.exec(ctx, "UPDATE control SET copied_at = NULL")
}

// DoubtLive tells each live saga that it may have gone on elsewhere (law 16). One whose labels cannot be read is stuck anyway.
func DoubtLive(ctx context.Context, tx *Tx) error {
	type row struct{ id, labels string }
	live, err := list(ctx, tx, "SELECT id, labels FROM sagas WHERE "+isLive, func(r *row) []any { return []any{&r.id, &r.labels} })
	if err != nil {
		return err
	}
	for _, r := range live {
		var labels map[string]string
		if json.Unmarshal([]byte(r.labels), &labels) != nil || labels == nil {
			continue
		}
		labels[fleet.LabelCopied] = "true"
		b, err := json.Marshal(labels)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, "UPDATE sagas SET labels = ? WHERE id = ?", string(b), r.id); err != nil {
			return err
		}
	}
	return nil
}

// forgetRegistrations removes what is kept of droplets that have neither a row nor a record any more.
func (s *Writes) forgetRegistrations(ctx context.Context) error {
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.exec(ctx, `
			DELETE FROM registrations AS g WHERE
				NOT EXISTS (SELECT 1 FROM resources r WHERE r.provider = g.provider AND r.external_id = g.external_id)
				AND NOT EXISTS (SELECT 1 FROM cloud_provisioned p WHERE p.provider = g.provider AND p.external_id = g.external_id)`)
	})
}
