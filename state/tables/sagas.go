package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"arcadiad/saga"
	"arcadiad/state"
)

// isLive is the condition of the index sagas_live_subject, word for word, so that SQLite uses it.
const isLive = "status NOT IN ('completed', 'compensated', 'superseded')"

// querySagas reads sagas with their history and without their secrets. A row that cannot be read whole comes with Undecodable set.
func querySagas(ctx context.Context, tx *Tx, where string, args ...any) (sagas []saga.Saga, err error) {
	query := `
		SELECT id, kind, subject, subject_key, status, step, step_index, steps, reverse, superseded, begun, attempts, not_before, error,
			labels, context, created_at, updated_at, ended_at
		FROM sagas ` + where
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		s, err := scanSaga(rows)
		sagas = append(sagas, s)
		return err
	}, args...)
	if err != nil {
		return nil, err
	}
	return sagas, readHistory(ctx, tx, sagas, where, args...)
}

func scanSaga(rows *sql.Rows) (saga.Saga, error) {
	var (
		s                                  saga.Saga
		key, status, step, steps, labels   string
		reverse, superseded, begun         int64 // a column that is neither 0 nor 1 must not fail the other rows
		context                            sql.NullString
		notBefore, created, updated, ended sql.NullString
	)
	err := rows.Scan(&s.ID, &s.Kind, &s.Subject, &key, &status, &step, &s.Step, &steps, &reverse, &superseded, &begun, &s.Attempts,
		&notBefore, &s.Error, &labels, &context, &created, &updated, &ended)
	if err != nil {
		return saga.Saga{}, err
	}
	s.Status = saga.Status(status)
	var bad []error
	bad = append(bad, decode("steps", steps, &s.Steps), decode("labels", labels, &s.Labels),
		decodeTime("not_before", notBefore, &s.NotBefore), decodeTime("created_at", created, &s.CreatedAt),
		decodeTime("updated_at", updated, &s.UpdatedAt), decodeTime("ended_at", ended, &s.EndedAt))
	bad = append(bad, state.CheckSaga(s, key, step))
	for _, flag := range []struct {
		column string
		value  int64
		into   *bool
	}{{"reverse", reverse, &s.Reverse}, {"superseded", superseded, &s.Superseded}, {"begun", begun, &s.Begun}} {
		if *flag.into = flag.value != 0; flag.value != 0 && flag.value != 1 {
			bad = append(bad, fmt.Errorf("column %s: %d is neither 0 nor 1", flag.column, flag.value))
		}
	}
	if context.Valid {
		if s.Context = json.RawMessage(context.String); !json.Valid(s.Context) {
			bad = append(bad, errors.New("column context: not JSON"))
			s.Context = nil // whoever shows a saga as JSON would fail on it; the row keeps it
		}
	}
	state.Spoil(&s, errors.Join(bad...))
	return s, nil
}

// readHistory fills in the steps of the sagas that the same condition gave.
func readHistory(ctx context.Context, tx *Tx, sagas []saga.Saga, where string, args ...any) error {
	byID := make(map[string]*saga.Saga, len(sagas))
	for i := range sagas {
		byID[sagas[i].ID] = &sagas[i]
	}
	query := `
		SELECT saga_id, position, name, status, attempts, error, started_at, ended_at FROM saga_steps
		WHERE saga_id IN (SELECT id FROM sagas ` + where + `) ORDER BY saga_id, position`
	err := each(ctx, tx, query, func(rows *sql.Rows) error {
		var (
			id             string
			position       int
			h              saga.StepTime
			started, ended sql.NullString
		)
		if err := rows.Scan(&id, &position, &h.Name, &h.Status, &h.Attempts, &h.Error, &started, &ended); err != nil {
			return err
		}
		s := byID[id]
		err := errors.Join(decodeTime("started_at", started, &h.StartedAt), decodeTime("ended_at", ended, &h.EndedAt))
		state.Spoil(s, errors.Join(err, state.CheckStep(*s, position, h)))
		s.History = append(s.History, h)
		return nil
	}, args...)
	if err != nil {
		return err
	}
	for i := range sagas {
		if s := &sagas[i]; s.Undecodable == "" && len(s.History) != 0 && len(s.History) != len(s.Steps) {
			state.Spoil(s, fmt.Errorf("table saga_steps: %d rows, but there are %d steps", len(s.History), len(s.Steps)))
		}
	}
	return nil
}

// readSecrets fills in the secrets of live sagas.
func readSecrets(ctx context.Context, tx *Tx, live []saga.Saga) error {
	secrets := map[string][]byte{}
	err := each(ctx, tx, "SELECT saga_id, secret FROM saga_secrets", func(rows *sql.Rows) error {
		var id string
		var secret []byte
		err := rows.Scan(&id, &secret)
		secrets[id] = secret
		return err
	})
	for i := range live {
		live[i].Secret = secrets[live[i].ID]
	}
	return err
}

func decode(column, text string, into any) error {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("column %s: %w", column, err)
	}
	return nil
}

func decodeTime(column string, text sql.NullString, into *time.Time) (err error) {
	if *into, err = parseTime(text); err != nil {
		return fmt.Errorf("column %s: %w", column, err)
	}
	return nil
}
