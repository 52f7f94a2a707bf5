package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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

// Retain removes what is over for longer than it is to be kept, in many small transactions. When it fails, what it removed before
// stays removed.
//
// A saga is kept, however old, as long as something may still ask for it: a record names it; a droplet that is not proved gone is
// its own, or shows its tag; its tag is not known to be gone from the account, where nobody else would take it away; it sent a
// create whose droplet was never seen, and may still turn up; a saga for the same name that began before it is kept; or it is a failure that holds its name back (law 14), because nothing succeeded since. Updates
// only stand before each other: a droplet that another tool changes again and again would fill the journal for as long as it lives.
func (s *Store) Retain(ctx context.Context, keep state.Retention) (state.Removed, error) {
	var removed state.Removed
	now := time.Now()
	if keep.Sagas > 0 {
		before := now.Add(-max(keep.Sagas, state.MinKeepSagas))
		subjects, err := s.oldSubjects(ctx, before)
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
		n, err := s.retainRows(ctx, "approvals", "coalesce(used_at, approved_at) < ?", before)
		if removed.Approvals = n; err != nil {
			return removed, fmt.Errorf("remove old approvals: %w", err)
		}
		n, err = s.retainRows(ctx, "grants", "coalesce(used_at, approved_at) < ?", before)
		if removed.Approvals += n; err != nil {
			return removed, fmt.Errorf("remove old approvals: %w", err)
		}
	}
	if keep.Deleted > 0 {
		n, err := s.retainRows(ctx, "resources", `deleted_at < ? AND NOT EXISTS (SELECT 1 FROM cloud_provisioned p
			WHERE p.provider = resources.provider AND p.external_id = resources.external_id)`, now.Add(-keep.Deleted))
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
func (r *Reader) oldSubjects(ctx context.Context, before time.Time) (subjects []string, err error) {
	err = r.view(ctx, func(ctx context.Context, tx *sql.Tx) error {
		subjects = nil
		const query = "SELECT DISTINCT subject_key FROM sagas WHERE ended_at < ? AND NOT (" + isLive + ") ORDER BY subject_key"
		return each(ctx, tx, query, func(rows *sql.Rows) error {
			var key string
			err := rows.Scan(&key)
			subjects = append(subjects, key)
			return err
		}, timeText(before))
	})
	return subjects, err
}

// retainRows removes the rows of a table that the condition names, a few in each transaction.
func (s *Store) retainRows(ctx context.Context, table, condition string, before time.Time) (removed int64, err error) {
	query := "DELETE FROM " + table + " WHERE rowid IN (SELECT rowid FROM " + table + " WHERE " + condition + " LIMIT ?)"
	for n := int64(retainRows); n == retainRows; removed += n {
		err := s.writer.write(ctx, func(ctx context.Context, tx *txn) error {
			done, err := tx.ExecContext(ctx, query, timeText(before), retainRows)
			if err != nil {
				return err
			}
			n, err = done.RowsAffected()
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
func (s *Store) retainSagas(ctx context.Context, subjects []string, before time.Time) (removed int64, err error) {
	err = s.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		removed = 0
		needed, err := readNeeded(ctx, tx.Tx)
		if err != nil {
			return err
		}
		for _, key := range subjects {
			past, err := readPast(ctx, tx.Tx, key)
			if err != nil {
				return err
			}
			for _, id := range expired(past, needed, before) {
				if _, err := tx.ExecContext(ctx, "DELETE FROM sagas WHERE id = ?", id); err != nil { // its steps go with it
					return err
				}
				removed++
			}
		}
		return nil
	})
	return removed, err
}

// needed is what asks for sagas.
type needed struct {
	ids      map[string]bool // named by records
	tagged   map[string]bool // the part of the id that tags carry, of droplets that are not proved gone
	droplets map[int64]bool  // that are not proved gone
}

func readNeeded(ctx context.Context, tx *sql.Tx) (needed, error) {
	n := needed{ids: map[string]bool{}, tagged: map[string]bool{}, droplets: map[int64]bool{}}
	err := each(ctx, tx, "SELECT external_id, coalesce(saga_id, '') FROM cloud_provisioned WHERE provider = ?", func(rows *sql.Rows) error {
		var droplet int64
		var id string
		err := rows.Scan(&droplet, &id)
		n.droplets[droplet], n.ids[id] = true, true
		return err
	}, provider)
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
		n.droplets[d.ID] = true
		for _, tag := range d.Saga8s() {
			n.tagged[tag] = true
		}
		return nil
	}, provider, kind)
	return n, err
}

// past is what expired needs to know of a saga.
type past struct {
	id        string
	status    saga.Status
	ended     time.Time // zero: live
	retried   bool
	undone    bool
	update    bool    // it changed a living droplet, and made none
	missing   bool    // it sent a create whose droplet was never seen
	leavesTag bool    // it may have made droplets, and its tag is not known to be gone from the account
	droplets  []int64 // that it made, adopted, replaced or destroyed
	spoilt    bool    // its row cannot be read whole
}

// readPast gives the sagas for a name, oldest first.
func readPast(ctx context.Context, tx *sql.Tx, key string) (sagas []past, err error) {
	const query = "SELECT id, kind, status, labels, ended_at FROM sagas WHERE subject_key = ? ORDER BY created_at, rowid"
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var p past
		var kind, status, text string
		var ended sql.NullString
		if err := rows.Scan(&p.id, &kind, &status, &text, &ended); err != nil {
			return err
		}
		p.status = saga.Status(status)
		var labels map[string]string
		p.spoilt = decodeTime("ended_at", ended, &p.ended) != nil || decode("labels", text, &labels) != nil
		p.retried, p.undone = labels[fleet.LabelRetried] == "true", labels[fleet.LabelUndone] == "true"
		p.update = kind == fleet.SagaUpdate
		creates, err := fleet.CreatesOf(labels)
		p.spoilt = p.spoilt || err != nil
		p.leavesTag = fleet.Saga{Kind: kind}.Makes() && labels[fleet.LabelTagGone] != "true"
		for _, label := range []string{fleet.LabelDroplet, fleet.LabelReplaces} {
			if v := labels[label]; v != "" {
				id, err := strconv.ParseInt(v, 10, 64)
				p.spoilt = p.spoilt || err != nil
				p.droplets = append(p.droplets, id)
			}
		}
		p.missing = len(creates.Bearers(p.droplets...)) < creates.Sent
		sagas = append(sagas, p)
		return nil
	}, key)
	return sagas, err
}

