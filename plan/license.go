package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
)

// License is the leave to destroy one droplet. Only [Build] fills one, for a destroy or a replace that nothing holds; the zero
// License opens nothing. It can be written into a journal and read back.
type License struct{ terms *terms }

// terms are what a license says. They never change, so copies of a license may share them.
type terms struct {
	DropletID int64  `json:"droplet_id"`
	Name      string `json:"name"`
	Fleet     string `json:"fleet"`
	Account   string `json:"account"`
	Plan      string `json:"plan"`
	Reason    string `json:"reason"`
	While     while  `json:"while"`
	SpecHash  string `json:"spec_hash,omitempty"`

	// Rules are those of the spec, which led to this way; nil: the license is of a version that had none.
	Rules *fleet.Rules `json:"rules,omitempty"`

	// Makers are the sagas of this journal that made the droplet, by its tags: with one of them it is ours without the fleet's tag.
	Makers []string `json:"makers,omitempty"`

	// Registered tells that the droplet has a record, so that the file protects it under its name. A license of a version that did not
	// say is taken for one of a registered droplet, unless it stands always.
	Registered bool `json:"registered,omitempty"`
	// Bore is another desired name than its own that the droplet bore when the plan was made, which the plan knew.
	Bore string `json:"bore,omitempty"`
	// Heir is the name that the file before gave the droplet by `was`, when the plan was made.
	Heir string `json:"heir,omitempty"`

	Shielded bool `json:"shielded,omitempty"` // it showed the protection tag, which `protect: false` in the file lifts

	// Volumes are the ids of those that were attached, by a person's leave; Unread: they could not be read, by a person's leave.
	Volumes []string `json:"volume_ids,omitempty"`
	Unread  bool     `json:"volumes_unread,omitempty"`

	Addresses []string `json:"reserved_ips,omitempty"` // the reserved IPs that it had, by a person's leave

	// KeptUntil is until when the droplet was kept, in quarantine: it must show that it was, and for no longer. Zero: it is not kept.
	KeptUntil time.Time `json:"kept_until,omitzero"`
	On        bool      `json:"on,omitempty"` // it was on all the same, by a person's leave
}

// while says for how long the license stands (law 17).
type while string

const (
	whileRemoved while = "unwanted" // for as long as the file does not want the name
	whileSpec    while = "spec"     // for as long as the file wants the name with this very spec, under the same rules
	whileAlways  while = "always"   // whatever the file says: a duplicate or a late arrival is one too many in any case
)

// Droplet gives the droplet that may be destroyed, with its id and name and nothing else; false: the license opens nothing.
func (l License) Droplet() (d fleet.Droplet, ok bool) {
	if l.terms == nil {
		return fleet.Droplet{}, false
	}
	return fleet.Droplet{ID: l.terms.DropletID, Name: l.terms.Name}, true
}

// Asks tells whether the fleet file in force still asks for what the license allows, and does not protect the droplet (law 17). The
// zero license is never asked for.
func (l License) Asks(f fleet.Fleet) bool {
	t := l.read()
	if t.DropletID == 0 || f.Name != t.Fleet || l.Spares(f, nil, "") != "" {
		return false
	}
	switch t.While {
	case whileAlways, whileRemoved: // what is in the file again is spared
		return true
	case whileSpec:
		spec, desired := f.Spec(t.Name)
		return desired && spec.Hash() == t.SpecHash && (t.Rules == nil || spec.Rules == *t.Rules)
	}
	return false
}

// Spares says why the droplet stays, whatever else the license allows (laws 9 and 17): the file protects it, or wants it under another
// name by now, or its record protects it. Record is its record as it is now, nil without one; bears is the name that it shows, empty
// where nobody looked. An empty answer: nothing spares it.
func (l License) Spares(f fleet.Fleet, record *fleet.Record, bears string) (why string) {
	t := l.read()
	spec, desired := t.desired(f, record)
	if bears != "" && fleet.Key(bears) != fleet.Key(t.Name) && fleet.Key(bears) != fleet.Key(t.Bore) {
		if s, now := f.Spec(bears); now && !(desired && fleet.Key(s.Name) == fleet.Key(spec.Name)) {
			return "it is in the fleet file under the name " + bears + ", which is its name now"
		}
	}
	registered := t.Registered || t.While != whileAlways
	switch {
	case !registered:
	case desired && spec.Protected():
		return "the fleet file protects " + spec.Name
	case record != nil && record.Protect && !(desired && spec.Protect != nil):
		return "it is protected, and only `protect: false` under its name in the fleet file lifts that"
	case desired && t.While == whileRemoved:
		return "it is in the fleet file as " + spec.Name
	}
	return ""
}

