package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"arcadiad/fleet"
)

// noteRegistered keeps that a droplet was registered once, whatever becomes of its record.
func noteRegistered(ctx context.Context, tx *txn, droplet int64, at time.Time) error {
	return tx.exec(ctx, `
		INSERT INTO registrations (provider, external_id, registered_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET registered_at = excluded.registered_at WHERE registered_at IS NULL`, provider, externalID(droplet), timeText(at))
}

// noteReleased keeps that a person gave the droplet back; with the zero time, that a person adopted it again.
func noteReleased(ctx context.Context, tx *txn, droplet int64, at time.Time) error {
	return tx.exec(ctx, `
		INSERT INTO registrations (provider, external_id, released_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET released_at = excluded.released_at`, provider, externalID(droplet), timeText(at))
}

// readRegistrations gives what is kept of every droplet that was ever registered or released, by id.
func readRegistrations(ctx context.Context, tx *sql.Tx) ([]fleet.Registration, error) {
	const query = "SELECT CAST(external_id AS INTEGER), registered_at, released_at FROM registrations WHERE provider = ? ORDER BY 1"
	return list(ctx, tx, query, func(r *fleet.Registration) []any {
		return []any{&r.DropletID, when{&r.RegisteredAt}, when{&r.ReleasedAt}}
	}, provider)
}

// readEnded fills in the droplets that bore a saga's tag and are gone, of the few sagas that sent more creates than droplets are known. It
// goes over the rows once for all of them.
func readEnded(ctx context.Context, tx *sql.Tx, facts []fleet.Saga) error {
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
		SELECT CAST(external_id AS INTEGER), coalesce(tag.value, '') FROM resources, json_each(CASE WHEN json_valid(tags) THEN tags ELSE '[]' END) tag
		WHERE provider = ? AND kind = ? AND deleted_at IS NOT NULL ORDER BY 1`
	return each(ctx, tx, query, func(rows *sql.Rows) error {
		var id int64
		var tag string
		err := rows.Scan(&id, &tag)
		for _, f := range byTag[strings.ToLower(tag)] {
			f.Ended = append(f.Ended, id)
		}
		return err
	}, provider, kind)
}

// markCopy writes into a backup that it is one. Nobody else has the file open.
func markCopy(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite3", uri(path, "mode=rw"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "UPDATE control SET copied_at = ?", timeText(time.Now()))
	return err
}

// settleCopy is done at the first start on a backup: each saga that was live in it may have gone on elsewhere, and is told so. It is told
// once, and durably.
func settleCopy(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit
	var copied sql.NullString
	if err := tx.QueryRowContext(ctx, "SELECT copied_at FROM control").Scan(&copied); err != nil || !copied.Valid {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE sagas SET labels = json_set(labels, '$."+fleet.LabelCopied+"', 'true') WHERE "+isLive+" AND json_valid(labels)")
	if err != nil {
		return fmt.Errorf("mark the sagas of a backup: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "UPDATE control SET copied_at = NULL"); err != nil {
		return err
	}
	return tx.Commit()
}

// forgetRegistrations removes what is kept of droplets that have neither a row nor a record any more.
func (s *Store) forgetRegistrations(ctx context.Context) error {
	return s.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		return tx.exec(ctx, `
			DELETE FROM registrations AS g WHERE
				NOT EXISTS (SELECT 1 FROM resources r WHERE r.provider = g.provider AND r.external_id = g.external_id)
				AND NOT EXISTS (SELECT 1 FROM cloud_provisioned p WHERE p.provider = g.provider AND p.external_id = g.external_id)`)
	})
}
