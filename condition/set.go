package condition

import (
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Input is what a Set is judged by.
type Input struct {
	Desired  *fleet.Fleet // the fleet file in force; nil: none is
	FileRead bool         // a version of the file was read, so that FileErr says how it stands
	FileErr  error        // why the newest version is not in force
	Pass     *Pass        // the last pass; nil: none has ended, or it is not known
	Live     []saga.Saga  // the live sagas; nil: they are not known
	Gate     error        // why no write is let through
	Now      time.Time
}

// Pass is what the last pass came to.
type Pass struct {
	At      time.Time // when it began
	Trigger string
	Err     error
	Failing time.Time // when the first of the passes began that have failed since; zero: not known
	Paused  error     // why it carried nothing out, if it was paused
	Plan    plan.Plan // without an id: nothing was planned
}

// planned tells whether there is a plan to judge by.
func (in Input) planned() bool { return in.Pass != nil && in.Pass.Err == nil && in.Pass.Plan.ID != "" }

// Set is what wants attention, as far as its input tells.
type Set struct{ Input }

// Of judges an input.
func Of(in Input) Set { return Set{in} }

// All are the conditions.
func (s Set) All() (all []Condition) {
	for _, r := range rows {
		if r.find != nil && r.known(s.Input) {
			all = append(all, r.find(s)...)
		}
	}
	return all
}

// kinds are those that the Set can tell of: it has every condition of them.
func (s Set) kinds() (kinds []Kind) {
	for _, r := range rows {
		if r.known(s.Input) {
			kinds = append(kinds, r.kind)
		}
	}
	return kinds
}

// undecided are the names of which a plan says nothing, for their sagas are live.
func (s Set) undecided() map[string]bool {
	names := map[string]bool{}
	if s.planned() {
		for _, f := range s.Pass.Plan.InFlight {
			names[f.Name] = true
		}
	}
	return names
}