// desired finds what the file wants of the droplet: under its name, or under the names that `was` gave it since, one after the other.
func (t terms) desired(f fleet.Fleet, record *fleet.Record) (fleet.Spec, bool) {
	names := []string{t.Name}
	if record != nil {
		names = append(names, record.Name, record.Heir)
	}
	for _, name := range names {
		known := name == t.Heir && name != t.Name // a rename that was not carried out, and that the plan did not go by any more
		if s, ok := f.Spec(name); ok && name != "" && !known {
			return s, true
		}
		if s, ok := f.Heir(name); ok && name != "" {
			return s, true
		}
	}
	return fleet.Spec{}, false
}

// ErrProtected says that a droplet shows the protection tag since the license was given.
var ErrProtected = errors.New("protected in the meantime")

// Whose tells whose the licensed droplet is by the tags that it shows (law 1).
func (l License) Whose(seen fleet.Droplet) fleet.Ownership {
	t := l.read()
	return fleet.Owners{Fleet: t.Fleet, Made: fleet.MadeBy(t.Makers...)}.Of(seen.Tags)
}

// Covers checks, on a fresh look at the droplet, that it is still one that may be destroyed (law 1). The error says why not.
func (l License) Covers(seen fleet.Droplet) error {
	t := l.read()
	whose := l.Whose(seen)
	switch {
	case t.DropletID == 0 || seen.ID != t.DropletID:
		return fmt.Errorf("there is no license to destroy droplet %d", seen.ID)
	case !whose.Ours():
		return fmt.Errorf("droplet %d is no longer this fleet's: %s", seen.ID, whose.Reason())
	case seen.HasTag(fleet.ProtectTag) && !t.Shielded:
		return fmt.Errorf("droplet %d was %w: it shows the tag %s", seen.ID, ErrProtected, fleet.ProtectTag)
	case seen.Unread.Has(fleet.UnreadVolumes) && !t.Unread:
		return fmt.Errorf("the volumes of droplet %d can no longer be read", seen.ID)
	}
	if !t.KeptUntil.IsZero() {
		switch until, kept := seen.Until(); {
		case !kept:
			return fmt.Errorf("droplet %d no longer shows that it was kept for a while", seen.ID)
		case until.After(t.KeptUntil):
			return fmt.Errorf("droplet %d is to be kept until %s by now", seen.ID, until.Format(time.RFC3339))
		case seen.Status != fleet.StatusOff && seen.Status != fleet.StatusArchive && !t.On:
			return fmt.Errorf("droplet %d was kept, and is not off any more", seen.ID)
		}
	}
	for _, id := range seen.VolumeIDs {
		if !slices.Contains(t.Volumes, id) {
			return fmt.Errorf("volume %s was attached to droplet %d in the meantime", id, seen.ID)
		}
	}
	return nil
}

// Strands finds a reserved IP among what hangs on the droplet that it did not have when the license was given; empty: there is none. The
// droplet's end would leave the address without a droplet, which nobody has agreed to (law 9).
func (l License) Strands(hanging []fleet.Attachment) (address string) {
	for _, a := range hanging {
		if a.Kind == fleet.AttachedReservedIP && !slices.Contains(l.read().Addresses, a.ID) {
			return a.ID
		}
	}
	return ""
}

func (l License) read() terms {
	if l.terms == nil {
		return terms{}
	}
	return *l.terms
}

// MarshalJSON writes the license for a journal; the zero license is null.
func (l License) MarshalJSON() ([]byte, error) { return json.Marshal(l.terms) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *License) UnmarshalJSON(b []byte) error {
	var t *terms
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("decode license: %w", err)
	}
	if t != nil && (t.DropletID <= 0 || t.Name == "" || t.Fleet == "") {
		return fmt.Errorf("decode license: it names no droplet, name or fleet: %s", b)
	}
	l.terms = t
	return nil
}
