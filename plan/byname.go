package plan

import (
	"time"

	"arcadiad/fleet"
)

// Transfer is what `arcadiad adopt`, `arcadiad release` or `arcadiad undo` would do to one droplet, or why it will not. No plan ever has one:
// it takes a person who names the droplet. Only Build's licenses lead to a destroy, so none of the three does.
type Transfer struct {
	Kind      Kind   `json:"kind"` // claim, release or undo
	Name      string `json:"name"`
	DropletID int64  `json:"droplet_id,omitempty"` // 0: there is none
	Refused   string `json:"refused,omitempty"`    // in words; empty: it may be done

	// Of an adopt.
	Differs []FieldChange `json:"differs,omitempty"` // where the droplet is not as the file asks, which the next pass alters, where that can be done
	Assumed []string      `json:"assumed,omitempty"` // fields that cannot be read: the file's word is taken for them

	Returned bool `json:"returned,omitempty"` // a person released it, and its tags are back

	// Of a release.
	Untagged  bool   `json:"untagged,omitempty"`   // nothing is written to the droplet: it is not arcadiad's by its tags
	KeepsName bool   `json:"keeps_name,omitempty"` // the file still wants the name: it stays taken, so that nothing is made under it
	Another   bool   `json:"another,omitempty"`    // the file still wants the name, and it becomes free: the next pass makes another
	Heir      int64  `json:"heir,omitempty"`       // the droplet that has the fleet's tags too, and gets the name with the next pass
	Note      string `json:"note,omitempty"`       // what is left for a person to do

	Undoing *Undoing `json:"undo,omitempty"` // of an undo that is not refused

	Spec   fleet.Spec    `json:"-"` // of an adopt or an undo: what the file wants under the name
	Record *fleet.Record `json:"-"` // the record that there is already, of an undo that of the successor; nil: none
}

// Undoing is what bringing a droplet back means for what has its name since.
type Undoing struct {
	Until time.Time `json:"until,omitzero"` // until when it is kept otherwise

	// Aborts is the live saga of the name, which goes back first: the id; empty: there is none.
	Aborts string `json:"aborts,omitempty"`
	// Successor is the droplet that has the name now. It is released: it goes on running, and is billed. 0: there is none.
	Successor int64 `json:"successor,omitempty"`
	// Address is the reserved IP that moves back to the droplet; empty: none does.
	Address string `json:"address,omitempty"`
	// Follows is the saga of an undo of the name that is under way: nothing else is begun.
	Follows string `json:"follows,omitempty"`

	// Differs are the fields in which the droplet was made otherwise than the file asks now. The rollout of its group stops, so that the
	// next plan does not change it again. Group is its name.
	Differs []FieldChange `json:"differs,omitempty"`
	Group   string        `json:"group,omitempty"`

	Kept fleet.Quarantined `json:"-"`
}
