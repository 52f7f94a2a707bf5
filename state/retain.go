package state

import "time"

// MinKeepSagas is how long an ended saga is kept at least. For 7 days it is watched for droplets that come late (law 5).
const MinKeepSagas = 8 * 24 * time.Hour

// Retention says how long what is over is kept; 0: for ever.
type Retention struct {
	Sagas   time.Duration // ended sagas, and approvals, since their end; at least MinKeepSagas
	Deleted time.Duration // rows of droplets, since they were proved gone
}

// Removed counts what Retain removed.
type Removed struct{ Sagas, Approvals, Deleted int64 }
