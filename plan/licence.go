package plan

import (
	"encoding/json"
	"fmt"
	"slices"

	"arcadiad/fleet"
)

// Licence is the leave to destroy one droplet. Only [Build] fills one, for a destroy or a replace that nothing holds; the zero
// Licence opens nothing. It can be written into a journal and read back.
type Licence struct{ terms *terms }

// terms are what a licence says. They never change, so copies of a licence may share them.
type terms struct {
	DropletID int64  `json:"droplet_id"`
	Name      string `json:"name"`
	Fleet     string `json:"fleet"`
	Account   string `json:"account"`
	Plan      string `json:"plan"`
	Reason    string `json:"reason"`
	While     while  `json:"while"`
	SpecHash  string `json:"spec_hash,omitempty"`

	// Rules are those of the spec, which led to this way; nil: the licence is of a version that had none.
	Rules *fleet.Rules `json:"rules,omitempty"`

	// Makers are the sagas of this journal that made the droplet, by its tags: with one of them it is ours without the fleet's tag.
	Makers []string `json:"makers,omitempty"`

	Shielded bool `json:"shielded,omitempty"` // it showed the protection tag, which did not count

	// Volumes are the ids of those that were attached, by a person's leave; Unread: they could not be read, by a person's leave.
	Volumes []string `json:"volume_ids,omitempty"`
	Unread  bool     `json:"volumes_unread,omitempty"`
}

// while says for how long the licence stands (law 17).
type while string

const (
	whileUnwanted while = "unwanted" // for as long as the file does not want the name
	whileSpec     while = "spec"     // for as long as the file wants the name with this very spec, under the same rules
	whileAlways   while = "always"   // whatever the file says: a twin or a late arrival is one too many in any case
)

// Droplet gives the droplet that may be destroyed, with its id and name and nothing else; false: the licence opens nothing.
func (l Licence) Droplet() (d fleet.Droplet, ok bool) {
	if l.terms == nil {
		return fleet.Droplet{}, false
	}
	return fleet.Droplet{ID: l.terms.DropletID, Name: l.terms.Name}, true
}

// Fleet is the fleet whose tag the droplet must show, and Account the uuid of the account that it must lie in.
func (l Licence) Fleet() string { return l.read().Fleet }

// Account is the uuid of the account that the licence was made for.
func (l Licence) Account() string { return l.read().Account }

// Plan is the id of the plan that the licence is from.
func (l Licence) Plan() string { return l.read().Plan }

// Reason says in words why the droplet is to be destroyed.
func (l Licence) Reason() string { return l.read().Reason }

// Asks tells whether the fleet file in force still asks for what the licence allows (law 17). The zero licence is never asked for.
func (l Licence) Asks(f fleet.Fleet) bool {
	t := l.read()
	if t.DropletID == 0 || f.Name != t.Fleet {
		return false
	}
	if t.While == whileAlways {
		return true
	}
	spec, wanted := f.Spec(t.Name)
	switch t.While {
	case whileUnwanted:
		_, renamed := f.Heir(t.Name)
		return !wanted && !renamed
	case whileSpec:
		return wanted && spec.Hash() == t.SpecHash && (t.Rules == nil || spec.Rules == *t.Rules)
	}
	return false
}

// Covers checks, on a fresh look at the droplet, that it is still one that may be destroyed (law 1). The error says why not.
func (l Licence) Covers(seen fleet.Droplet) error {
	t := l.read()
	ours := seen.OfFleet(t.Fleet)
	for _, maker := range t.Makers {
		ours = ours || len(seen.Fleets()) == 0 && seen.HasTag(fleet.SagaTag(maker))
	}
	switch {
	case t.DropletID == 0 || seen.ID != t.DropletID:
		return fmt.Errorf("there is no licence to destroy droplet %d", seen.ID)
	case !seen.Managed():
		return fmt.Errorf("droplet %d no longer shows the tag %s", seen.ID, fleet.ManagedTag)
	case !ours:
		return fmt.Errorf("droplet %d no longer shows the tag %s, and that of no other fleet", seen.ID, fleet.FleetTag(t.Fleet))
	case seen.HasTag(fleet.ProtectTag) && !t.Shielded:
		return fmt.Errorf("droplet %d was protected in the meantime", seen.ID)
	case seen.Unread.Has(fleet.UnreadVolumes) && !t.Unread:
		return fmt.Errorf("the volumes of droplet %d can no longer be read", seen.ID)
	}
	for _, id := range seen.VolumeIDs {
		if !slices.Contains(t.Volumes, id) {
			return fmt.Errorf("volume %s was attached to droplet %d in the meantime", id, seen.ID)
		}
	}
	return nil
}

func (l Licence) read() terms {
	if l.terms == nil {
		return terms{}
	}
	return *l.terms
}

// MarshalJSON writes the licence for a journal; the zero licence is null.
func (l Licence) MarshalJSON() ([]byte, error) { return json.Marshal(l.terms) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Licence) UnmarshalJSON(b []byte) error {
	var t *terms
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("decode licence: %w", err)
	}
	if t != nil && (t.DropletID <= 0 || t.Name == "" || t.Fleet == "") {
		return fmt.Errorf("decode licence: it names no droplet, name or fleet: %s", b)
	}
	l.terms = t
	return nil
}

// license fills the licences of the destroys and replaces that nothing holds.
func (b *builder) license() {
	for _, d := range b.drafts {
		if d.Held || (d.Kind != Destroy && d.Kind != Replace) {
			continue
		}
		var rules *fleet.Rules
		if d.while == whileSpec {
			rules = &d.Spec.Rules
		}
		d.Licence = Licence{&terms{
			DropletID: d.DropletID, Name: d.Name, Fleet: b.wanted.Name, Account: b.observed.Account.UUID,
			Plan: b.plan.ID, Reason: d.Reason, While: d.while, SpecHash: d.hash, Rules: rules,
			Makers: b.makersOf(d.seen), Shielded: d.seen.HasTag(fleet.ProtectTag),
			Volumes: d.seen.VolumeIDs, Unread: d.seen.Unread.Has(fleet.UnreadVolumes),
		}}
	}
}

// makersOf are the sagas of this journal whose tags the droplet shows, if it shows no others.
func (b *builder) makersOf(d *fleet.Droplet) []string {
	if b.makerOf(d) == nil {
		return nil
	}
	return d.Saga8s()
}