// expired gives the sagas for one name that may go: those from the oldest on, up to the first that is still needed; and beyond that
// one the updates from the oldest on. What a later one tells about its name (that it succeeded, or was forgiven) is about those before
// it, so it goes last.
func expired(sagas []past, n needed, before time.Time) (ids []string) {
	over := func(p past) bool {
		return !p.status.Live() && !p.ended.IsZero() && p.ended.Before(before) && !p.spoilt
	}
	answered := lastAnswer(sagas, func(past) bool { return true })
	first := 0 // that is still needed
	for ; first < len(sagas); first++ {
		p := sagas[first]
		stalls := p.status == saga.Compensated && p.undone && first > answered
		lives := slices.ContainsFunc(p.droplets, func(id int64) bool { return n.droplets[id] })
		if !over(p) || stalls || lives || p.leavesTag || p.missing || n.ids[p.id] || n.tagged[fleet.Saga8(p.id)] {
			break
		}
		ids = append(ids, p.id)
	}
	answered = lastAnswer(sagas, func(p past) bool { return p.update })
	for i := first; i < len(sagas); i++ {
		p := sagas[i]
		if !p.update {
			continue
		}
		if stalls := p.status == saga.Compensated && i > answered; !over(p) || stalls {
			break
		}
		ids = append(ids, p.id)
	}
	return ids
}

// lastAnswer is the place of the last of some sagas that put an end to the failures before it; -1: there is none.
func lastAnswer(sagas []past, some func(past) bool) int {
	for i := len(sagas) - 1; i >= 0; i-- {
		if p := sagas[i]; some(p) && (p.status == saga.Completed || p.retried) {
			return i
		}
	}
	return -1
}
