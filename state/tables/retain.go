package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// The bounds of one transaction of Retain: sagas that run do not wait for it.
const (
	retainSubjects = 100
	retainRows     = 500
)

// Retain does its work in many small transactions. When it fails, what it removed before stays removed.
func (s *Writes) Retain(ctx context.Context, keep state.Retention) (state.Removed, error) {
	var removed state.Removed
	now := time.Now()
	if keep.Sagas > 0 {
		before := now.Add(-max(keep.Sagas, state.MinKeepSagas))
		subjects, err := s.reads.oldSubjects(ctx, before)
		if err != nil {
			return removed, fmt.Errorf("remove old sagas: %w", err)
		}
		for chunk := range slices.Chunk(subjects, retainSubjects) {
			n, err := s.retainSagas(ctx, chunk, before)
			if err != nil {
				return removed, fmt.Errorf("remove old sagas: %w", err)
			}
			removed.Sagas += n
		}
		// An approval is for one plan, and a plan for one moment. One that was never used must not come true a year later.
		for table, key := range map[string]string{"approvals": "plan_id", "grants": "id"} {
			n, err := s.retainRows(ctx, table, key, "coalesce(used_at, approved_at) < ?", before)
			if removed.Approvals += n; err != nil {
				return removed, fmt.Errorf("remove old approvals: %w", err)
			}
		}
		n, err := s.retainRows(ctx, "rollouts", "id", "ended_at < ?", before)
		if removed.Rollouts = n; err != nil {
			return removed, fmt.Errorf("remove old rollouts: %w", err)
		}
	}
	if keep.Deleted > 0 {
		n, err := s.retainRows(ctx, "resources", "id", `deleted_at < ? AND NOT EXISTS (SELECT 1 FROM cloud_provisioned p
			WHERE p.provider = resources.provider AND p.external_id = resources.external_id) AND NOT EXISTS (SELECT 1 FROM quarantine q
			WHERE q.provider = resources.provider AND q.external_id = resources.external_id)`, now.Add(-keep.Deleted))
		if removed.Deleted = n; err != nil {
			return removed, fmt.Errorf("remove rows of deleted droplets: %w", err)
		}
		if err := s.forgetRegistrations(ctx); err != nil {
			return removed, fmt.Errorf("remove registrations of deleted droplets: %w", err)
		}
	}
	return removed, nil
}

// oldSubjects gives the names that have ended sagas from before that time.
func (r *Reads) oldSubjects(ctx context.Context, before time.Time) ([]string, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) ([]string, error) {
		const query = "SELECT DISTINCT subject_key FROM sagas WHERE ended_at < ? AND NOT (" + isLive + ") ORDER BY subject_key"
		return list(ctx, tx, query, func(key *string) []any { return []any{key} }, TimeText(before))
	})
}

// retainRows removes the rows of a table, which the column key identifies, that the condition names, a few in each transaction.
func (s *Writes) retainRows(ctx context.Context, table, key, condition string, before time.Time) (removed int64, err error) {
	query := fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s LIMIT ?)", table, key, condition)
	for n := int64(retainRows); n == retainRows; removed += n {
		err := s.write(ctx, func(ctx context.Context, tx *Tx) (err error) {
			n, err = tx.change(ctx, query, TimeText(before), retainRows)
			return err
		})
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// retainSagas removes what may go of the sagas of some names. What still asks for them is looked up in the same transaction, so that
// no droplet can turn up in between.
func (s *Writes) retainSagas(ctx context.Context, subjects []string, before time.Time) (removed int64, err error) {
	err = s.write(ctx, func(ctx context.Context, tx *Tx) error {
		removed = 0
		needed, err := readNeeded(ctx, tx)
		if err != nil {
			return err
		}
		for _, key := range subjects {
			past, err := readPast(ctx, tx, key)
			if err != nil {
				return err
			}
			for _, id := range state.Expired(past, needed, before) {
				if err := tx.exec(ctx, "DELETE FROM sagas WHERE id = ?", id); err != nil { // its steps go with it
					return err
				}
				removed++
			}
		}
		return nil
	})
	return removed, err
}

func readNeeded(ctx context.Context, tx *Tx) (state.Needed, error) {
	n := state.Needed{Sagas: map[string]bool{}, Tagged: map[string]bool{}, Droplets: map[int64]bool{}, Rollouts: map[string]bool{}}
	const bound = `SELECT external_id, coalesce(saga_id, '') FROM cloud_provisioned WHERE provider = ?1
		UNION ALL SELECT external_id, saga_id FROM quarantine WHERE provider = ?1`
	err := each(ctx, tx, bound, func(rows *sql.Rows) error {
		var droplet int64
		var id string
		err := rows.Scan(&droplet, &id)
		n.Droplets[droplet], n.Sagas[id] = true, true
		return err
	}, provider)
	if err != nil {
		return n, err
	}
	err = each(ctx, tx, "SELECT id FROM rollouts WHERE ended_at IS NULL", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		n.Rollouts[id] = true
		return err
	})
	if err != nil {
		return n, err
	}
	const standing = "SELECT external_id, tags FROM resources WHERE provider = ? AND kind = ? AND deleted_at IS NULL"
	err = each(ctx, tx, standing, func(rows *sql.Rows) error {
		var d fleet.Droplet
		var tags string
		if err := rows.Scan(&d.ID, &tags); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(tags), &d.Tags); err != nil {
			return fmt.Errorf("row of droplet %d: %w", d.ID, err)
		}
		n.Droplets[d.ID] = true
		for _, tag := range d.Saga8s() {
			n.Tagged[tag] = true
		}
		return nil
	}, provider, kind)
	return n, err
}

// readPast gives the sagas for a name, oldest first.
func readPast(ctx context.Context, tx *Tx, key string) (sagas []state.Past, err error) {
	const query = "SELECT id, kind, status, labels, ended_at FROM sagas WHERE subject_key = ? ORDER BY created_at, rowid"
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var id, kind, status, text string
		var ended sql.NullString
		if err := rows.Scan(&id, &kind, &status, &text, &ended); err != nil {
			return err
		}
		var ends time.Time
		var labels map[string]string
		spoilt := decodeTime("ended_at", ended, &ends) != nil || decode("labels", text, &labels) != nil
		sagas = append(sagas, state.PastOf(id, kind, saga.Status(status), ends, labels, spoilt))
		return nil
	}, key)
	return sagas, err
}
