package condition

import (
	"fmt"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// held tells of the actions that the next pass does not do by itself. Those of one name are one condition.
func (s Set) held() (conditions []Condition) {
	first := map[string]int{} // index of a name's condition
	for _, a := range s.Pass.Plan.Actions {
		if !a.Held || a.Waits() && !a.Hold().Failed { // the next pass does it
			continue
		}
		c := heldCondition(s.Pass.Plan.ID, a)
		if i, again := first[a.Name]; again {
			conditions[i].State += " " + c.State
			conditions[i].Summary += "; " + c.Summary
			continue
		}
		first[a.Name] = len(conditions)
		conditions = append(conditions, c)
	}
	return conditions
}

// heldCondition leaves the droplet out of its words: what is held for one reason is told in one line.
func heldCondition(planID string, a plan.Action) Condition {
	c := Condition{
		Kind: Held, Subject: a.Name, State: fmt.Sprint(a.Kind, " ", a.HeldBy, " ", a.DropletID, " ", a.Spec.Hash()),
		Summary: fmt.Sprintf("%s is held by %s: %s", a.Kind, a.HeldBy, a.HeldReason),
		Advice:  a.Hold().Advice(planID),
	}
	if a.Hold().Failed && !a.Hold().Waits {
		c.Kind = Stalled
	}
	return c
}

// HeldBack is an action that waits for a person or a change.
type HeldBack struct {
	Action      plan.Kind   `json:"action"`
	Name        string      `json:"name"`
	DropletID   int64       `json:"droplet_id,omitempty"`
	By          string      `json:"held_by"`
	Reason      string      `json:"held_reason"`
	Approvable  bool        `json:"approvable"`
	KeepMonthly fleet.Money `json:"keep_monthly,omitempty"` // US dollars
}

// HeldBack are the actions of the last plan that are held back.
func (s Set) HeldBack() []HeldBack {
	list := []HeldBack{}
	if s.Pass != nil {
		for _, a := range s.Pass.Plan.HeldBack() {
			list = append(list, HeldBack{a.Kind, a.Name, a.DropletID, a.HeldBy, a.HeldReason, a.Approvable, a.KeepMonthly})
		}
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
	if s.Pass == nil {
		return list
	}
	for _, a := range s.Pass.Plan.Actions {
		if a.Held {
			list = append(list, Waiting{a.Kind, a.Name, a.DropletID, a.Cause, append([]plan.FieldChange{}, a.Changes...), a.Reason, a.HeldBy})
		}
	}
	for _, d := range s.Pass.Plan.Pending {
		list = append(list, Waiting{Name: d.Name, DropletID: d.DropletID, Cause: plan.CauseFile, Changes: d.Changes, HeldBy: "pending"})
	}
	return list
}
