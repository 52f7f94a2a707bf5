package fleet

import "time"

// Resource is a row of cloud_resources with what is recorded of it: what `arcadiad status` shows.
type Resource struct {
	DropletID   int64     `json:"DropletID"`
	Name        string    `json:"Name"`
	Region      string    `json:"Region"`
	Status      Status    `json:"Status"`
	PublicIP    string    `json:"PublicIP"` // empty until assigned
	Tags        []string  `json:"Tags"`
	FirstSeenAt time.Time `json:"FirstSeenAt"`
	LastSeenAt  time.Time `json:"LastSeenAt"`
	DeletedAt   time.Time `json:"DeletedAt"` // zero while it is not proved gone

	// As the droplet showed itself last, where it did.
	PrivateIP  string    `json:"PrivateIP,omitempty"`
	ReservedIP string    `json:"ReservedIP,omitempty"` // that was assigned for its name, or else that it shows; of one in quarantine: that it had last
	SizeSeen   string    `json:"SizeSeen,omitempty"`
	ImageSeen  string    `json:"ImageSeen,omitempty"` // a slug, or an id in decimal
	CreatedAt  time.Time `json:"CreatedAt,omitzero"`  // by the API

	MissingSince time.Time `json:"MissingSince"` // when the first look that lacked it began; zero: the last look showed it
	Released     bool      `json:"Released"`     // a person gave it back, and nobody has adopted it since

	Recorded   bool   `json:"Recorded"`   // it has a record; the fields below are the record's
	RecordName string `json:"RecordName"` // the name that it was made for; another Name is drift
	Size       string `json:"Size"`
	Image      string `json:"Image"`
	Protect    bool   `json:"Protect"`
	SagaID     string `json:"SagaID"`
}

// State tells what the droplet is to the fleet, as of the last look.
func (r Resource) State(o Owners) State {
	switch {
	case r.Recorded && !r.MissingSince.IsZero():
		return StateMissing
	case !r.DeletedAt.IsZero() || r.Status == StatusDeleted:
		return StateDeleted
	}
	return o.State(&Droplet{Tags: r.Tags}, r.Recorded, r.Released)
}

// Meta is what a state database says of itself.
type Meta struct {
	Path      string     `json:"Path"` // of the file, links resolved
	Schema    int64      `json:"Schema"`
	Account   string     `json:"Account"`   // uuid that it is pinned to; empty: not yet
	Simulated bool       `json:"Simulated"` // the pinned account is a simulated one
	Fleet     string     `json:"Fleet"`     // fleet that it is pinned to; empty: not yet
	PausedAt  time.Time  `json:"PausedAt"`  // zero: not paused
	PausedBy  Person     `json:"PausedBy,omitzero"`
	LastSync  time.Time  `json:"LastSync"`         // when the newest saved observation had ended; zero: none yet
	FirstLook int64      `json:"FirstLook"`        // the highest droplet id of the first saved look, at least 1; 0: none yet
	Approvals []Approval `json:"Approvals"`        // oldest first, used ones too
	Leader    *Leader    `json:"Leader,omitempty"` // who may write to it; nil: it is a file, and its lock decides
}

// Leader is the arcadiad that leads, of those that share a state database.
type Leader struct {
	Host  string    `json:"host"`           // and its process; empty: none leads
	Since time.Time `json:"since,omitzero"` // by its own clock
	Epoch int64     `json:"epoch"`          // how often the lead has changed hands
}

// Approval is a plan that a person approved without a daemon.
type Approval struct {
	PlanID     string    `json:"PlanID"`
	ApprovedAt time.Time `json:"ApprovedAt"`
	UsedAt     time.Time `json:"UsedAt"` // when a pass turned it into grants; zero: not yet
	By         Person    `json:"By,omitzero"`
}
