package control

import (
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Status is what a state database knows, and how the daemon on it is.
type Status struct {
	Meta       fleet.Meta       `json:"meta"`
	Resources  []fleet.Resource `json:"resources"` // every droplet that was ever seen
	Sagas      []saga.Saga      `json:"sagas"`     // live ones
	Deviations []fleet.Drift    `json:"deviations"`
	Daemon     *Live            `json:"daemon,omitempty"` // nil: none runs, or it does not answer

	DaemonError string `json:"-"` // why a daemon that is there was not asked
}

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

	Revision *fleet.Revision     `json:"revision,omitempty"` // of the fleet file that the last plan is for; null: it is not in git
	Waiting  []condition.Waiting `json:"waiting"`            // what that plan is to do and does not now, for whatever reason

	HeldBack    []condition.HeldBack `json:"held_back"`              // what waits for a person or a change
	Approvable  bool                 `json:"approvable"`             // arcadiad approve would let some of it through
	KeepMonthly fleet.Money          `json:"keep_monthly,omitempty"` // US dollars that it keeps droplets for, as far as it is known
}

// Progress is one transition of a saga, as those who watch an apply see it.
type Progress struct {
	Saga      string    `json:"saga"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	What      string    `json:"what"` // see saga.What
	Status    string    `json:"status"`
	Step      string    `json:"step"`
	Steps     int       `json:"steps"`   // how many the saga has
	StepNo    int       `json:"step_no"` // from 1
	Reverse   bool      `json:"reverse"` // it goes back
	Attempt   int       `json:"attempt"` // from 1
	DropletID int64     `json:"droplet_id,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Error     string    `json:"error,omitempty"`
	Began     time.Time `json:"began"` // the saga
	Ended     bool      `json:"ended"`
}

// ProgressOf tells of a transition.
func ProgressOf(e saga.Event) Progress {
	s := e.Saga
	facts, _ := fleet.FactsOf(s.Labels) // one that cannot be read is not told
	p := Progress{
		Saga: s.ID, Kind: s.Kind, Name: s.Subject, What: string(e.What), Status: string(s.Status), Step: e.Step, Steps: len(s.Steps),
		StepNo: min(s.Step+1, len(s.Steps)), Reverse: s.Reverse, Attempt: e.Attempt, DropletID: facts.DropletID, IP: facts.IP,
		Began: s.CreatedAt, Ended: e.What == saga.EventEnded,
	}
	if e.Err != nil {
		p.Error = e.Err.Error()
	} else if p.Status == string(saga.Compensated) {
		p.Error = s.Error
	}
	return p
}

// Failed tells whether the saga ended without its work done, or is stuck.
func (p Progress) Failed() bool {
	return p.Status == string(saga.Stuck) || p.Ended && p.Status == string(saga.Compensated)
}
