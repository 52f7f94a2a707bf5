package daemon

import (
	"os"
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

func (h *house) live() *Live {
	last, budget := h.loop.Last(), h.budget.State()
	l := &Live{
		PID: os.Getpid(), Pass: last.At, Trigger: last.Trigger, Limit: budget.Limit, Remaining: budget.Remaining,
		Plan: last.Outcome.Pass.Plan.ID, Held: last.Outcome.Pass.Plan.Summary.Held, Drifted: last.Outcome.Pass.Plan.Summary.Drifted,
	}
	l.HeldBack = []Held{}
	for _, a := range last.Outcome.Pass.Plan.HeldBack() {
		l.HeldBack = append(l.HeldBack, Held{a.Kind, a.Name, a.DropletID, a.HeldBy, a.HeldReason, a.Approvable, a.KeepMonthly})
	}
	l.Approvable, l.KeepMonthly = last.Outcome.Pass.Plan.Approvable(), last.Outcome.Pass.Plan.KeepMonthly()
	if last.Err != nil {
		l.PassError = last.Err.Error()
	}
	if last.FileErr != nil {
		l.FileError = last.FileErr.Error()
	}
	if wanted, ok := h.loop.Wanted(); ok {
		l.InForce = wanted.Hash
	}
	if budget.Closed != nil {
		l.Writes = budget.Closed.Error()
	}
	return l
}
