package tables

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"arcadiad/fleet"
	"arcadiad/state"
)

// putRollout writes a new rollout. fleet.ErrRolloutLive: its group has a live one, which the unique index finds.
func putRollout(ctx context.Context, tx *Tx, r fleet.Rollout) error {
	if r.ID == "" || r.Group == "" || r.BeganAt.IsZero() {
		return fmt.Errorf("%w: rollout %q of %q needs an id, a group and the time when it began", state.ErrRow, r.ID, r.Group)
	}
	members, err := membersText(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO rollouts (id, group_key, from_what, to_what, spec, rules, members, approval, phase, reason, began_at, lifted_at, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, fleet.Key(r.Group), r.From, r.To, r.Spec, r.Rules, members, r.Approval, string(r.Phase), r.Reason,
		TimeText(r.BeganAt), TimeText(r.LiftedAt), TimeText(r.EndedAt))
	if tx.dialect.Unique(err) == "rollouts_live_group" {
		return fmt.Errorf("%w: %s (see: arcadiad rollout show %s)", fleet.ErrRolloutLive, r.Group, r.Group)
	}
	return err
}

func membersText(r fleet.Rollout) (string, error) {
	members, err := json.Marshal(append([]fleet.RolloutMember{}, r.Members...))
	return string(members), err
}

func checkRollout(ctx context.Context, tx *Tx, r fleet.RolloutStands) error {
	var stands bool
	const query = "SELECT EXISTS (SELECT 1 FROM rollouts WHERE id = ? AND ended_at IS NULL AND phase = ?)"
	if err := tx.QueryRowContext(ctx, query, r.ID, string(r.Phase)).Scan(&stands); err != nil {
		return err
	}
	if !stands {
		return fmt.Errorf("%w: rollout %s is no longer %s", fleet.ErrRolloutChanged, r.ID, r.Phase)
	}
	return nil
}

// ChangeRollout replaces what can change of a rollout, if it is live, in the phase that it was in, and no stop of it was lifted since it was
// read. fleet.ErrRolloutChanged: that is not so.
func (s *Writes) ChangeRollout(ctx context.Context, r fleet.Rollout, was fleet.RolloutPhase) error {
	members, err := membersText(r)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.change(ctx, `
			UPDATE rollouts SET phase = ?, reason = ?, rules = ?, members = ?, approval = ?, lifted_at = ?, ended_at = ?
			WHERE id = ? AND ended_at IS NULL AND phase = ? AND coalesce(lifted_at, '') <= coalesce(?, '')`,
			string(r.Phase), r.Reason, r.Rules, members, r.Approval, TimeText(r.LiftedAt), TimeText(r.EndedAt), r.ID, string(was), TimeText(r.LiftedAt))
		if err != nil {
			return fmt.Errorf("change the rollout of %s: %w", r.Group, err)
		}
		if n == 0 {
			return fmt.Errorf("%w: the rollout of %s is no longer %s, or was resumed", fleet.ErrRolloutChanged, r.Group, was)
		}
		return nil
	})
}

func (r *Reads) Rollouts(ctx context.Context) ([]fleet.Rollout, error) {
	return view(ctx, r, func(ctx context.Context, tx *Tx) ([]fleet.Rollout, error) {
		return readRollouts(ctx, tx, "")
	})
}

// readRollouts gives rollouts, oldest first.
func readRollouts(ctx context.Context, tx *Tx, where string) (rollouts []fleet.Rollout, err error) {
	query := `
		SELECT id, group_key, from_what, to_what, spec, rules, members, approval, phase, reason, began_at, lifted_at, ended_at
		FROM rollouts ` + where + " ORDER BY began_at, rowid"
	err = each(ctx, tx, query, func(rows *sql.Rows) error {
		var r fleet.Rollout
		var members string
		err := rows.Scan(&r.ID, &r.Group, &r.From, &r.To, &r.Spec, &r.Rules, &members, &r.Approval, &r.Phase, &r.Reason,
			when{&r.BeganAt}, when{&r.LiftedAt}, when{&r.EndedAt})
		if err == nil {
			err = decode("members", members, &r.Members)
		}
		if err != nil { // without its members nobody knows what was approved
			return fmt.Errorf("%w: rollout %s of %s: %w (delete that row: a person is asked again)", state.ErrCorrupt, r.ID, r.Group, err)
		}
		rollouts = append(rollouts, r)
		return nil
	})
	return rollouts, err
}
