package provision

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// work is the context that all steps of a droplet saga share. It is journaled as JSON: fields may be added, never renamed.
type work struct {
	Fleet    string     `json:"fleet"`
	Name     string     `json:"name"`
	Spec     fleet.Spec `json:"spec"` // without user_data, which is the saga's secret
	SpecHash string     `json:"spec_hash,omitempty"`

	// What is being made, or adopted.
	Attempt   *attempt       `json:"attempt,omitempty"`    // a create whose outcome is not known
	Sent      int            `json:"sent,omitempty"`       // creates that were answered with a droplet, or may have made one
	Answered  []int64        `json:"answered,omitempty"`   // the droplets in the answers to our creates
	Namesakes []int64        `json:"namesakes,omitempty"`  // droplets that bore the name before the first create was sent
	Witnessed bool           `json:"witnessed,omitempty"`  // they were noted from a whole listing that showed all registered droplets
	Lost      []int64        `json:"lost,omitempty"`       // droplets of the name that are proved gone, and that it stands in for
	DropletID int64          `json:"droplet_id,omitempty"` // 0: none yet
	Maker     string         `json:"maker,omitempty"`      // the saga of this journal that made what is adopted, if one did
	Posted    bool           `json:"posted,omitempty"`     // the id is from the answer to our own POST
	TagSeen   bool           `json:"tag_seen,omitempty"`   // a look showed tags of ours on it
	Looks     int            `json:"looks,omitempty"`      // answered looks while waiting for it to become active
	Judged    int            `json:"judged,omitempty"`     // how many there were when its create action was asked the last time
	Seen      *fleet.Droplet `json:"seen,omitempty"`       // active, as the wait saw it
	Vanished  bool           `json:"vanished,omitempty"`   // the wait found it gone
	Ready     *readying      `json:"ready,omitempty"`      // how far its probe has come; nil: not begun
	Address   string         `json:"address,omitempty"`    // the reserved IP that was assigned to it; empty: none

	// Registered tells, on the way back, that what the saga made was registered: it is nobody's leftover (law 5).
	Registered bool `json:"registered,omitempty"`

	// What is being destroyed.
	License    plan.License `json:"licence,omitzero"`
	Demolition demolition   `json:"demolition,omitzero"`
	Drain      fleet.Drain  `json:"drain,omitzero"` // how that leaves its load balancers, or what is being updated
	Ending     fleet.Ending `json:"ending,omitzero"`

	// What is being adopted or released, by a person's word.
	Transfer *transferred `json:"handover,omitempty"` // nil: nothing was written to it yet
	Returned bool         `json:"returned,omitempty"` // a person released it before
	Free     bool         `json:"free,omitempty"`     // its name becomes free even if the file wants it

	// What is brought back out of quarantine, by a person's word.
	Restore *restoring `json:"restore,omitempty"`

	// What is being updated, or was recorded of a released droplet that is adopted again.
	Record *fleet.Record    `json:"record,omitempty"` // as it is to be from then on
	Alter  fleet.Alteration `json:"alter,omitzero"`
	Found  found            `json:"found,omitzero"`
}

