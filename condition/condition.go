package condition

import (
	"errors"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Kind is what sort of a condition it is. Webhooks, metrics and the memory of what was notified have these values.
type Kind string

const (
	Token    Kind = "token"
	Failing  Kind = "failing"
	File     Kind = "file"
	Pull     Kind = "pull"
	Stopped  Kind = "stopped"
	Failed   Kind = "failed"
	Stuck    Kind = "stuck"
	Retrying Kind = "retrying"
	Lost     Kind = "lost"
	Missing  Kind = "missing"
	Stalled  Kind = "stalled"
	Held     Kind = "held"
	Released Kind = "released"
	Drift    Kind = "drift"
)

// Condition is something that is so, until it is not, and that a person should know.
type Condition struct {
	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject,omitempty"` // a droplet's name, or a group's of which it is so; empty: the whole fleet. One condition of a kind and subject
	State   string    `json:"state"`             // tells one such condition from another; what changes by itself, such as a time, is not in it
	Summary string    `json:"summary"`           // what is so, in one sentence
	Advice  string    `json:"advice"`            // what to do
	Well    string    `json:"well,omitempty"`    // what is well again once it is over
	Since   time.Time `json:"since"`             // zero: since it was raised
}

// Key tells conditions apart.
type Key struct {
	Kind    Kind
	Subject string
}

// Key is what no other condition of the present has.
func (c Condition) Key() Key { return Key{c.Kind, c.Subject} }

// Input is what a Set is judged by.
type Input struct {
	Desired *fleet.Fleet // the fleet file in force; nil: none is
	FileErr error        // why the newest version of the file is not in force
	Live    []saga.Saga  // the live sagas
	Gate    error        // why no write is let through
	Token   error        // why the API refuses the token; nil: it does not, as far as anybody knows

	Fetched *fleet.Fetched // what arcadiad pull did last; nil: the fleet file does not come by it, or that is not known

	PassAt  time.Time // when the last pass began; zero: none has ended
	Trigger string    // what asked for it
	PassErr error     // why it failed
	Failing time.Time // when the first of the passes began that have failed since; zero: not known
	Paused  error     // why it carried nothing out, if it was paused
	Plan    plan.Plan // what it planned; without an id: nothing

	Now time.Time
}

func (in Input) planned() bool { return in.Desired != nil && in.PassErr == nil && in.Plan.ID != "" }

// failingAfter is how long passes fail before people are told: the API may have a bad minute.
const failingAfter = 5 * time.Minute

// fails tells whether passes fail, and have for a while. A mismatch of the pins does not go away by itself.
func (in Input) fails() bool {
	var pin *plan.PinError
	return in.PassErr != nil && (errors.As(in.PassErr, &pin) || !in.Failing.IsZero() && in.Now.Sub(in.Failing) >= failingAfter)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
