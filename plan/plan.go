package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
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

	Of    []string `json:"-"`               // the names that it is for, see [Only]; nil: all
	Asked int64    `json:"Asked,omitempty"` // the droplet that is replaced because a person asked for that alone, or for that too; 0: none

	Actions  []Action   `json:"Actions"`  // by name, as [fleet.CompareNames] orders; held ones included
	Drift    []Drift    `json:"Drift"`    // droplets that somebody changed behind arcadiad's back
	Ignored  []Drift    `json:"Ignored"`  // changes of the file that on_change says to ignore until there is another droplet for another reason
	Pending  []Drift    `json:"Pending"`  // changes of the file that cannot be made on a living droplet, and are no reason for another
	Released []Released `json:"Released"` // registered droplets that no longer show our tags; their names stay occupied
	Missing  []Missing  `json:"Missing"`  // registered droplets that are neither there nor proved gone: nothing is done about them yet
	Rollouts []Rollout  `json:"Rollouts"` // changes on their way through groups, by group
	Kept     []Kept     `json:"Kept"`     // droplets in quarantine, by the names that they had
	InFlight []InFlight `json:"InFlight"` // names with a live saga: nothing is planned for them
	Warnings []string   `json:"Warnings"`

	// Records are to be recorded again: the droplet already is as the file asks, or shows what the record did not know. This
	// writes nothing at DigitalOcean.
	Records []fleet.Record `json:"Records"`
	// Failed are the names that it has something to do for, and whose last try failed.
	Failed []Failed `json:"-"`
	// Back are the droplets that it brings back, because the rollout of their group has stopped.
	Back []Back `json:"-"`
	// RolloutChanges are what becomes of live rollouts.
	RolloutChanges []RolloutChange `json:"-"`
	// Forget are droplets that are proved gone, and whose records nothing needs any more.
	Forget []int64 `json:"Forget"`

	drains    bool // it would drain a droplet, if it knew of tags to drain it by
	addressed bool // it depends on where reserved IPs are

	// Probes are what the plan depends on, for whoever builds it again with [fleet.Observed.Readiness].
	Probes []Probe `json:"-"`

	Summary    Summary         `json:"Summary"`
	Cost       Cost            `json:"Cost"`
	Effort     Effort          `json:"Effort"`
	Approved   bool            `json:"Approved"`   // a person approved something of it, and nothing else goes on only if it is approved
	Revision   *fleet.Revision `json:"Revision"`   // where the fleet file comes from in git; nil: it does not, or nobody asked
	ObservedAt time.Time       `json:"ObservedAt"` // when the look at the account began
	NextLook   time.Time       `json:"NextLook"`   // when the next look at what is missing counts; zero: no look can prove anything more
	Lapses     time.Time       `json:"Lapses"`     // when another pass can do more: a backoff lapses, or a look at what is missing counts; zero: never
}

// Failed is a name whose last try came to nothing: what was tried, how often in a row, and when it is tried again.
type Failed struct {
	Name  string
	Saga  string // id of the last try
	Kind  string // of that saga
	Spec  string // hash of what was tried
	Why   string
	Times int
	At    time.Time // when the last try ended
	Next  time.Time // when the next one may begin; zero: a person must say so (see the rule stalled)
}

// Tried is how often it was tried, in words.
func (f Failed) Tried() string {
	if f.Times == 1 {
		return "failed once"
	}
	return fmt.Sprintf("failed %d times in a row", f.Times)
}

// Back is a droplet that is brought back out of quarantine by the word of the file.
type Back struct {
	Transfer Transfer
	Rollout  string // id of the rollout that has stopped
	Reason   string // in words
}

// Empty tells whether the plan has no action, not even a held one, and brings nothing back.
func (p Plan) Empty() bool { return len(p.Actions) == 0 && len(p.Back) == 0 }

// Settled tells whether there is nothing to do, nothing under way, stuck sagas included, and nothing missing: exit code 0 of `arcadiad plan`.
// Drift, pending changes and released droplets alone leave a plan settled: arcadiad would do nothing about them.
func (p Plan) Settled() bool { return p.Empty() && len(p.InFlight) == 0 && p.Summary.Missing == 0 }

// Blank tells whether the plan says nothing of any droplet that is to change, or is not as it should be.
func (p Plan) Blank() bool {
	return p.Settled() && p.Summary == (Summary{Unchanged: p.Summary.Unchanged}) && len(p.Kept) == 0
}

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
		if a.Held && a.HeldBy != HoldTurn {
			continue
		}
		agreed[deedOf(a)] = true
		made := deed{kind: Provision, name: fleet.Key(a.Name), spec: a.Spec.Hash()}
		if a.destroyFirst() {
			agreed[made] = true
		}
		if a.creates() {
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

// Letting is the plan as it is once a person has approved the replace of a droplet, as far as a person may.
func (p Plan) Letting(replaced int64) Plan {
	p.Actions = slices.Clone(p.Actions)
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Kind == Replace && a.DropletID == replaced && a.Approvable {
			a.Held, a.HeldBy, a.HeldReason, a.Approvable, a.Needs = false, "", "", false, nil
		}
	}
	return p
}

// Free tells whether the plan has an action that is not held.
func (p Plan) Free() bool {
	return slices.ContainsFunc(p.Actions, func(a Action) bool { return !a.Held })
}

// Moving tells whether sagas are under way that are not stuck.
func (p Plan) Moving() bool { return p.Summary.InFlight > p.Summary.Stuck }

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
	Purge     int `json:"purge"`
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

