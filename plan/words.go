package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"arcadiad/fleet"
)

// What the text and the Markdown renderings say in the same words.

// signs mark actions the way people know it from other tools.
var signs = map[Kind]string{Provision: "+", Destroy: "-", Replace: "-/+", Update: "~", Adopt: ">"}

// shortestRun is how many neighbours it takes to be shown as web-1 … web-9.
const shortestRun = 3

// runs cuts a list into runs of neighbours that differ in nothing but consecutive names.
func runs[T any](list []T, name func(T) string, same func(a, b T) bool) [][]T {
	var out [][]T
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && follows(name(list[j-1]), name(list[j])) && same(list[j-1], list[j]) {
			j++
		}
		if j-i >= shortestRun {
			out = append(out, list[i:j])
		} else {
			for k := i; k < j; k++ {
				out = append(out, list[k:k+1])
			}
		}
		i = j
	}
	return out
}

func follows(a, b string) bool {
	stemA, n := splitName(fleet.Key(a))
	stemB, m := splitName(fleet.Key(b))
	return n >= 0 && m == n+1 && stemA == stemB
}

// actionRuns groups what would be done to one name after the other for the same reason. Of names for which several things are due, the
// first make one run, the second another.
func (p Plan) actionRuns() [][]Action {
	var layers [][]Action
	place := map[string]int{} // where each run goes, by its first action
	for i, nth := 0, 0; i < len(p.Actions); i++ {
		if nth++; i == 0 || p.Actions[i-1].Name != p.Actions[i].Name {
			nth = 0
		}
		if nth == len(layers) {
			layers = append(layers, nil)
		}
		layers[nth] = append(layers[nth], p.Actions[i])
		place[fmt.Sprint(nth, p.Actions[i].Name)] = i
	}
	type placed struct {
		at  int
		run []Action
	}
	var all []placed
	for nth, layer := range layers {
		for _, run := range runs(layer, func(a Action) string { return a.Name }, actAlike) {
			all = append(all, placed{place[fmt.Sprint(nth, run[0].Name)], run})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return a.at - b.at })
	out := make([][]Action, len(all))
	for i, p := range all {
		out[i] = p.run
	}
	return out
}

func actAlike(a, b Action) bool {
	return a.Kind == b.Kind && reasonsAlike(a, b) && a.Held == b.Held && a.HeldReason == b.HeldReason && a.KeepMonthly == b.KeepMonthly &&
		slices.EqualFunc(a.Changes, b.Changes, changeAlike) && describe(a.Spec) == describe(b.Spec) && sameSideEffects(a, b)
}

// reasonsAlike reports whether two actions have the same reason, or stand in for droplets that are gone.
func reasonsAlike(a, b Action) bool {
	return a.Reason == b.Reason || a.Kind == Provision && len(a.Lost) > 0 && len(b.Lost) > 0
}

// changeAlike tells whether two neighbours change alike: in the same way, or from one row of names to another.
func changeAlike(a, b FieldChange) bool {
	if a.Field == fieldName && b.Field == fieldName && follows(a.From, b.From) && follows(a.To, b.To) {
		b.From, b.To = a.From, a.To
	}
	return a == b
}

// changesOf are the changes of a run of actions.
func changesOf(run []Action) []FieldChange {
	changes := slices.Clone(run[0].Changes)
	for i, last := range run[len(run)-1].Changes {
		if last.Field == fieldName {
			changes[i].From, changes[i].To = span(changes[i].From, last.From), span(changes[i].To, last.To)
		}
	}
	return changes
}

func driftRuns(list []Drift) [][]Drift {
	return runs(list, func(d Drift) string { return d.Name }, func(a, b Drift) bool { return reflect.DeepEqual(a.Changes, b.Changes) })
}

func flightRuns(list []InFlight) [][]InFlight {
	return runs(list, func(f InFlight) string { return f.Name }, func(a, b InFlight) bool {
		return a.Kind == b.Kind && a.Status == b.Status && a.Step == b.Step && a.Error == b.Error
	})
}

func releasedRuns(list []Released) [][]Released {
	return runs(list, func(r Released) string { return r.Name }, func(a, b Released) bool { return a.Reason == b.Reason })
}

// span names a run.
func span(first, last string) string {
	if first == last {
		return first
	}
	return first + " … " + last
}

// deed says what a run of actions does: "replace droplet 123", or "provision 300 droplets".
func deed(run []Action) string {
	a := run[0]
	switch {
	case len(run) > 1:
		return fmt.Sprintf("%s %d droplets", a.Kind, len(run))
	case a.DropletID != 0:
		return fmt.Sprintf("%s droplet %d", a.Kind, a.DropletID)
	}
	return string(a.Kind)
}

// restraint says what holds a run of actions, and what that costs.
func restraint(run []Action) string {
	a, cost := run[0], fleet.Money(0)
	for _, each := range run {
		cost += each.KeepMonthly
	}
	words := clean(a.HeldReason)
	it := "it"
	if len(run) > 1 {
		it = "them"
	}
	switch {
	case cost == 0:
	case a.Kind == Replace:
		words += fmt.Sprintf("; keeping %s as before costs %s a month", it, cost)
	default:
		words += fmt.Sprintf("; keeping %s costs %s a month", it, cost)
	}
	return words
}

