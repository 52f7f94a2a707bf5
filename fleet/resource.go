package fleet

import "time"

// Resource is a row of cloud_resources with what is recorded of it: what `arcadiad status` shows.
type Resource struct {
	DropletID   int64
	Name        string
	Region      string
	Status      Status
	PublicIP    string // empty until assigned
	Tags        []string
	FirstSeenAt time.Time
	LastSeenAt  time.Time
	DeletedAt   time.Time // zero while it is not proved gone

	MissingSince time.Time // when the first look that lacked it began; zero: the last look showed it
	Released     bool      // a person gave it back, and nobody has adopted it since

	Recorded   bool   // it has a record; the fields below are the record's
	RecordName string // the name that it was made for; another Name is drift
	Size       string
	Image      string
	Protect    bool
	SagaID     string
}
