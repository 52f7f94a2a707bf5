package control

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Live is how a running daemon is, beyond what the state database knows.
type Live struct {
	PID       int       `json:"pid"`
	Pass      time.Time `json:"pass"` // when the last pass began; zero before the first has ended
	Trigger   string    `json:"trigger"`
	PassError string    `json:"pass_error,omitempty"`
	FileError string    `json:"file_error,omitempty"` // why the newest version of the fleet file is not in force
	InForce   string    `json:"in_force,omitempty"`   // hash of the fleet file in force
	Writes    string    `json:"writes,omitempty"`     // why the write gate is shut; empty: it is open
	Limit     int       `json:"limit"`                // requests an hour
	Remaining int       `json:"remaining"`
	Plan      string    `json:"plan,omitempty"` // id of the last plan
	Held      int       `json:"held"`
	Drifted   int       `json:"drifted"`

	Revision *fleet.Revision `json:"revision,omitempty"` // of the fleet file that the last plan is for; null: it is not in git
	Waiting  []Waiting       `json:"waiting"`            // what that plan is to do and does not now, for whatever reason

	HeldBack    []Held      `json:"held_back"`              // what waits for a person or a change
	Approvable  bool        `json:"approvable"`             // arcadiad approve would let some of it through
	KeepMonthly fleet.Money `json:"keep_monthly,omitempty"` // US dollars that it keeps droplets for, as far as it is known
}

// Held is an action that is held back.
type Held struct {
	Action      plan.Kind   `json:"action"`
	Name        string      `json:"name"`
	DropletID   int64       `json:"droplet_id,omitempty"`
	By          string      `json:"held_by"`
	Reason      string      `json:"held_reason"`
	Approvable  bool        `json:"approvable"`
	KeepMonthly fleet.Money `json:"keep_monthly,omitempty"` // US dollars
}

// HeldIn gives what a plan holds back.
func HeldIn(p plan.Plan) []Held {
	list := []Held{}
	for _, a := range p.HeldBack() {
		list = append(list, Held{a.Kind, a.Name, a.DropletID, a.HeldBy, a.HeldReason, a.Approvable, a.KeepMonthly})
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

// WaitingIn gives what a plan is to do and does not.
func WaitingIn(p plan.Plan) []Waiting {
	list := []Waiting{}
	for _, a := range p.Actions {
		if a.Held {
			list = append(list, Waiting{a.Kind, a.Name, a.DropletID, a.Cause, append([]plan.FieldChange{}, a.Changes...), a.Reason, a.HeldBy})
		}
	}
	for _, d := range p.Pending {
		list = append(list, Waiting{Name: d.Name, DropletID: d.DropletID, Cause: plan.CauseFile, Changes: d.Changes, HeldBy: "pending"})
	}
	return list
}
