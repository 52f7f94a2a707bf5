package condition

import (
	"cmp"
	"slices"
	"time"

	"arcadiad/fleet"
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

// Compare orders conditions as messages show them.
func Compare(a, b Condition) int {
	place := func(k Kind) int { return slices.IndexFunc(rows, func(r row) bool { return r.kind == k }) }
	return cmp.Or(place(a.Kind)-place(b.Kind), fleet.CompareNames(a.Subject, b.Subject), cmp.Compare(a.Subject, b.Subject))
}
