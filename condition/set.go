package condition

import (
	"cmp"
	"slices"

	"arcadiad/fleet"
	"arcadiad/plan"
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
	find func(Input) []Condition // nil: it is found with another kind
}

// rows are all kinds, in the order in which messages show them.
var rows = []row{
	{Failing, "passes have failed for five minutes, or account, file and database do not belong together", "the log, `arcadiad status`",
		Passes, Input.failing},
	{File, "the newest fleet file is not in force", "`arcadiad validate`", Versions, Input.file},
	{Stuck, "a saga keeps failing, and may need a person", "`arcadiad saga show`, then `retry` or `abort`", Sagas, Input.stuck},
	{Stopped, "a member failed and stopped the rollout of its group", "`arcadiad rollout show`, then change the stanza or run `arcadiad rollout resume`",
		Passes, Input.stopped},
	{Missing, "a registered droplet is missing from the account",
		"check the account; the droplet is created again by itself, unless more than `max_lost` are gone", Passes, Input.missing},
	{Stalled, "three droplets of one spec in one group did not come up, or three resizes of one failed; it is not retried",
		"find the cause, then change the stanza or run `arcadiad saga retry`", Passes, nil},
	{Held, "an action or a whole rollout waits, for a person or for its next try", "`arcadiad plan`, then perhaps `arcadiad approve`", Passes, Input.held},
	{Released, "a registered droplet lost its tags", "restore them", Passes, Input.released},
	{Drift, "a droplet was changed outside arcadiad", "revert it, or change the file", Passes, Input.drift},
}

// Kinds are all kinds, in the order in which messages show them.
func Kinds() (kinds []Kind) {
	for _, r := range rows {
		kinds = append(kinds, r.kind)
	}
	return kinds
}

// Compare orders conditions as messages show them.
func Compare(a, b Condition) int {
	place := func(k Kind) int { return slices.IndexFunc(rows, func(r row) bool { return r.kind == k }) }
	return cmp.Or(place(a.Kind)-place(b.Kind), fleet.CompareNames(a.Subject, b.Subject), cmp.Compare(a.Subject, b.Subject))
}

// Set is what wants attention, as far as its input tells.
type Set struct{ Input }

// Of judges an input.
func Of(in Input) Set { return Set{in} }

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
			conditions = append(conditions, r.find(s.Input)...)
		}
	}
	return conditions, kinds
}

// undecided are the names of which a plan says nothing: their sagas are live.
func (s Set) undecided() map[string]bool {
	return fleet.SetOf(s.Plan.InFlight, func(f plan.InFlight) string { return f.Name })
}
