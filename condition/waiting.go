package condition

import (
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// HeldBack is an action that waits for a person or a change.
type HeldBack struct {
	Action      plan.Kind   `json:"action"`
	Name        string      `json:"name"`
	DropletID   int64       `json:"droplet_id,omitempty"`
	By          string      `json:"held_by"`
	Reason      string      `json:"held_reason"`
	Approvable  bool        `json:"approvable"`
	Rollout     string      `json:"rollout,omitempty"`      // the group whose rollout is held as a whole
	KeepMonthly fleet.Money `json:"keep_monthly,omitempty"` // US dollars
}

// HeldBack are the actions of the last plan that are held back.
func (s Set) HeldBack() []HeldBack {
	list := []HeldBack{}
	for _, a := range s.Plan.HeldBack() {
		h := HeldBack{a.Kind, a.Name, a.DropletID, a.HeldBy, a.HeldReason, a.Approvable, "", a.KeepMonthly}
		if s.Plan.HeldWhole(a) != nil {
			h.Rollout = a.Rollout
		}
		list = append(list, h)
	}
	return list
}

// Waiting is an action of a plan that is held, or a change of the file that cannot be made on a living droplet.
type Waiting struct {
	Action    plan.Kind          `json:"action,omitempty"` // empty: there is none for it
	Name      string             `json:"name"`
	DropletID int64              `json:"droplet_id,omitempty"`
	Cause     plan.Cause         `json:"cause,omitempty"`
	Changes   []plan.FieldChange `json:"changes"`
	Reason    string             `json:"reason,omitempty"`
	HeldBy    string             `json:"held_by"` // the rule, or pending
}

// Waiting is what the last plan is to do and does not, for whatever reason.
func (s Set) Waiting() []Waiting {
	list := []Waiting{}
	for _, a := range s.Plan.Actions {
		if a.Held {
			list = append(list, Waiting{a.Kind, a.Name, a.DropletID, a.Cause, append([]plan.FieldChange{}, a.Changes...), a.Reason, a.HeldBy})
		}
	}
	for _, d := range s.Plan.Pending {
		list = append(list, Waiting{Name: d.Name, DropletID: d.DropletID, Cause: plan.CauseFile, Changes: d.Changes, HeldBy: "pending"})
	}
	return list
}

// Difference is one thing about a name that is not as the fleet file asks, and whose doing that is.
type Difference struct {
	Name      string     `json:"name"`
	DropletID int64      `json:"droplet_id,omitempty"` // 0: there is none
	Cause     plan.Cause `json:"cause"`
	Field     string     `json:"field,omitempty"` // left out: it is about the droplet as a whole, and the reason says what
	From      string     `json:"from,omitempty"`  // as it was: recorded, or before the change of the file
	To        string     `json:"to,omitempty"`    // as it was made: seen, or asked for
	Reason    string     `json:"reason,omitempty"`
	Since     time.Time  `json:"since,omitzero"`    // when it was noticed
	By        string     `json:"by,omitempty"`      // the droplet's action that did it; left out: not known
	HeldBy    string     `json:"held_by,omitempty"` // the rule that keeps the plan from doing it; of what the file asks for
}

// Differences tells what somebody changed from what is broken, by what the state database remembers: with or without a daemon. What the
// daemon's plan is to do and does not now comes after that, but for what the state database tells better.
func Differences(deviations []fleet.Drift, live []saga.Saga, waiting []Waiting) []Difference {
	out := []Difference{}
	for _, d := range deviations {
		cause := plan.CauseOutside
		if d.Field == "status" {
			cause = plan.CauseBroken
		}
		out = append(out, Difference{
			Name: d.Name, DropletID: d.DropletID, Cause: cause, Field: d.Field, From: d.Recorded, To: d.Seen, Since: d.Since, By: d.By,
		})
	}
	for _, s := range live {
		if s.Kind == fleet.SagaProvision && s.Labels[fleet.LabelCause] == string(plan.CauseBroken) {
			out = append(out, Difference{Name: s.Subject, Cause: plan.CauseBroken, Reason: s.Labels[fleet.LabelReason], Since: s.CreatedAt})
		}
	}
	for _, w := range waiting {
		d := Difference{Name: w.Name, DropletID: w.DropletID, Cause: w.Cause, HeldBy: w.HeldBy}
		switch {
		case w.Cause == "", w.Cause != plan.CauseFile && len(w.Changes) > 0:
		case len(w.Changes) == 0:
			d.Reason = w.Reason
			out = append(out, d)
		default:
			for _, c := range w.Changes {
				if c.Cause == plan.CauseFile {
					d.Field, d.From, d.To = c.Field, c.From, c.To
					out = append(out, d)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Difference) int { return fleet.CompareNames(a.Name, b.Name) })
	return out
}
