package control

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// Rollout is a change that goes, or went, through a group, and how far it has come.
type Rollout struct {
	fleet.Rollout

	Done     []string      `json:"done"`               // members that are changed
	Moving   []string      `json:"moving"`             // members with a saga under way
	Waiting  []string      `json:"waiting"`            // all others
	Begun    int           `json:"begun"`              // sagas that it began
	RestedAt time.Time     `json:"rested_at,omitzero"` // when the last of its sagas ended; zero: one is under way, or none has ended
	Failed   *plan.Failure `json:"failed,omitempty"`   // the member that stopped it; nil: it is not stopped
	Plan     *plan.Rollout `json:"plan,omitempty"`     // what the daemon's last plan says of it; nil: it says nothing, no daemon runs, or this answers an order
	Onward   []Progress    `json:"onward,omitempty"`   // of the answer to an abort: its sagas that cannot go back any more
}

// RolloutOf tells of a rollout by the sagas of its journal, oldest first.
func RolloutOf(r fleet.Rollout, sagas []fleet.Saga) Rollout {
	p := r.Progress(sagas)
	told := Rollout{Rollout: r, Done: p.Done, Moving: p.Live, Waiting: p.Waiting, Begun: p.Begun, RestedAt: p.EndedAt}
	if s := p.Stopped; s != nil && r.Live() {
		told.Failed = &plan.Failure{Name: s.Name, Saga: s.ID, Why: s.Error, At: s.EndedAt}
	}
	return told
}

// RolloutVerb is what a person can do with a rollout.
type RolloutVerb string

const (
	PauseRollout  RolloutVerb = "pause"  // begins no more members, until it is resumed
	ResumeRollout RolloutVerb = "resume" // goes on after a pause, an abort, or a member that failed
	AbortRollout  RolloutVerb = "abort"  // the same as a pause, and what is under way goes back
)

// RolloutOrder has a person's word carried out on the live rollout of a group.
type RolloutOrder struct {
	Group string      `json:"group"`
	Do    RolloutVerb `json:"do"`
}
