package condition

import (
	"cmp"
	"slices"
	"time"

	"arcadiad/fleet"
)

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

// Source is what brings news of conditions.
type Source int

const (
	Versions Source = iota // of the fleet file
	Passes                 // and their plans
	Sagas
)

// row is all that is said of a kind as such.
type row struct {
	kind Kind
	is   string // when it is so, as docs/metrics.md has it
	do   string // what to do about it, the same
	from Source
	find func(Set) []Condition // nil: it is found with another kind
}

// rows are all kinds, in the order in which messages show them.
var rows = []row{
	{Failing, "passes have failed for five minutes, or account, file and database do not belong together", "the log, `arcadiad status`",
		Passes, Set.failing},
	{File, "the newest fleet file is not in force", "`arcadiad validate`", Versions, Set.file},
	{Stuck, "a saga keeps failing, and may need a person", "`arcadiad saga show`, then `retry` or `abort`", Sagas, Set.stuck},
	{Missing, "a registered droplet is not in the account any more",
		"check the account; the droplet is created again by itself, unless more than `max_lost` are gone", Passes, Set.missing},
	{Stalled, "three droplets of one spec in one group did not come up, or three resizes of one failed; it is not retried",
		"find the cause, then change the stanza or run `arcadiad saga retry`", Passes, nil},
	{Held, "an action waits, for a person or for a backoff", "`arcadiad plan`, then perhaps `arcadiad approve`", Passes, Set.held},
	{Released, "a registered droplet lost its tags", "restore them", Passes, Set.released},
	{Drift, "a droplet was changed outside arcadiad", "revert it, or change the file", Passes, Set.drift},
}

// Kinds are all kinds, in the order in which messages show them.
func Kinds() (kinds []Kind) {
	for _, r := range rows {
		kinds = append(kinds, r.kind)
	}
	return kinds
}

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
