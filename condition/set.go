package condition

import (
	"errors"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Input is what a Set is judged by.
type Input struct {
	Desired *fleet.Fleet // the fleet file in force; nil: none is
	FileErr error        // why the newest version of the file is not in force
	Live    []saga.Saga  // the live sagas
	Gate    error        // why no write is let through

	PassAt  time.Time // when the last pass began; zero: none has ended
	Trigger string    // what asked for it
	PassErr error     // why it failed
	Failing time.Time // when the first of the passes began that have failed since; zero: not known
	Paused  error     // why it carried nothing out, if it was paused
	Plan    plan.Plan // what it planned; without an id: nothing

	Now time.Time
}

// Set is what wants attention, as far as its input tells.
type Set struct{ Input }

// Of judges an input.
func Of(in Input) Set { return Set{in} }

// planned tells whether there is a plan to judge by.
func (s Set) planned() bool { return s.Desired != nil && s.PassErr == nil && s.Plan.ID != "" }

// failingAfter is how long passes fail before people are told: the API may have a bad minute.
const failingAfter = 5 * time.Minute

// fails tells whether passes fail, and have for a while. A mismatch of the pins does not go away by itself.
func (s Set) fails() bool {
	var pin *plan.PinError
	return s.PassErr != nil && (errors.As(s.PassErr, &pin) || !s.Failing.IsZero() && s.Now.Sub(s.Failing) >= failingAfter)
}

// tells reports whether the Set can tell of a kind: of the plan's it cannot without one, and in a bad minute not whether passes fail.
func (s Set) tells(r row) bool {
	switch {
	case r.from != Passes:
		return true
	case r.kind == Failing:
		return !s.PassAt.IsZero() && s.PassErr == nil || s.fails()
	}
	return s.planned()
}

// From are the conditions of a source, and the kinds of them that the Set can tell of.
func (s Set) From(source Source) (conditions []Condition, kinds []Kind) {
	for _, r := range rows {
		if r.from != source || !s.tells(r) {
			continue
		}
		if kinds = append(kinds, r.kind); r.find != nil {
			conditions = append(conditions, r.find(s)...)
		}
	}
	return conditions, kinds
}

// undecided are the names of which a plan says nothing: their sagas are live.
func (s Set) undecided() map[string]bool {
	names := map[string]bool{}
	for _, f := range s.Plan.InFlight {
		names[f.Name] = true
	}
	return names
}
