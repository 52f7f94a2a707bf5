package condition

import "time"

// Kind is what sort of a condition it is. Webhooks, metrics and the memory of what was notified have these values.
type Kind string

const (
	Failing  Kind = "failing"
	File     Kind = "file"
	Stuck    Kind = "stuck"
	Missing  Kind = "missing"
	Stalled  Kind = "stalled"
	Held     Kind = "held"
	Released Kind = "released"
	Drift    Kind = "drift"
)

// Condition is something that is so, until it is not, and that a person should know.
type Condition struct {
	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject,omitempty"` // a droplet's name; empty: the whole fleet. One condition of a kind and subject
	State   string    `json:"state"`             // tells one such condition from another; what changes by itself, such as a time, is not in it
	Summary string    `json:"summary"`           // what is so, in one sentence
	Advice  string    `json:"advice"`            // what to do
	Since   time.Time `json:"since"`             // zero: since it was raised
}
