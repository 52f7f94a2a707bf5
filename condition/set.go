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
	Answers // of the API
	Fetches // of the fleet's repository
)

// row is all that is said of a kind as such.
type row struct {
	kind Kind
	is   string // when it is so, as docs/metrics.md has it
	do   string // what to do about it, the same
	from Source
	find func(Input) []Condition // nil: it is found with another kind

	becomes Kind // what it may become: as long as that is so of the same subject, it is not over
	tabled  bool // status has a table of it, so that it does not come first there
}

// rows are all kinds, in the order in which messages show them.
var rows = []row{
	{kind: Token, is: "DigitalOcean refuses the API token", do: "put a valid token in its place; `arcadiad doctor` checks it", from: Answers, find: Input.token},
	{kind: Failing, is: "passes have failed for five minutes, or account, file and database do not belong together", do: "the log, `arcadiad status`",
		from: Passes, find: Input.failing},
	{kind: File, is: "the newest fleet file is not in force", do: "`arcadiad validate`", from: Versions, find: Input.file},
	{kind: Pull, is: "`arcadiad pull` has failed for 15 minutes, or has not run for an hour", do: "`journalctl -u 'arcadiad-pull@*'`, `arcadiad doctor`",
		from: Fetches, find: Input.pull},
	{kind: Stopped, is: "a member failed and stopped the rollout of its group",
		do: "`arcadiad rollout show`, then change the stanza or run `arcadiad rollout resume`", from: Passes, find: Input.stopped},
	{kind: Failed, is: "the last create, or whatever else was tried for a name, failed and is undone", do: "nothing, if it is tried again; `arcadiad why NAME`",
		from: Passes, find: Input.failed, becomes: Stalled},
	{kind: Stuck, is: "a saga keeps failing, and may need a person", do: "`arcadiad saga show`, then `retry` or `abort`", from: Sagas, find: Input.stuck},
	{kind: Retrying, is: "a step of a saga has failed three times or more, and is tried again", do: "`arcadiad saga show`", from: Sagas,
		find: Input.retrying, becomes: Stuck},
	{kind: Lost, is: "a registered droplet is gone from the account, and not created again yet",
		do: "find out who destroyed it; the droplet is created again by itself, unless more than `max_lost` are gone", from: Passes, find: Input.lost},
	{kind: Missing, is: "a registered droplet is missing from the account",
		do: "check the account; the droplet is created again by itself, unless more than `max_lost` are gone", from: Passes, find: Input.missing, becomes: Lost},
	{kind: Stalled, is: "three droplets of one spec in one group did not come up, or three resizes of one failed; it is not retried",
		do: "find the cause, then change the stanza or run `arcadiad saga retry`", from: Passes},
	{kind: Held, is: "an action or a whole rollout waits, for a person or for its next try", do: "`arcadiad plan`, then perhaps `arcadiad approve`",
		from: Passes, find: Input.held, tabled: true},
	{kind: Released, is: "a registered droplet lost its tags", do: "restore them", from: Passes, find: Input.released},
	{kind: Drift, is: "a droplet was changed outside arcadiad", do: "revert it, or change the file", from: Passes, find: Input.drift, tabled: true},
}

// Kinds are all kinds, in the order in which messages show them.
func Kinds() (kinds []Kind) {
	for _, r := range rows {
		kinds = append(kinds, r.kind)
	}
	return kinds
}

func rowOf(k Kind) row {
	return rows[slices.IndexFunc(rows, func(r row) bool { return r.kind == k })]
}

// Tabled tells whether status shows conditions of the kind in a table of their own, and not first.
func (k Kind) Tabled() bool { return slices.Contains(Kinds(), k) && rowOf(k).tabled }

// Becomes is the condition that one may turn into without being over; ok is false where there is none.
func (k Key) Becomes() (next Key, ok bool) {
	if !slices.Contains(Kinds(), k.Kind) { // of a newer arcadiad
		return Key{}, false
	}
	next = Key{rowOf(k.Kind).becomes, k.Subject}
	return next, next.Kind != ""
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

// All are the conditions that the state database alone tells of, where no daemon runs: without a plan nothing else is known.
func (s Set) All() (conditions []Condition) {
	for _, r := range rows {
		if r.find != nil {
			conditions = append(conditions, r.find(s.Input)...)
		}
	}
	slices.SortStableFunc(conditions, Compare)
	return conditions
}

// undecided are the names of which a plan does not say whether a condition of the kind is over: their sagas are live. What failed or is lost
// is not over when it is tried again, but when that came through.
func (s Set) undecided(kind Kind) map[string]bool {
	names := fleet.SetOf(s.Plan.InFlight, func(f plan.InFlight) string { return f.Name })
	if kind == Failed || kind == Lost || kind == Missing {
		for _, a := range s.Plan.Actions {
			if !a.Held {
				names[a.Name] = true
			}
		}
	}
	return names
}
