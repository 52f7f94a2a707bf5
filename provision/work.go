package provision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/digitalocean"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
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

	// Registered tells, on the way back, that what the saga made was registered: it is nobody's leftover (law 5).
	Registered bool `json:"registered,omitempty"`

	// What is being destroyed.
	License    plan.License `json:"licence,omitzero"`
	Demolition demolition   `json:"demolition,omitzero"`

	// What is being claimed or released, by a person's word.
	Transfer *transferred `json:"handover,omitempty"` // nil: nothing was written to it yet
	Returned bool         `json:"returned,omitempty"` // a person released it before
	Free     bool         `json:"free,omitempty"`     // its name becomes free even if the file wants it

	// What is being updated, or was recorded of a released droplet that is claimed again.
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

// sagaTags are the tags of a droplet that this saga makes. That of its protection comes when it is registered: until then it may have
// to be destroyed again.
func (w *work) sagaTags(sagaID string) []string {
	replaced, _ := w.License.Droplet()
	return fleet.TagsOf(w.Fleet, sagaID, replaced.ID, false, w.Spec.Tags)
}

// creates are what the saga knows of its creates. A saga of an older version did not count them: what it knows of, it sent.
func (w *work) creates() fleet.Creates {
	c := fleet.Creates{Sent: w.Sent, Answered: w.Answered, Namesakes: w.Namesakes, Witnessed: w.Witnessed}
	if w.Posted && !slices.Contains(c.Answered, w.DropletID) {
		c.Answered = append(slices.Clone(c.Answered), w.DropletID)
	}
	c.Sent = max(c.Sent, len(c.Answered))
	if w.Attempt != nil && !w.Attempt.Elsewhere {
		c.Sent = max(c.Sent, 1)
	}
	return c
}

// keepFacts keeps facts in the labels of a saga: those that are known, and these in any case.
func keepFacts(run *saga.Run, f fleet.Facts, anyway ...string) {
	for label, value := range f.Labels(anyway...) {
		run.SetLabel(label, value)
	}
}

// identity are the tags without which nobody could tell whose a droplet is.
func (w *work) identity(sagaID string) []string { return fleet.TagsOf(w.Fleet, sagaID, 0, false, nil) }

// ownership tells whose a droplet is by its tags: the fleet's own, or that of the saga which made it.
func (w *work) ownership(d fleet.Droplet) fleet.Ownership {
	return fleet.Owners{Fleet: w.Fleet, Made: fleet.MadeBy(w.Maker)}.Of(d.Tags)
}

// alien says why nothing is written to a droplet: it is not this fleet's by its tags (law 1). nil: it is.
func (w *work) alien(d fleet.Droplet) error {
	whose := w.ownership(d)
	if whose.Ours() {
		return nil
	}
	return fmt.Errorf("droplet %d %w: %s", d.ID, errAlien, whose.Reason())
}

// owns tells whether the droplet is this saga's own: it is ours by its tags, and shows the saga's; or its id is from the answer to the
// saga's own POST and its tags, which come late, were never seen yet (law 1).
func (w *work) owns(sagaID string, d fleet.Droplet) bool {
	whose := fleet.Owners{Fleet: w.Fleet, Made: fleet.MadeBy(sagaID)}.Of(d.Tags)
	if whose.Ours() && d.HasTag(fleet.SagaTag(sagaID)) {
		return true
	}
	return w.Posted && !w.TagSeen && d.ID == w.DropletID && !tagged(d)
}

// tagged tells whether the droplet shows that it is some saga's, or some fleet's.
func tagged(d fleet.Droplet) bool { return d.Managed() || len(d.Saga8s()) > 0 || len(d.Fleets()) > 0 }

// gpu reports whether a size is listed only by type=gpus (docs/digitalocean-api.md, "Lists").
func (w *work) gpu() bool { return strings.HasPrefix(strings.ToLower(w.Spec.Size), "gpu-") }

// unsent turns an error that kept a write from being sent into a try later; anything else it gives back as it is.
func unsent(err error) error {
	var e *digitalocean.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case digitalocean.RateLimited:
		return saga.Later(max(time.Second, time.Until(e.Until)), err)
	case digitalocean.NotSent, digitalocean.Unauthorized: // the gate stays shut until a token proves itself
		return saga.Later(notSentPause, err)
	}
	return err
}

// notSentPause is how long a write that never left waits before it is tried again; an opening gate wakes it earlier.
const notSentPause = 5 * time.Second