// origin says where the fleet file comes from.
func origin(r fleet.Revision) string {
	switch {
	case r.Commit == "":
		return clean(r.File) + ", which is not committed yet"
	case r.Differs:
		return clean(fmt.Sprintf("%s, changed since commit %s by %s: %s", r.File, r.Short(), r.Author, r.Subject))
	}
	return clean(fmt.Sprintf("%s of commit %s by %s: %s", r.File, r.Short(), r.Author, r.Subject))
}

// motive says why a run of actions is planned, and for provisions what is made.
func motive(run []Action) string {
	a := run[0]
	reason := clean(a.Reason)
	if len(run) > 1 && len(a.Lost) > 0 {
		reason = "their droplets are gone (" + listed(run) + ")"
	}
	if a.Kind == Provision {
		return reason + " (" + describe(a.Spec) + ")"
	}
	return reason
}

// mostListed bounds how many ids one line names.
const mostListed = 5

// listed names the droplets that a run stands in for.
func listed(run []Action) string {
	var ids []string
	for _, a := range run {
		for _, id := range a.Lost {
			ids = append(ids, fmt.Sprint(id))
		}
	}
	most := min(len(ids), mostListed)
	return strings.Join(ids[:most], ", ") + more(len(ids)-most)
}

// describe is a spec in three words.
func describe(s fleet.Spec) string {
	return clean(strings.Join([]string{s.Size, s.Region, s.Image}, ", "))
}

// flight says how a run of live sagas stands.
func flight(run []InFlight) string {
	f := run[0]
	words := f.Kind + " " + fleet.Saga8(f.Saga)
	if len(run) > 1 {
		words = fmt.Sprintf("%d × %s", len(run), f.Kind)
	}
	words += ": " + f.Status
	if f.Step != "" {
		words += " at " + f.Step
	}
	if f.Error != "" {
		words += " (" + f.Error + ")"
	}
	return clean(words)
}

// lifts names the rules that approving the plan would lift.
func (p Plan) lifts() string {
	var names []string
	for _, a := range p.Actions {
		if a.Approvable && !slices.Contains(names, a.HeldBy) {
			names = append(names, a.HeldBy)
		}
	}
	if len(names) == 1 {
		return names[0] + " holds"
	}
	return series(names) + " hold"
}

func series(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// shown is a field's value for people: hashes short, nothing as such.
func shown(value string) string {
	if value == "" {
		return "(none)"
	}
	if hash, ok := strings.CutPrefix(value, "sha256:"); ok && len(hash) > 8 {
		return "sha256:" + hash[:8]
	}
	return clean(value)
}

// clean keeps one line one line: errors may carry whatever a proxy answered, control characters and whole HTML pages too.
func clean(s string) string {
	const most = 300
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}

// sentence is the summary in words.
func (p Plan) sentence() string {
	s := p.Summary
	todo := enumerate([]count{
		{s.Provision, "to provision"}, {s.Replace, "to replace"}, {s.Destroy, "to destroy"}, {s.Adopt, "to adopt"}, {s.Update, "to update"},
	})
	if s.Held > 0 {
		held := fmt.Sprintf("%d held", s.Held)
		if cost := p.KeepMonthly(); cost > 0 {
			held += ", which keeps droplets for " + cost.String() + " a month"
		}
		todo += " (" + held + ")"
	}
	rest := enumerate([]count{
		{s.InFlight - s.Stuck, "in flight"}, {s.Stuck, "stuck"}, {s.Drifted, "drifted"}, {s.Pending, "pending"}, {s.Ignored, "ignored"},
		{s.Released, "released"}, {s.Missing, "missing"}, {s.Unchanged, "unchanged"},
	})
	switch {
	case p.Settled() && rest == "" && len(p.Warnings) > 0:
		return "Nothing to do; see the warnings."
	case p.Settled() && rest == "":
		return "Nothing to do: fleet " + p.Fleet + " is empty, as the file asks."
	case p.Settled() && s.Drifted+s.Pending+s.Ignored+s.Released == 0 && len(p.Warnings) == 0:
		return fmt.Sprintf("Nothing to do: fleet %s is as the file asks, %s.", p.Fleet, droplets(s.Unchanged))
	case p.Settled():
		return "Nothing to do: " + rest + "."
	case p.Empty() && len(p.InFlight) == 0:
		return "Nothing to do yet: " + rest + "."
	case p.Empty():
		return "Nothing new to do: " + rest + "."
	case rest == "":
		return todo + "."
	}
	return todo + "; " + rest + "."
}

type count struct {
	n    int
	what string
}

func enumerate(counts []count) string {
	var parts []string
	for _, c := range counts {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.what)
		}
	}
	return strings.Join(parts, ", ")
}

func droplets(n int) string {
	if n == 1 {
		return "1 droplet"
	}
	return strconv.Itoa(n) + " droplets"
}
