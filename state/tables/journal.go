package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

var _ saga.Journal = (*Writes)(nil)

// Begin writes new sagas with their rows, all or none. The grants that a saga names (fleet.Facts) are used up in the same transaction;
// state.ErrApproval where one of them is not to be had.
func (s *Writes) Begin(ctx context.Context, sagas ...saga.Saga) error {
	if len(sagas) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		err := tx.apart(ctx, len(sagas), func(i int) error {
			sg := sagas[i]
			err := useGrants(ctx, tx, sg)
			if err == nil {
				err = insertSaga(ctx, tx, sg)
			}
			return beginning(sg, err)
		})
		if err != nil {
			return err
		}
		for _, sg := range sagas {
			for _, row := range sg.Rows {
				if err := applyRow(ctx, tx, row, sg.UpdatedAt); err != nil {
					return beginning(sg, err)
				}
			}
		}
		return nil
	})
}

// beginning says which saga an error is of.
func beginning(s saga.Saga, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("begin saga %s for %s: %w", fleet.Saga8(s.ID), s.Subject, err)
}

func insertSaga(ctx context.Context, tx *Tx, s saga.Saga) error {
	c, err := columnsOf(s)
	if err != nil {
		return err
	}
	err = tx.exec(ctx, `
		INSERT INTO sagas (id, kind, subject, subject_key, steps, created_at, status, step, step_index, reverse, superseded, begun,
			attempts, not_before, error, labels, context, updated_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append([]any{s.ID, s.Kind, s.Subject, fleet.Key(s.Subject), jsonList(s.Steps), TimeText(s.CreatedAt)}, c...)...)
	if err != nil {
		return taken(tx, err)
	}
	if len(s.Secret) > 0 && s.Status.Live() {
		const insert = "INSERT INTO saga_secrets (saga_id, padding, secret) VALUES (?, ?, ?)"
		if err := tx.exec(ctx, insert, s.ID, make([]byte, tx.dialect.SecretPadding), s.Secret); err != nil {
			return err
		}
	}
	return writeHistory(ctx, tx, s)
}

// taken translates the unique indexes of sagas into the errors of a journal.
func taken(tx *Tx, err error) error {
	switch tx.dialect.Unique(err) {
	case "sagas_live_subject":
		return saga.ErrLive
	case "sagas_id8", "sagas_pkey":
		return saga.ErrID
	}
	return err
}

// columnsOf gives the columns that change while a saga lives, in the order of the statements that write them.
func columnsOf(s saga.Saga) ([]any, error) {
	labels := []byte("{}")
	if len(s.Labels) > 0 {
		var err error
		if labels, err = json.Marshal(s.Labels); err != nil {
			return nil, err
		}
	}
	step := ""
	if s.Step >= 0 && s.Step < len(s.Steps) {
		step = s.Steps[s.Step]
	}
	return []any{
		string(s.Status), step, s.Step, s.Reverse, s.Superseded, s.Begun, s.Attempts, TimeText(s.NotBefore), s.Error, string(labels),
		nullText(string(s.Context)), TimeText(s.UpdatedAt), TimeText(s.EndedAt),
	}, nil
}

// Commit writes the saga's state and the rows of its step (see package state for their types) in one durable transaction. Kind, subject,
// steps and secret are those that it began with. When the saga ends its secret is erased.
//
// Of a saga that is Undecodable only the status, the error and the times are written, so that what could not be read stays as it
// is. The calls that were noted for the saga are written too. state.ErrNoSaga: it was never begun. state.ErrEnded: it has ended, and
// the commit would bring it back.
func (s *Writes) Commit(ctx context.Context, sg saga.Saga, rows []any) (err error) {
	calls := s.calls.Take(sg.ID)
	defer func() {
		if err != nil {
			s.calls.Back(sg.ID, calls)
		}
	}()
	return s.writeBeside(ctx, touched(sg, rows), func(ctx context.Context, tx *Tx) error {
		if err := updateSaga(ctx, tx, sg); err != nil {
			return fmt.Errorf("commit saga %s for %s: %w", fleet.Saga8(sg.ID), sg.Subject, err)
		}
		if err := putCalls(ctx, tx, sg.ID, calls); err != nil {
			return fmt.Errorf("commit saga %s for %s: its calls: %w", fleet.Saga8(sg.ID), sg.Subject, err)
		}
		for _, row := range rows {
			if err := applyRow(ctx, tx, row, sg.UpdatedAt); err != nil {
				return fmt.Errorf("commit saga %s for %s: %w", fleet.Saga8(sg.ID), sg.Subject, err)
			}
		}
		return nil
	})
}

// touched names what a commit touches: the saga, and the droplets that its rows are of. Nil: its rows are of something else too.
func touched(s saga.Saga, rows []any) []string {
	touches := []string{s.ID}
	for _, row := range rows {
		droplet := dropletOf(row)
		if droplet == 0 {
			return nil
		}
		touches = append(touches, externalID(droplet))
	}
	return touches
}

// updateSaga writes a saga that is live. One that has ended stays ended, since its name may have another by now. To commit its end twice is fine:
// the first answer may have been lost.
func updateSaga(ctx context.Context, tx *Tx, s saga.Saga) error {
	which := " WHERE id = ?"
	if s.Status.Live() {
		which += " AND " + isLive
	}
	if s.Undecodable != "" {
		err := tx.checked(ctx, one, "UPDATE sagas SET status = ?, error = ?, updated_at = ?, ended_at = ?"+which,
			string(s.Status), s.Error, TimeText(s.UpdatedAt), TimeText(s.EndedAt), s.ID)
		if err != nil {
			return whyNot(ctx, tx, s, err)
		}
		return eraseSecret(ctx, tx, s)
	}
	c, err := columnsOf(s)
	if err != nil {
		return err
	}
	err = tx.checked(ctx, one, `
		UPDATE sagas SET status = ?, step = ?, step_index = ?, reverse = ?, superseded = ?, begun = ?, attempts = ?, not_before = ?,
			error = ?, labels = ?, context = ?, updated_at = ?, ended_at = ?`+which, append(c, s.ID)...)
	if err != nil {
		return whyNot(ctx, tx, s, err)
	}
	if err := writeHistory(ctx, tx, s); err != nil {
		return err
	}
	return eraseSecret(ctx, tx, s)
}

// errNoRow is of a statement that changed no row.
var errNoRow = errors.New("there is no such row")

func one(rows int64) error {
	if rows == 0 {
		return errNoRow
	}
	return nil
}

// whyNot tells why a saga could not be written.
func whyNot(ctx context.Context, tx *Tx, s saga.Saga, failed error) error {
	if !errors.Is(failed, errNoRow) {
		return failed
	}
	var begun bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sagas WHERE id = ?)", s.ID).Scan(&begun); err != nil {
		return err
	}
	if !begun {
		return state.ErrNoSaga
	}
	return state.ErrEnded
}

func writeHistory(ctx context.Context, tx *Tx, s saga.Saga) error {
	for i, h := range s.History {
		err := tx.exec(ctx, `
			INSERT INTO saga_steps (saga_id, position, name, status, attempts, error, started_at, ended_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (saga_id, position) DO UPDATE SET name = excluded.name, status = excluded.status, attempts = excluded.attempts,
				error = excluded.error, started_at = excluded.started_at, ended_at = excluded.ended_at
			WHERE (saga_steps.name, saga_steps.status, saga_steps.attempts, saga_steps.error, saga_steps.started_at, saga_steps.ended_at)
				IS DISTINCT FROM (excluded.name, excluded.status, excluded.attempts, excluded.error, excluded.started_at, excluded.ended_at)`,
			s.ID, i, h.Name, string(h.Status), h.Attempts, h.Error, TimeText(h.StartedAt), TimeText(h.EndedAt))
		if err != nil {
			return err
		}
	}
	return tx.exec(ctx, "DELETE FROM saga_steps WHERE saga_id = ? AND position >= ?", s.ID, len(s.History))
}

// eraseSecret of a saga that has ended. What is left of a deleted row is the database's: see the package comments of the stores.
func eraseSecret(ctx context.Context, tx *Tx, s saga.Saga) error {
	if s.Status.Live() {
		return nil
	}
	return tx.checked(ctx, func(rows int64) error {
		tx.erased = tx.erased || rows > 0
		return nil
	}, "DELETE FROM saga_secrets WHERE saga_id = ?", s.ID)
}

// Live gives the sagas that have not ended, oldest first, with their secrets. A row that cannot be read whole comes as stuck, with
// Undecodable set.
func (s *Writes) Live(ctx context.Context) ([]saga.Saga, error) {
	return view(ctx, s.reads, func(ctx context.Context, tx *Tx) ([]saga.Saga, error) {
		live, err := querySagas(ctx, tx, "WHERE "+isLive+" ORDER BY created_at, rowid")
		if err != nil {
			return nil, err
		}
		return live, readSecrets(ctx, tx, live)
	})
}

// SetLabel sets a label of a saga that has ended; an empty value removes it. `saga retry` marks failures so. ErrLive: the saga has
// not ended, and its labels are the engine's. state.ErrNoSaga: there is none with this id.
func (s *Writes) SetLabel(ctx context.Context, id, key, value string) error {
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		var status, text string
		err := tx.QueryRowContext(ctx, "SELECT status, labels FROM sagas WHERE id = ?", id).Scan(&status, &text)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %s", state.ErrNoSaga, id)
		}
		if err != nil {
			return err
		}
		if saga.Status(status).Live() {
			return fmt.Errorf("label saga %s: %w", fleet.Saga8(id), saga.ErrLive)
		}
		labels := map[string]string{}
		if err := json.Unmarshal([]byte(text), &labels); err != nil {
			return fmt.Errorf("label saga %s: its labels: %w", fleet.Saga8(id), err)
		}
		if labels[key] = value; value == "" {
			delete(labels, key)
		}
		b, err := json.Marshal(labels)
		if err != nil {
			return err
		}
		return tx.exec(ctx, "UPDATE sagas SET labels = ?, updated_at = ? WHERE id = ?", string(b), TimeText(time.Now()), id)
	})
}
