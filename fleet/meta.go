package fleet

import "time"

// Meta is what a state database says of itself.
type Meta struct {
	Path      string     `json:"Path"` // of the file, links resolved
	Schema    int64      `json:"Schema"`
	Account   string     `json:"Account"`   // uuid that it is pinned to; empty: not yet
	Simulated bool       `json:"Simulated"` // the pinned account is a simulated one
	Fleet     string     `json:"Fleet"`     // fleet that it is pinned to; empty: not yet
	PausedAt  time.Time  `json:"PausedAt"`  // zero: not paused
	LastSync  time.Time  `json:"LastSync"`  // when the newest saved observation had ended; zero: none yet
	FirstLook int64      `json:"FirstLook"` // the highest droplet id of the first saved look, at least 1; 0: none yet
	Approvals []Approval `json:"Approvals"` // oldest first, used ones too
}

// Approval is a plan that a person approved without a daemon.
type Approval struct {
	PlanID     string    `json:"PlanID"`
	ApprovedAt time.Time `json:"ApprovedAt"`
	UsedAt     time.Time `json:"UsedAt"` // when a pass turned it into grants; zero: not yet
}
