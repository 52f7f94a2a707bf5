package tables

import (
	"context"
	"database/sql"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

func (s *Writes) Note(sagas []string, c fleet.Call) {
	s.calls.Note(sagas, c)
}

func putCalls(ctx context.Context, tx *Tx, id string, calls []fleet.Call) error {
	if len(calls) == 0 {
		return nil
	}
	for _, c := range calls {
		err := tx.exec(ctx, `
			INSERT INTO saga_calls (saga_id, position, method, path, status, request_id, error, began_at, took_us, times, last_at)
			VALUES (?1, (SELECT coalesce(max(position) + 1, 0) FROM saga_calls WHERE saga_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
			id, c.Method, c.Path, orNull(c.Status), c.RequestID, c.Error, TimeText(c.BeganAt), c.Took.Microseconds(), c.Times, TimeText(c.LastAt))
		if err != nil {
			return err
		}
	}
	return tx.exec(ctx, `
		DELETE FROM saga_calls WHERE saga_id = ?1 AND position >= ?2 AND position <= (SELECT max(position) FROM saga_calls WHERE saga_id = ?1) - ?3`,
		id, state.FirstCalls, state.NewestCalls)
}

func (r *Reads) Calls(ctx context.Context, sagaID string) ([]fleet.Call, error) {
	const query = `
		SELECT method, path, coalesce(status, 0), request_id, error, began_at, took_us, times, last_at
		FROM saga_calls WHERE saga_id = ? ORDER BY position`
	return view(ctx, r, func(ctx context.Context, tx *Tx) (calls []fleet.Call, err error) {
		err = each(ctx, tx, query, func(rows *sql.Rows) error {
			var c fleet.Call
			var took int64
			if err := rows.Scan(&c.Method, &c.Path, &c.Status, &c.RequestID, &c.Error, when{&c.BeganAt}, &took, &c.Times, when{&c.LastAt}); err != nil {
				return err
			}
			c.Took = time.Duration(took) * time.Microsecond
			calls = append(calls, c)
			return nil
		}, sagaID)
		return calls, err
	})
}
