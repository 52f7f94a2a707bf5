package plan

import (
	"slices"
	"time"

	"arcadiad/fleet"
)

// Plan is what one pass would do, and what it noticed. It is a value: nothing happens by making one.
type Plan struct {
	// ID names the actions of the plan, held ones too: 12 hex digits, the same for as long as the same actions are due. It does
	// not depend on the time, on what is held or on what was approved, so that `arcadiad approve ID` still fits a pass later.
	ID    string `json:"ID"`
	Fleet string `json:"Fleet"`

	Actions  []Action   `json:"Actions"`  // by name, as [fleet.CompareNames] orders; held ones included
	Drift    []Drift    `json:"Drift"`    // droplets that somebody changed behind arcadiad's back
	Ignored  []Drift    `json:"Ignored"`  // changes of the file that on_change says to ignore until there is another droplet for another reason
	Pending  []Drift    `json:"Pending"`  // changes of the file that cannot be made on a living droplet, and are no reason for another
	Released []Released `json:"Released"` // registered droplets that no longer show our tags; their names stay occupied
	Missing  []Missing  `json:"Missing"`  // registered droplets that are neither there nor proved gone: nothing is done about them yet
	InFlight []InFlight `json:"InFlight"` // names with a live saga: nothing is planned for them
	Warnings []string   `json:"Warnings"`

	// Records are to be recorded again: the droplet already is as the file asks, or shows what the record did not know. This
	// writes nothing at DigitalOcean.
	Records []fleet.Record `json:"Records"`
	// Forget are droplets that are proved gone, and whose records nothing needs any more.
	Forget []int64 `json:"Forget"`

	Summary    Summary         `json:"Summary"`
	Cost       Cost            `json:"Cost"`
	Effort     Effort          `json:"Effort"`
	Approved   bool            `json:"Approved"`   // a person approved something of it, and nothing waits to be approved
	Revision   *fleet.Revision `json:"Revision"`   // where the fleet file comes from in git; nil: it does not, or nobody asked
	ObservedAt time.Time       `json:"ObservedAt"` // when the look at the account began
	NextLook   time.Time       `json:"NextLook"`   // when the next look at what is missing counts; zero: no look can prove anything more
	Lapses     time.Time       `json:"Lapses"`     // when another pass can do more: a backoff lapses, or a look at what is missing counts; zero: never
}

// Empty tells whether the plan has no action, not even a held one.
func (p Plan) Empty() bool { return len(p.Actions) == 0 }

// Settled tells whether there is nothing to do, nothing under way, stuck sagas included, and nothing missing: exit code 0 of `arcadiad plan`.
// Drift, pending changes and released droplets alone leave a plan settled: arcadiad would do nothing about them.
func (p Plan) Settled() bool { return p.Empty() && len(p.InFlight) == 0 && p.Summary.Missing == 0 }

// Approvable tells whether `arcadiad approve` would let anything through.
func (p Plan) Approvable() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return a.Approvable })
}

// Within tells whether every action of the plan that is not held is one of the other plan's, or what follows on one of them, which was not
// held there or only had to wait for its turn: who agreed to the other has agreed to this one.
func (p Plan) Within(other Plan) bool {
	type deed struct {
		kind Kind
		name string
		id   int64
		spec string
		what string
	}
	deedOf := func(a Action) deed {
		return deed{a.Kind, fleet.Key(a.Name), a.DropletID, a.Spec.Hash(), edits(a.Changes) + a.manner()}
	}
	agreed := map[deed]bool{}
	for _, a := range other.Actions {
		if a.Held && a.HeldBy != holdTurn {
			continue
		}
		agreed[deedOf(a)] = true
		made := deed{kind: Provision, name: fleet.Key(a.Name), spec: a.Spec.Hash()}
		if a.Kind == Replace && a.Spec.Rules.Order == fleet.DestroyFirst {
			agreed[made] = true
		}
		if a.Kind == Provision || a.Kind == Replace {
			made.kind = Update // puts the protection's tag on what was made
			agreed[made] = true
		}
	}
	for _, a := range p.Actions {
		follows := a.onlyProtects() && agreed[deed{kind: Update, name: fleet.Key(a.Name), spec: a.Spec.Hash()}]
		if !a.Held && !agreed[deedOf(a)] && !follows {
			return false
		}
	}
	return true
}

