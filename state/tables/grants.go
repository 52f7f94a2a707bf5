package tables

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/state"
)

// Grant keeps what a person approved, and gives it with the ids of its rows. An approval of the same plan that was given without a daemon
// is used up by it, and was its giver's. What was granted before for the same action and rule is replaced: the person has seen the newer facts.
func (s *Writes) Grant(ctx context.Context, planID string, grants []fleet.Grant) ([]fleet.Grant, error) {
	var kept []fleet.Grant
	now := fleet.PersonOf(ctx)
	err := s.write(ctx, func(ctx context.Context, tx *Tx) error {
		kept = nil
		unused, err := readGrants(ctx, tx)
		if err != nil {
			return err
		}
		by, err := approver(ctx, tx, planID, now)
		if err != nil {
			return err
		}
		older := map[approved][]int64{} // one by one, each would be looked for in the whole table
		for _, g := range unused {
			older[approvedBy(g)] = append(older[approvedBy(g)], g.ID)
		}
		for _, g := range grants {
			if err := tx.exec(ctx, "DELETE FROM grants WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))", jsonList(older[approvedBy(g)])); err != nil {
				return err
			}
			err := tx.QueryRowContext(ctx, `
				INSERT INTO grants (plan_id, kind, name, droplet, spec, rule, facts, approved_at, approved_by, approved_because)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
				planID, g.Kind, g.Name, orNull(g.DropletID), g.Spec, g.Rule, jsonList(g.Facts), TimeText(g.At), nullText(by.Name), nullText(by.Reason)).Scan(&g.ID)
			if err != nil {
				return fmt.Errorf("grant %s %s: %w", g.Kind, g.Name, err)
			}
			g.Plan, g.By = planID, by
			kept = append(kept, g)
		}
		return tx.exec(ctx, "UPDATE approvals SET used_at = ? WHERE plan_id = ? AND used_at IS NULL", TimeText(time.Now()), planID)
	})
	return kept, err
}

// approver is who approved a plan without a daemon, or else who does so now.
func approver(ctx context.Context, tx *Tx, planID string, now fleet.Person) (by fleet.Person, err error) {
	err = tx.QueryRowContext(ctx, "SELECT coalesce(approved_by, ''), coalesce(approved_because, '') FROM approvals WHERE plan_id = ? AND used_at IS NULL", planID).
		Scan(&by.Name, &by.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return now, nil
	}
	return by, err
}

// approved is an action and the rule that held it.
type approved struct {
	kind, name, rule string
	droplet          int64
}

func approvedBy(g fleet.Grant) approved { return approved{g.Kind, g.Name, g.Rule, g.DropletID} }

// Withdraw takes back approvals that were not used yet, by the ids of their rows.
func (s *Writes) Withdraw(ctx context.Context, grants []int64) error {
	if len(grants) == 0 {
		return ctx.Err()
	}
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.exec(ctx, "DELETE FROM grants WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND used_at IS NULL", jsonList(grants))
	})
}

// readGrants gives the grants that were not used yet, oldest first.
func readGrants(ctx context.Context, tx *Tx) (grants []fleet.Grant, err error) {
	const query = "SELECT id, plan_id, kind, name, coalesce(droplet, '0'), spec, rule, facts, approved_at, coalesce(approved_by, ''), coalesce(approved_because, '') " +
		"FROM grants WHERE used_at IS NULL ORDER BY id"
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var g fleet.Grant
		var facts string
		if err := rows.Scan(&g.ID, &g.Plan, &g.Kind, &g.Name, &g.DropletID, &g.Spec, &g.Rule, &facts, when{&g.At}, &g.By.Name, &g.By.Reason); err != nil {
			return err
		}
		if err := decode("facts", facts, &g.Facts); err != nil {
			return fmt.Errorf("%w: grant %d: %w", state.ErrCorrupt, g.ID, err)
		}
		grants = append(grants, g)
		return nil
	})
	return grants, err
}

// useGrants uses up the grants that a saga goes by.
func useGrants(ctx context.Context, tx *Tx, sg saga.Saga) error {
	if sg.Labels[fleet.LabelGrants] == "" {
		return nil
	}
	facts, err := fleet.FactsOf(sg.Labels)
	if err != nil {
		return err
	}
	for _, id := range facts.Grants {
		err := tx.checked(ctx, one, "UPDATE grants SET used_at = ? WHERE id = ? AND used_at IS NULL", TimeText(time.Now()), id)
		if errors.Is(err, errNoRow) {
			return fmt.Errorf("%w: grant %d was used already, or never given (see: arcadiad plan)", state.ErrApproval, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
