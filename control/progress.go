package control

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

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
