package plan

import (
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
)

// Holds that others speak of.
const (
	HoldTurn      = "turn"
	HoldBackoff   = "backoff"
	HoldStalled   = "stalled"
	holdLost      = "lost"
	holdPreflight = "preflight"
	holdWindow    = "window"
)

// Kind is what an action does.
type Kind string

const (
	Adopt     Kind = "adopt"     // register a droplet that is there already and bears our tags
	Update    Kind = "update"    // change a living droplet
	Provision Kind = "provision" // make a droplet
	Replace   Kind = "replace"   // make a new droplet, then destroy the old one
	Destroy   Kind = "destroy"   // destroy a droplet
	Purge     Kind = "purge"     // destroy a droplet that was kept until now
)

// The kinds that no plan has: a person asks for them by name (transfer.go).
const (
	TakeOver Kind = "claim"   // tag a droplet that is nobody's, and register it
	Release  Kind = "release" // take arcadiad's tags off a droplet, and forget it
	Undo     Kind = "undo"    // bring a droplet back out of quarantine, and let go what has its name since
)

// kinds is the order of actions for one name, which is also the order in which they take their turns.
var kinds = []Kind{Adopt, Update, Provision, Replace, Destroy, Purge}

// Action is one thing to be done for one name.
type Action struct {
	Kind      Kind          `json:"Kind"`
	Name      string        `json:"Name"`
	DropletID int64         `json:"DropletID"` // the droplet it is about; for a replace the old one; 0 for a provision
	Reason    string        `json:"Reason"`    // in words
	Cause     Cause         `json:"Cause"`     // whose doing it is; empty: nobody's
	Cost      fleet.Price   `json:"Cost"`      // what it adds to the price of the fleet, or with a minus saves
	Changes   []FieldChange `json:"Changes"`   // replace and update: what changed; adopt: where the droplet differs from the file

	// Lost are the droplets that are proved gone under the name, and that the new one stands in for: one of them that shows before it
	// is registered keeps the name. Provision only.
	Lost []int64 `json:"Lost"`

	// Takes is what the end of the droplet takes along or leaves behind: destroy and replace, as far as it is known.
	SideEffects []fleet.Attachment `json:"Takes"`

	Held       bool   `json:"Held"`
	HeldBy     string `json:"HeldBy"`     // the name of the [Hold]
	HeldReason string `json:"HeldReason"` // in words
	Approvable bool   `json:"Approvable"` // held by what a person may lift: `arcadiad approve PLAN`

	Blocked bool `json:"Blocked"` // held by turn, and nothing brings back into service what it waits for

	Needs  []fleet.Grant `json:"Needs"`  // the approvals that it waits for, when it is approvable; without plan and time
	Grants []fleet.Grant `json:"Grants"` // the approvals that it goes by, which its saga uses up

	// KeepMonthly is what the droplet goes on costing while its destroy or replace is held: US dollars a month for its size; 0:
	// unknown, or nothing is kept.
	KeepMonthly fleet.Money `json:"KeepMonthly"`

	Spec    fleet.Spec       `json:"Spec"`    // what is desired; the zero Spec for a destroy
	License License          `json:"Licence"` // destroy and replace, and only when not held
	Record  fleet.Record     `json:"Record"`  // adopt and update: what to record
	Alter   fleet.Alteration `json:"Alter"`   // update: what to change of the droplet

	Rollout string      `json:"Rollout"` // the Key of the group whose rollout it is a part of; empty: of none
	Drain   fleet.Drain `json:"Drain"`   // how the droplet leaves its load balancers first; zero: it does not

	Ending fleet.Ending `json:"Ending"` // destroy and replace: how the droplet ends
}

// InTurn tells whether an action is held by nothing but its turn: it is carried out by itself, right after what goes before it.
func (a Action) InTurn() bool { return a.Held && a.HeldBy == HoldTurn && !a.Blocked }

// onlyProtects reports whether an action does nothing but put the protection's tag on, as it follows on the create of a protected droplet.
func (a Action) onlyProtects() bool {
	return a.Kind == Update && a.Record.Protect && a.Alter.Protection && len(a.Changes) == 1
}

// Corrects tells whether an action is for nothing but to put back what was changed behind arcadiad's back. What comes along with a replace
// is not what it is for.
func (a Action) Corrects() bool {
	reasons := 0
	for _, c := range a.Changes {
		switch {
		case c.Along:
		case c.Cause == CauseFile:
			return false
		default:
			reasons++
		}
	}
	return reasons > 0 && (a.Kind == Update || a.Kind == Replace)
}

func (a Action) destroys() bool { return a.Kind == Destroy || a.Kind == Replace || a.Kind == Purge }

func (a Action) changesKeys() bool {
	return slices.ContainsFunc(a.Changes, func(c FieldChange) bool { return c.Field == fieldKeys })
}

func (a Action) creates() bool { return a.Kind == Provision || a.Kind == Replace }

// destroyFirst tells whether a replace makes room before it makes the new droplet.
func (a Action) destroyFirst() bool {
	return a.Kind == Replace && a.Spec.Rules.Order == fleet.DestroyFirst
}

// manner names the way in which an action goes, where there is another that a person may not have agreed to: it takes the droplet away
// before there is a new one, or there is no way back, or less is kept of it.
func (a Action) manner() string {
	ending := ""
	if kept := (fleet.Ending{Snapshot: a.Ending.Snapshot, Keep: a.Ending.Keep}); kept != (fleet.Ending{}) {
		ending = " " + kept.String()
	}
	switch {
	case a.destroyFirst():
		return " " + string(fleet.DestroyFirst) + ending
	case a.Alter.GrowDisk:
		return " " + string(fleet.ResizeWithDisk)
	}
	return ending
}

// edits names changes, but not who made them or when that was noticed.
func edits(changes []FieldChange) string {
	var s strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&s, "%q%q%q", c.Field, c.From, c.To)
	}
	return s.String()
}
