package tables

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"arcadiad/fleet"
	"arcadiad/state"
)

// Pin binds the database to an account and a fleet at their first use, and afterwards checks that they are the same (law 10). An
// empty fleetName leaves the fleet alone, as when no fleet is in force. state.ErrPinned: one of them is another, and the error says
// which, and what to do.
func (s *Writes) Pin(ctx context.Context, account fleet.Account, fleetName string) error {
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		var uuid, pinnedFleet sql.NullString
		var simulated bool
		err := tx.QueryRowContext(ctx, "SELECT account, simulated, fleet FROM control").Scan(&uuid, &simulated, &pinnedFleet)
		if err != nil {
			return err
		}
		pinned := fleet.Meta{Path: s.reads.path, Account: uuid.String, Simulated: simulated, Fleet: pinnedFleet.String}
		if err := state.Pinned(pinned, account, fleetName); err != nil {
			return err
		}
		return tx.exec(ctx, "UPDATE control SET account = coalesce(account, ?), simulated = ?, fleet = coalesce(?, fleet)",
			account.UUID, account.Simulated, nullText(fleetName))
	})
}

func (s *Writes) Pause(ctx context.Context, paused bool) error {
	by := fleet.PersonOf(ctx)
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		if !paused {
			return tx.exec(ctx, "UPDATE control SET paused_at = NULL, paused_by = NULL, paused_because = NULL")
		}
		// Paused twice is paused since the first time, and by the first one.
		return tx.exec(ctx, "UPDATE control SET paused_at = ?, paused_by = ?, paused_because = ? WHERE paused_at IS NULL",
			TimeText(time.Now()), nullText(by.Name), nullText(by.Reason))
	})
}

func (s *Writes) Approve(ctx context.Context, planID string) error {
	if planID == "" {
		return errors.New("approve: which plan?")
	}
	by := fleet.PersonOf(ctx)
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.exec(ctx, `
			INSERT INTO approvals (plan_id, approved_at, approved_by, approved_because) VALUES (?, ?, ?, ?)
			ON CONFLICT (plan_id) DO UPDATE SET approved_at = excluded.approved_at, used_at = NULL,
				approved_by = excluded.approved_by, approved_because = excluded.approved_because`,
			planID, TimeText(time.Now()), nullText(by.Name), nullText(by.Reason))
	})
}

// Lapse drops the approvals of plans that no pass has turned into grants, but for that of the plan to keep, and gives the ids of the plans:
// an approval is for one plan, and when another is due it must not wait until the first happens to come again.
func (s *Writes) Lapse(ctx context.Context, keepPlan string) (lapsed []string, err error) {
	err = s.write(ctx, func(ctx context.Context, tx *Tx) (err error) {
		const query = "DELETE FROM approvals WHERE used_at IS NULL AND plan_id <> ? RETURNING plan_id"
		lapsed, err = list(ctx, tx, query, func(id *string) []any { return []any{id} }, keepPlan)
		return err
	})
	return lapsed, err
}
