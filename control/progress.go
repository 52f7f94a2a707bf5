package control

import (
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
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
	Doing     string    `json:"doing,omitempty"` // what the step waits for, in words; empty: its name says enough
	Steps     int       `json:"steps"`           // how many the saga has
	StepNo    int       `json:"step_no"`         // from 1
	Reverse   bool      `json:"reverse"`         // it goes back
	Attempt   int       `json:"attempt"`         // from 1
	DropletID int64     `json:"droplet_id,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Error     string    `json:"error,omitempty"`
	Began     time.Time `json:"began"` // the saga
	Ended     bool      `json:"ended"`

	Batch *Batch `json:"batch,omitempty"` // how far a rollout has come; then all else is empty
}

// Batch is how far a rollout has come, as those who watch an apply see it.
type Batch struct {
	Group   string        `json:"group"`
	Done    int           `json:"done"` // members that are changed
	Total   int           `json:"total"`
	Number  int           `json:"number"`            // of the present batch, or of the next
	Of      int           `json:"of"`                // about how many there are
	Members []string      `json:"members,omitempty"` // that are under way, or begin now
	Left    time.Duration `json:"left"`              // about how long the rest takes
	NextAt  time.Time     `json:"next_at,omitzero"`  // it waits for that time, and then goes on by itself
}

// BatchesOf tells how far the rollouts of a plan have come which go on with it.
func BatchesOf(p plan.Plan) (batches []Progress) {
	for _, r := range p.Rollouts {
		members := slices.Concat(r.Live, r.Next)
		if r.Total() < 2 || len(members) == 0 && r.GoesOnAt().IsZero() {
			continue
		}
		batches = append(batches, Progress{Batch: &Batch{
			Group: r.Group, Done: len(r.Done), Total: r.Total(), Number: r.Batch, Of: r.Batch + r.Batches - 1, Members: members, Left: r.Left, NextAt: r.GoesOnAt(),
		}})
	}
	return batches
}

// ProgressOf tells of a transition.
func ProgressOf(e saga.Event) Progress {
	s := e.Saga
	facts, _ := fleet.FactsOf(s.Labels) // one that cannot be read is not told
	p := Progress{
		Saga: s.ID, Kind: s.Kind, Name: s.Subject, What: string(e.What), Status: string(s.Status), Step: e.Step, Doing: fleet.Doing(e.Step, s.Labels), Steps: len(s.Steps),
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
