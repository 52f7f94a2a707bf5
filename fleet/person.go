package fleet

import (
	"context"
	"strings"
)

// Person is who gave an order, and why, as the command says. Nothing depends on it: it is kept and shown.
type Person struct {
	Name   string `json:"Name,omitempty"`   // of the user who ran the command; empty: not known
	Reason string `json:"Reason,omitempty"` // in the person's own words; empty: none was given
}

// longestReason is how much of a reason is kept, in columns.
const longestReason = 300

// Because gives the person with a reason that fits in one line.
func (p Person) Because(reason string) Person {
	p.Reason = Fit(strings.TrimSpace(reason), longestReason)
	return p
}

// String is the person as people read it, "alice: the disk is full"; empty where neither is known.
func (p Person) String() string {
	switch {
	case p.Reason == "":
		return p.Name
	case p.Name == "":
		return p.Reason
	}
	return p.Name + ": " + p.Reason
}

// By is the person behind something that was done, " by alice: the disk is full"; empty where nothing is known.
func (p Person) By() string {
	switch {
	case p.Name != "":
		return " by " + p.String()
	case p.Reason != "":
		return ": " + p.Reason
	}
	return ""
}

type personKey struct{}

// AsPerson says in whose name all is ordered that is done in the context.
func AsPerson(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// PersonOf is in whose name something is ordered; the zero Person: in nobody's.
func PersonOf(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}
