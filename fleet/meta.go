package fleet

import "time"

// Meta is what a state database says of itself.
type Meta struct {
	Path      string // of the file, links resolved
	Schema    int64
	Account   string     // uuid that it is pinned to; empty: not yet
	Simulated bool       // the pinned account is a simulated one
	Fleet     string     // fleet that it is pinned to; empty: not yet
	PausedAt  time.Time  // zero: not paused
	LastSync  time.Time  // when the newest saved observation had ended; zero: none yet
	FirstLook int64      // the highest droplet id of the first saved look, at least 1; 0: none yet
	Approvals []Approval // oldest first, used ones too
}

// Approval is a plan that a person approved without a daemon.
type Approval struct {
	PlanID     string
	ApprovedAt time.Time
	UsedAt     time.Time // when a pass turned it into grants; zero: not yet
}