// onlyProtects reports whether an action does nothing but put the protection's tag on, as it follows on the create of a protected droplet.
func (a Action) onlyProtects() bool {
	return a.Kind == Update && a.Record.Protect && a.Alter.Protection && len(a.Changes) == 1
}

// Free tells whether the plan has an action that is not held.
func (p Plan) Free() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return !a.Held })
}

// Moving tells whether sagas are under way that are not stuck.
func (p Plan) Moving() bool { return p.Summary.InFlight > p.Summary.Stuck }

// HeldBack are the actions that are held until a person, the file or the account changes something: not those that only wait for
// their turn or for a backoff.
func (p Plan) HeldBack() []Action {
	return slices.DeleteFunc(slices.Clone(p.Actions), func(a Action) bool { return !a.Held || a.Waits() })
}

// Waits tells whether an action is held by nothing but time: a pass to come carries it out by itself.
func (a Action) Waits() bool { return a.Hold().Waits && !a.Blocked }

// KeepMonthly is what the droplets go on costing whose destroy or replace is held back, in US dollars a month, as far as it is known.
func (p Plan) KeepMonthly() (cost fleet.Money) {
	for _, a := range p.HeldBack() {
		cost += a.KeepMonthly
	}
	return cost
}

// Kind is what an action does.
type Kind string

const (
	Adopt     Kind = "adopt"     // register a droplet that is there already and bears our tags
	Update    Kind = "update"    // change a living droplet
	Provision Kind = "provision" // make a droplet
	Replace   Kind = "replace"   // make a new droplet, then destroy the old one
	Destroy   Kind = "destroy"   // destroy a droplet
)

// The kinds that no plan has: a person asks for them by name (transfer.go).
const (
	TakeOver Kind = "claim"   // tag a droplet that is nobody's, and register it
	Release  Kind = "release" // take arcadiad's tags off a droplet, and forget it
)

// kinds is the order of actions for one name, which is also the order in which they take their turns.
var kinds = []Kind{Adopt, Update, Provision, Replace, Destroy}

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
}

// FieldChange is a field with its value before and after, canonical as in [fleet.Fields]. Secret values are hashes.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
	Cause Cause  `json:"cause,omitempty"` // who made it necessary, or made it

	// Of what was changed behind arcadiad's back.
	Since time.Time `json:"since,omitzero"` // when the first look that showed it began
	By    string    `json:"by,omitempty"`   // the droplet's action that did it, in words; empty: not known

	Along bool `json:"along,omitempty"` // it comes with a replace, and is not what the replace is for
}

// Drift is a droplet which differs from what is asked for, and about which nothing is done.
type Drift struct {
	Name      string        `json:"name"`
	DropletID int64         `json:"droplet_id"`
	Changes   []FieldChange `json:"changes"`
}

// Released is a registered droplet that is no longer ours by its tags.
type Released struct {
	Name      string `json:"name"`
	DropletID int64  `json:"droplet_id"`
	Reason    string `json:"reason"`
}

// InFlight is a live saga.
type InFlight struct {
	Name      string `json:"name"`
	DropletID int64  `json:"droplet_id,omitempty"` // 0: none yet
	Saga      string `json:"saga"`                 // its id
	Kind      string `json:"kind"`
	Status    string `json:"status"`
	Step      string `json:"step"`
	Stuck     bool   `json:"stuck"`
	Error     string `json:"error,omitempty"`
}

// Summary counts. Held actions are counted under their kind too.
type Summary struct {
	Provision int `json:"provision"`
	Destroy   int `json:"destroy"`
	Replace   int `json:"replace"`
	Adopt     int `json:"adopt"`
	Update    int `json:"update"`
	Unchanged int `json:"unchanged"` // desired names whose droplet is as the file asks, with nothing to report
	Held      int `json:"held"`
	Drifted   int `json:"drifted"`
	Pending   int `json:"pending"`
	Ignored   int `json:"ignored"`
	Released  int `json:"released"`
	Missing   int `json:"missing"`   // registered droplets that are neither there nor proved gone: nothing is done about them yet
	InFlight  int `json:"in_flight"` // stuck ones too
	Stuck     int `json:"stuck"`
}
