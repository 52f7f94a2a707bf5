package fleet

import "cmp"

// Rules say how the droplets of a group may be changed. The zero Rules are the defaults.
type Rules struct {
	Resize   Resize      `json:"resize,omitempty"`    // what another size takes; empty means ResizeReplace
	OnChange OnChange    `json:"on_change,omitempty"` // what another value of a create-only field takes; empty means OnChangeReplace
	Order    Order       `json:"replace,omitempty"`   // in which order a replace goes; empty means CreateFirst
	Drift    DriftPolicy `json:"drift,omitempty"`     // what to do about drift; empty means Policy.Drift
}

// Resize says what another size takes.
type Resize string

const (
	ResizeReplace  Resize = "replace"            // a new droplet
	ResizeInPlace  Resize = "in_place"           // off, resized, and on again; the disk stays as it is, so that there is a way back
	ResizeWithDisk Resize = "in_place_with_disk" // the same, and the disk grows for good (docs/digitalocean-api.md, "Actions")
)

// OnChange says what another value of a field takes that only a new droplet can have: image, ssh_keys and user_data.
type OnChange string

const (
	OnChangeReplace OnChange = "replace" // a new droplet
	OnChangeIgnore  OnChange = "ignore"  // nothing: droplets to come are made with the new value, those that are there stay
)

// Order says in which order a replace goes.
type Order string

const (
	CreateFirst  Order = "create_first"  // the old droplet goes when the new one is up
	DestroyFirst Order = "destroy_first" // the old one goes first: for an account without room for both
)

// DriftPolicy says what happens to drift.
type DriftPolicy string

const (
	DriftReport  DriftPolicy = "report"  // show it and leave it alone
	DriftCorrect DriftPolicy = "correct" // mend what can be mended without a new droplet
	DriftReplace DriftPolicy = "replace" // and replace where it cannot
)

// RulesOf are the rules of a group with nothing left open, so that those which lead to the same are equal.
func (p Policy) RulesOf(group Rules) Rules {
	return Rules{
		Resize:   cmp.Or(group.Resize, ResizeReplace),
		OnChange: cmp.Or(group.OnChange, OnChangeReplace),
		Order:    cmp.Or(group.Order, CreateFirst),
		Drift:    p.DriftOf(group),
	}
}

// DriftOf is what happens to the drift of a droplet: its group's rule, else the policy.
func (p Policy) DriftOf(group Rules) DriftPolicy { return cmp.Or(group.Drift, p.Drift, DriftReport) }
