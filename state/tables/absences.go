package tables

import (
	"context"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

func readAbsences(ctx context.Context, tx *Tx) ([]fleet.Absence, error) {
	const query = `
		SELECT external_id, since, last_at, looks, witnessed, process, interrupted, gone_at FROM absences
		WHERE provider = ? ORDER BY CAST(external_id AS BIGINT)`
	return list(ctx, tx, query, func(a *fleet.Absence) []any {
		return []any{&a.DropletID, when{&a.Since}, when{&a.LastAt}, &a.Looks, &a.Witnessed, &a.Process, &a.Interrupted, when{&a.GoneAt}}
	}, provider)
}

// saveAbsences makes what is known of absent droplets equal to what a look knows. The absence of a droplet that was seen since it began
// has ended: it is left out, and the next look counts anew.
func saveAbsences(ctx context.Context, tx *Tx, absences []fleet.Absence) error {
	ids := fleet.Words(absences, func(a fleet.Absence) string { return externalID(a.DropletID) })
	err := tx.exec(ctx, "DELETE FROM absences WHERE provider = ? AND external_id NOT IN (SELECT value FROM json_each(?))", provider, jsonList(ids))
	if err != nil {
		return err
	}
	err = tx.apart(ctx, len(absences), func(i int) error {
		a := absences[i]
		return tx.exec(ctx, `
			INSERT INTO absences (provider, external_id, since, last_at, looks, witnessed, process, interrupted, gone_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (provider, external_id) DO UPDATE SET since = excluded.since, last_at = excluded.last_at, looks = excluded.looks, witnessed = excluded.witnessed,
				process = excluded.process, interrupted = excluded.interrupted, gone_at = excluded.gone_at`,
			provider, externalID(a.DropletID), TimeText(a.Since), TimeText(a.LastAt), a.Looks, a.Witnessed, a.Process, a.Interrupted, TimeText(a.GoneAt))
	})
	if err != nil {
		return err
	}
	return tx.exec(ctx, `
		DELETE FROM absences WHERE EXISTS (
			SELECT 1 FROM cloud_resources r WHERE r.provider = absences.provider AND r.external_id = absences.external_id AND r.last_seen_at > absences.since)`)
}

// endAbsence lets a droplet that was seen at that time be absent no more.
func endAbsence(ctx context.Context, tx *Tx, droplet int64, seen time.Time) error {
	return tx.exec(ctx, "DELETE FROM absences WHERE provider = ? AND external_id = ? AND last_at <= ?", provider, externalID(droplet), TimeText(seen))
}

// Forget drops the records of droplets that are proved gone, and that nobody wants to be made again. A record whose droplet was seen
// since stays.
func (s *Writes) Forget(ctx context.Context, droplets []int64) error {
	if len(droplets) == 0 {
		return ctx.Err()
	}
	err := s.write(ctx, func(ctx context.Context, tx *Tx) error {
		const query = "SELECT external_id FROM absences WHERE provider = ? AND gone_at IS NOT NULL"
		gone, err := list(ctx, tx, query, func(id *int64) []any { return []any{id} }, provider)
		if err != nil {
			return err
		}
		for _, id := range droplets {
			if slices.Contains(gone, id) {
				if err := dropRecord(ctx, tx, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget droplets that are gone: %w", err)
	}
	return nil
}

// RestartAbsences forgets since when droplets are absent that are not proved gone yet: the looks were another host's, and so were their times.
func RestartAbsences(ctx context.Context, tx *Tx) error {
	return tx.exec(ctx, "DELETE FROM absences WHERE gone_at IS NULL")
}