// attempt is a create that was sent, or may have been.
type attempt struct {
	IntendedAt time.Time `json:"intended_at"`
	Ended      bool      `json:"ended"`             // its end was seen by the process that sent it, or waited out by one that came after
	Settled    int       `json:"settled"`           // answered looks since then, each a good part of the settle time after the one before
	Strange    int       `json:"strange,omitempty"` // looks that counted likewise, and told of a stranger

	// Waited is for how long processes have waited and looked since the last look that counted: their own time, no clocks compared. A
	// process that dies again and again leaves it to the next.
	Waited time.Duration `json:"waited,omitempty"`

	// Restarted: a process after the one that sent it has begun the settling anew, once. A journal that was restored is some moments old,
	// and the process that wrote on it may have sent again since.
	Restarted bool `json:"restarted,omitempty"`

	// Elsewhere: this journal has sent nothing, but may be a copy, and another process may have gone on with the saga.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// demolition is how far the destroying of one droplet has come.
type demolition struct {
	DropletID int64 `json:"droplet_id,omitempty"`
	Sent      bool  `json:"sent,omitempty"`     // a DELETE may be on the wire
	Accepted  bool  `json:"accepted,omitempty"` // DigitalOcean said 204 to one of ours, or 404: there is nothing left to destroy
}

// retagged are the tags that RetagDroplet puts on and takes off: those that the first look showed to be missing, or there.
type retagged struct {
	On  []string `json:"on,omitempty"`
	Off []string `json:"off,omitempty"` // as the droplet spells them
}

// restoring is a droplet that comes back out of quarantine, and what becomes of the one that has its name since.
type restoring struct {
	Kept      fleet.Quarantined `json:"kept"`
	Successor int64             `json:"successor,omitempty"` // it is released; 0: there is none
	Record    *fleet.Record     `json:"record,omitempty"`    // the successor's, for the way back; nil: it has none
	Address   string            `json:"address,omitempty"`   // the reserved IP that moves back; empty: none
}

// transferred is what an adopt or a release writes to a droplet: exactly these tags, and going back exactly these again. It is made up
// once, from the first look, and journaled before anything is written. That journal entry is a person's leave, for this droplet by
// its id, and the only thing that entitles to write to one that does not show our tags (law 1).
type transferred struct {
	Tags []string `json:"tags"` // in the order in which an adopt puts them on; a release takes them off from the end
}

// found is how a saga found the droplet that it changes, or takes out of service, for the way back. Each part of it is journaled before the first request that changes
// that part; a part that is nil was not changed.
type found struct {
	Retag   *retagged `json:"retag,omitempty"`
	Lifted  bool      `json:"lifted,omitempty"` // the protection tag was there, and is taken off
	Name    string    `json:"name,omitempty"`   // empty: not renamed
	Backups *bool     `json:"backups,omitempty"`
	On      *bool     `json:"on,omitempty"`  // whether what leaves service was on before PowerOffDroplet, or ShutdownDroplet
	Off     bool      `json:"off,omitempty"` // a look showed that it is off since
	Drain   *drained  `json:"drain,omitempty"`

	Snapshot   *snapshotted `json:"snapshot,omitempty"`
	Quarantine *isolated    `json:"quarantine,omitempty"`
	Address    *readdressed `json:"address,omitempty"`
}

// address is for who moves a reserved IP.
func (f *found) address() *readdressed {
	if f.Address == nil {
		f.Address = &readdressed{}
	}
	return f.Address
}

// readdressed is where AssignAddress found the reserved IPs that it moves.
type readdressed struct {
	IP      string `json:"ip,omitempty"`      // that the droplet gets; empty: not asked for yet
	From    int64  `json:"from,omitempty"`    // the droplet that it pointed to; 0: none
	Instead string `json:"instead,omitempty"` // that was taken from the droplet first; empty: none
}

// wasOn tells whether this saga switched the droplet off, or may have.
func (f found) wasOn() bool { return f.On != nil && *f.On }

// readying is how far the wait for a new droplet's readiness has come. What was waited is the time of the processes that waited, no clocks
// compared.
type readying struct {
	Waited  time.Duration `json:"waited,omitempty"`  // since it was active
	Passing bool          `json:"passing,omitempty"` // it passed the last probe
	Passed  time.Duration `json:"passed,omitempty"`  // for how long it has passed them all
	Late    bool          `json:"late,omitempty"`    // its time was over, and it did not pass
}

// drained is how a droplet left its load balancers. It is journaled before the first tag goes.
type drained struct {
	Tags   []string      `json:"tags,omitempty"`   // those that are taken off, as the droplet spells them
	Waited time.Duration `json:"waited,omitempty"` // since they were off: the time of the processes that waited
	Back   bool          `json:"back,omitempty"`   // they were put on again
}

// snapshotted is the snapshot of a droplet that is to go. It is journaled before it is asked for.
type snapshotted struct {
	Name   string `json:"name"`             // which no other one has
	Sent   bool   `json:"sent,omitempty"`   // it may have been asked for, and how that ended is not known
	Action int64  `json:"action,omitempty"` // that makes it; 0: not known
}

// isolated is how a droplet is taken out of its name. It is journaled before its first tag changes.
type isolated struct {
	Tags  []string  `json:"tags,omitempty"` // the user's, which are taken off, as the droplet spells them
	Until time.Time `json:"until"`          // by the tag that is put on
}

// spares tells whether the file keeps more of a droplet that is destroyed than the saga does. One that is not registered is not kept.
func (w *work) spares(s fleet.Spec, record *fleet.Record) bool {
	ending := s.Ending
	if record == nil {
		ending.Keep = 0
	}
	return ending.Spares(w.Ending)
}

// leaving is the droplet that leaves service, for a while or for good.
func (w *work) leaving() int64 {
	if old, licensed := w.License.Droplet(); licensed {
		return old.ID
	}
	return w.DropletID
}
