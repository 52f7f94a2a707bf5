package plan

import (
	"time"

	"arcadiad/fleet"
)

// Rollout is a change on its way through a group, as one plan sees it.
type Rollout struct {
	fleet.Rollout // ID is empty: it begins with the sagas of this plan

	Count   int      `json:"Count"`   // desired members of the group
	Serving int      `json:"Serving"` // of those, the ones that are in service now
	Done    []string `json:"Done"`    // members that are changed
	Live    []string `json:"Live"`    // members with a saga under way
	Next    []string `json:"Next"`    // members that this plan begins
	Waiting []string `json:"Waiting"` // all others that are to change
	Size    int      `json:"Size"`    // how many go at a time
	Canary  int      `json:"Canary"`  // how many go first, alone; 0: none, or a member is changed already
	Probe   string   `json:"Probe"`   // what a new droplet must pass, in words; empty: it only has to be active

	HeldBy  string        `json:"HeldBy"`  // the hold that keeps all that is left of it; empty: none does
	Why     string        `json:"Why"`     // why it does not go on now, in words; with a member's name: the others have reasons of their own
	Failed  *Failure      `json:"Failed"`  // what stopped it; nil: nothing did
	NextAt  time.Time     `json:"NextAt"`  // when the next batch may begin; zero: that does not depend on the time
	Left    time.Duration `json:"Left"`    // about how long the rest of it takes, once nothing holds it
	Pause   time.Duration `json:"Pause"`   // between two batches
	Batch   int           `json:"Batch"`   // the number of the present batch, or of the next one; from 1
	Batches int           `json:"Batches"` // that are left, that one too
}

// Failure is a member that failed, and so stopped its rollout.
type Failure struct {
	Name string    `json:"name"`
	Saga string    `json:"saga"` // its id
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}

// Total is how many members the rollout changes, those that are done too.
func (r Rollout) Total() int { return len(r.Done) + len(r.Live) + len(r.Next) + len(r.Waiting) }

// GoesOnAt is when the rollout goes on by itself, after the pause between two batches; zero: it does not wait for that alone.
func (r Rollout) GoesOnAt() time.Time {
	if r.HeldBy != "" {
		return time.Time{}
	}
	return r.NextAt
}

// RolloutChange is what becomes of the row of a rollout, because of what the file asks for now or of what is done.
type RolloutChange struct {
	Rollout fleet.Rollout      // as it is to be
	Was     fleet.RolloutPhase // the phase that it is in
}

// Probe is a droplet whose readiness the plan depends on.
type Probe struct {
	DropletID int64
	Address   string
	Ready     fleet.Ready
	Beside    bool // of another group: it only tells whether this host's network works
}
