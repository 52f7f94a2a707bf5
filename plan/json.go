package plan

import (
	"encoding/json"
	"time"

	"arcadiad/fleet"
)

// MarshalJSON gives the contract's shape of a plan. Licenses, specs and records stay inside.
func (p Plan) MarshalJSON() ([]byte, error) {
	type ends struct {
		Shutdown bool `json:"shutdown"` // the operating system is asked first
		Snapshot bool `json:"snapshot"` // it stays, and is billed, until somebody deletes it
		Keep     int  `json:"keep_seconds"`
	}
	type action struct {
		Action     Kind          `json:"action"`
		Name       string        `json:"name"`
		DropletID  int64         `json:"droplet_id,omitempty"`
		Line       int           `json:"line,omitempty"`         // of its stanza in the fleet file
		Monthly    fleet.Money   `json:"monthly_cost,omitempty"` // what it adds, in US dollars
		Reason     string        `json:"reason"`
		Cause      Cause         `json:"cause,omitempty"`
		Downtime   bool          `json:"downtime,omitempty"` // the droplet is off for a while
		Changes    []FieldChange `json:"changes"`
		Held       bool          `json:"held"`
		HeldBy     string        `json:"held_by"`
		HeldReason string        `json:"held_reason"`
		Approvable bool          `json:"approvable"`
		Rollout    string        `json:"rollout,omitempty"`      // the group that it changes a member of
		Keep       fleet.Money   `json:"keep_monthly,omitempty"` // US dollars

		SideEffects []fleet.Attachment `json:"takes,omitempty"`
		Ends        *ends              `json:"ends,omitempty"` // destroy and replace
	}
	type rollout struct {
		ID          string    `json:"id,omitempty"` // left out: it has not begun
		Group       string    `json:"group"`
		From        string    `json:"from"`
		To          string    `json:"to"`
		Phase       string    `json:"phase"`
		Members     Standing  `json:"members"`
		Desired     int       `json:"desired"`
		Serving     int       `json:"in_service"`
		Size        int       `json:"size"`
		Canary      int       `json:"canary"`
		Batch       int       `json:"batch"`
		Batches     int       `json:"batches"`
		SecondsLeft int       `json:"seconds_left"`
		Ready       string    `json:"ready"` // empty: active is enough
		HeldBy      string    `json:"held_by"`
		Reason      string    `json:"reason"` // why it does not go on now
		Failed      *Failure  `json:"failed,omitempty"`
		NextAt      time.Time `json:"next_at,omitzero"`
	}
	type kept struct {
		Name      string      `json:"name"` // that it had
		DropletID int64       `json:"droplet_id"`
		Until     time.Time   `json:"until,omitzero"`
		Monthly   fleet.Money `json:"monthly,omitempty"` // US dollars
	}
	type cost struct {
		Before     fleet.Price `json:"before"`
		After      fleet.Price `json:"after"`
		Difference fleet.Price `json:"difference"`
		Held       fleet.Price `json:"held"`
		Unpriced   int         `json:"unpriced"`
		Currency   string      `json:"currency"`
	}
	type back struct {
		Name      string `json:"name"`
		DropletID int64  `json:"droplet_id"`
		Rollout   string `json:"rollout"` // id of the one that has stopped
		Reason    string `json:"reason"`
	}
	type effort struct {
		Requests int `json:"requests"`
		Seconds  int `json:"seconds"`
	}
	actions := make([]action, len(p.Actions))
	for i, a := range p.Actions {
		actions[i] = action{a.Kind, a.Name, a.DropletID, a.Spec.Line, a.Cost.Monthly, a.Reason, a.Cause, a.Alter.Downtime(), list(a.Changes), a.Held, a.HeldBy,
			a.HeldReason, a.Approvable, a.Rollout, a.KeepMonthly, a.SideEffects, nil}
		if e := a.Ending; a.Kind == Destroy || a.Kind == Replace {
			actions[i].Ends = &ends{!e.Hard, e.Snapshot, int(e.Keep.Seconds())}
		}
	}
	rollouts := make([]rollout, len(p.Rollouts))
	for i, r := range p.Rollouts {
		rollouts[i] = rollout{r.ID, r.Group, r.From, r.To, string(r.Phase), r.Standing(), r.Count, r.Serving, r.Size, r.Canary, r.Batch, r.Batches,
			int(r.Left.Seconds()), r.Probe, r.HeldBy, r.Why, r.Failed, r.NextAt}
	}
	keeps := make([]kept, len(p.Kept))
	for i, k := range p.Kept {
		keeps[i] = kept{k.Name, k.DropletID, k.Until, k.Price.Monthly}
	}
	backs := make([]back, len(p.Back))
	for i, k := range p.Back {
		backs[i] = back{k.Transfer.Name, k.Transfer.DropletID, k.Rollout, k.Reason}
	}
	return json.Marshal(struct {
		ID         string          `json:"id"`
		Fleet      string          `json:"fleet"`
		Revision   *fleet.Revision `json:"revision,omitempty"` // left out where the fleet file is not in git
		Approved   bool            `json:"approved"`
		Actions    []action        `json:"actions"`
		Rollouts   []rollout       `json:"rollouts"`
		Back       []back          `json:"back,omitempty"` // brought back out of quarantine, because the rollout of their group has stopped
		Drift      []Drift         `json:"drift"`
		Pending    []Drift         `json:"pending"`
		Ignored    []Drift         `json:"ignored"`
		Released   []Released      `json:"released"`
		Missing    []Missing       `json:"missing"`
		Kept       []kept          `json:"kept"` // droplets in quarantine
		InFlight   []InFlight      `json:"in_flight"`
		Warnings   []string        `json:"warnings"`
		Keep       fleet.Money     `json:"keep_monthly,omitempty"` // US dollars, all that is held back
		Summary    Summary         `json:"summary"`
		Cost       cost            `json:"cost"`
		Effort     effort          `json:"effort"`
		ObservedAt time.Time       `json:"observed_at,omitzero"`
		Lapses     time.Time       `json:"lapses_at,omitzero"`
	}{
		p.ID, p.Fleet, p.Revision, p.Approved, actions, rollouts, backs, list(p.Drift), list(p.Pending), list(p.Ignored), list(p.Released), list(p.Missing),
		keeps, list(p.InFlight), list(p.Warnings),
		p.KeepMonthly(), p.Summary, cost{p.Cost.Before, p.Cost.After, p.Cost.Difference(), p.Cost.Held, p.Cost.Unpriced, "USD"},
		effort{p.Effort.Requests, int(p.Effort.Time.Seconds())}, p.ObservedAt, p.Lapses,
	})
}

// Standing is how the members of a rollout stand, as programs are told.
type Standing struct {
	Total   int      `json:"total"`
	Done    []string `json:"done"`
	Live    []string `json:"live"` // a saga is under way
	Next    []string `json:"next"` // begin with this plan
	Waiting []string `json:"waiting"`
}

// Standing gives the members by how they stand.
func (r Rollout) Standing() Standing {
	return Standing{r.Total(), list(r.Done), list(r.Live), list(r.Next), list(r.Waiting)}
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
