package postgres

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"arcadiad/state"
	"arcadiad/state/lease"
	"arcadiad/state/tables"
)

// Orders are calls to the one who leads, by those who do not, wherever they are. Who asks inserts a row, and the leader takes it, does it and
// leaves its answer in it. An order that nobody takes is withdrawn, or grows too old: all its times are the database's.

const (
	orderLook   = time.Second            // how often a leader looks for orders, at the least
	answerLook  = 200 * time.Millisecond // how often the answer is looked for
	withdrawing = 5 * time.Second        // how long withdrawing may take
)

// Ask has the one who leads answer a request. state.ErrUnheard: nobody took it within the patience, and nobody will.
func (r *Reader) Ask(ctx context.Context, request []byte, patience time.Duration) (answer []byte, err error) {
	db, done := r.db, func() error { return nil }
	if db == nil {
		db = r.open()
		done = db.Close
	}
	defer func() { err = errors.Join(err, done()) }()
	var id int64
	if err := db.QueryRowContext(ctx, "INSERT INTO orders (request) VALUES ($1) RETURNING id", request).Scan(&id); err != nil {
		return nil, explain(r.name, err)
	}
	impatient := time.After(patience)
	for {
		var taken sql.NullTime
		err := db.QueryRowContext(ctx, "SELECT answer, taken_at FROM orders WHERE id = $1", id).Scan(&answer, &taken)
		if err == nil && answer != nil {
			_, err = db.ExecContext(ctx, "DELETE FROM orders WHERE id = $1", id)
			return answer, explain(r.name, err)
		}
		if err != nil && ctx.Err() == nil {
			return nil, explain(r.name, err)
		}
		select {
		case <-time.After(answerLook):
			continue
		case <-ctx.Done():
		case <-impatient:
			if taken.Valid {
				continue // it may take its time: an apply does
			}
		}
		if unheard, err := withdraw(ctx, db, id); err != nil || unheard {
			return nil, errors.Join(ctx.Err(), state.ErrUnheard, explain(r.name, err))
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// withdraw takes an order back; false: the leader has taken it.
func withdraw(ctx context.Context, db *sql.DB, id int64) (done bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawing)
	defer cancel()
	result, err := db.ExecContext(ctx, "DELETE FROM orders WHERE id = $1 AND taken_at IS NULL", id)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// Answer takes orders and answers them until the context ends, each in a goroutine of its own. What it does, it does as the leader: an order is
// taken in a transaction of the writer.
func (s *Store) Answer(ctx context.Context, log *slog.Logger, answer func(ctx context.Context, request []byte) []byte) {
	var answering sync.WaitGroup
	defer answering.Wait()
	for failing := false; ; {
		orders, err := s.orders(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			log.Warn("orders from other hosts cannot be read; trying again", "error", explain(s.name, err))
		}
		failing = err != nil
		for _, o := range orders {
			if taken, err := s.takeOrder(ctx, o.id); err != nil || !taken {
				continue // it was withdrawn, or the next look finds it again
			}
			answering.Go(func() {
				told := answer(ctx, o.request)
				err := s.writer.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *tables.Tx) error {
					_, err := tx.ExecContext(ctx, "UPDATE orders SET answer = ? WHERE id = ?", told, o.id)
					return err
				})
				if err != nil {
					log.Warn("an order from another host was carried out, and its answer could not be given", "error", err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(orderLook, lease.Pause(s.fence.leader.Row().Length))):
		}
	}
}

type order struct {
	id      int64
	request []byte
}

func (s *Store) orders(ctx context.Context) (list []order, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, request FROM orders WHERE taken_at IS NULL AND asked_at > now() - interval '2 minutes' ORDER BY id LIMIT 20")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var o order
		if err := rows.Scan(&o.id, &o.request); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// takeOrder makes an order the leader's own, and removes the rows of those who never came for their answer.
func (s *Store) takeOrder(ctx context.Context, id int64) (taken bool, err error) {
	err = s.writer.Write(ctx, func(ctx context.Context, tx *tables.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE orders SET taken_at = now() WHERE id = ? AND taken_at IS NULL", id)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if taken = n == 1; err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM orders WHERE asked_at < now() - interval '1 day'")
		return err
	})
	return taken, err
}