// count adds an action.
func (s *Summary) count(a Action) {
	switch a.Kind {
	case Adopt:
		s.Adopt++
	case Update:
		s.Update++
	case Provision:
		s.Provision++
	case Replace:
		s.Replace++
	case Destroy:
		s.Destroy++
	case Purge:
		s.Purge++
	}
	if a.Held {
		s.Held++
	}
}

// Missing is a registered droplet that looks do not show any more, and that is not proved gone (law 6).
type Missing struct {
	Name      string    `json:"name"`
	DropletID int64     `json:"droplet_id"`
	Since     time.Time `json:"since,omitzero"`     // when the first look that lacked it began
	ProvedAt  time.Time `json:"proved_at,omitzero"` // when it counts as gone at the earliest
	Again     bool      `json:"again"`              // it is made again then, unless that is held: the file wants it
	HeldBy    string    `json:"held_by,omitempty"`  // what will hold that, as far as it is known already: lost
}

// Says tells since when it is missing, and what comes of it.
func (m Missing) Says() string {
	if m.Since.IsZero() {
		return "missing from the account"
	}
	words := "missing from the account since " + clock(m.Since)
	if m.ProvedAt.IsZero() {
		return words
	}
	switch {
	case !m.Again:
		return words + "; forgotten if still missing at " + clock(m.ProvedAt)
	case m.HeldBy != "":
		return words + "; if still missing at " + clock(m.ProvedAt) + ", it waits for your approval: more than policy.max_lost are missing"
	}
	return words + "; created again if still missing at " + clock(m.ProvedAt)
}

// clock is a time of these days.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// Kept is a droplet that was taken out of its name and is kept for a while: it bears no name, and is billed.
type Kept struct {
	Name      string      `json:"Name"` // the name that it had
	DropletID int64       `json:"DropletID"`
	Until     time.Time   `json:"Until"` // from then on it may be destroyed; zero: nobody knows
	Price     fleet.Price `json:"Price"`
}

// KeptMonthly is what the droplets in quarantine cost, in US dollars a month, as far as it is known.
func (p Plan) KeptMonthly() (cost fleet.Money) {
	for _, k := range p.Kept {
		cost += k.Price.Monthly
	}
	return cost
}

// Cost is what the fleet's droplets cost, without backups, snapshots, volumes and reserved IPs.
type Cost struct {
	Before   fleet.Price `json:"Before"`   // of the droplets that are there
	After    fleet.Price `json:"After"`    // when what is under way, and all that is not held or waits for its turn, is done
	Held     fleet.Price `json:"Held"`     // what the held actions would add to that, or save
	Unpriced int         `json:"Unpriced"` // droplets, there or to be made, whose price is not known; they count as nothing
}

// Difference is what the plan adds, or with a minus saves.
func (c Cost) Difference() fleet.Price { return c.After.Minus(c.Before) }

// Effort is what carrying out the actions that are not held is likely to take.
type Effort struct {
	Requests int           `json:"Requests"` // API requests, about
	Time     time.Duration `json:"Time"`     // about, under the rate limit
}

// Grants are the approvals that let through every action of the plan which a person may let through.
func (p Plan) Grants(at time.Time) (grants []fleet.Grant) {
	for _, a := range p.Actions {
		if !a.Approvable {
			continue
		}
		for _, g := range a.Needs {
			g.Plan, g.At = p.ID, at
			grants = append(grants, g)
		}
	}
	return grants
}

// Unstored are the approvals that the plan's actions go by and that are not stored yet: those of a plan that was approved without a daemon.
func (p Plan) Unstored(at time.Time) (grants []fleet.Grant) {
	for _, a := range p.Actions {
		for _, g := range a.Grants {
			if g.ID == 0 {
				g.At = at
				grants = append(grants, g)
			}
		}
	}
	return grants
}

// Deviations are all that the plan found to be not as recorded, whether or not something is done about it: what the next plan is to
// know, in order to tell since when.
func (p Plan) Deviations() []fleet.Deviation {
	var list []fleet.Deviation
	type place struct {
		id    int64
		field string
	}
	noted := map[place]bool{} // what comes along with a replace is drift until then, too
	note := func(id int64, seen func(FieldChange) string, changes []FieldChange) {
		for _, c := range changes {
			if c.Cause == CauseFile || c.Cause == "" || noted[place{id, c.Field}] {
				continue
			}
			noted[place{id, c.Field}] = true
			d := fleet.Deviation{DropletID: id, Field: c.Field, Seen: seen(c), Since: c.Since, By: c.By}
			d.Since = cmp.Or(d.Since, p.ObservedAt)
			list = append(list, d)
		}
	}
	for _, d := range p.Drift {
		note(d.DropletID, func(c FieldChange) string { return c.To }, d.Changes)
	}
	for _, a := range p.Actions {
		if a.Kind == Update || a.Kind == Replace {
			note(a.DropletID, func(c FieldChange) string { return c.From }, a.Changes)
		}
	}
	return list
}

// Hangs tells whether it is worth asking what hangs on the droplets of the plan: it would destroy one, now or once a person lets it, or
// drain one before it is off for a while.
func (p Plan) Hangs() bool {
	return p.drains || slices.ContainsFunc(p.Actions, func(a Action) bool { return a.destroys() && (!a.Held || a.Approvable) })
}

// Addressed tells whether the plan depends on where the account's reserved IPs are.
func (p Plan) Addressed() bool { return p.addressed }

// Options of [Plan.Text].
type Options struct{}

// Text writes the plan as JSON, for failed tests. What people read is laid out by package view.
func (p Plan) Text(w io.Writer, _ Options) error { return json.NewEncoder(w).Encode(p) }
