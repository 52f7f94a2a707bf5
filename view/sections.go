package view

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// section is a part of a plan beside its actions: what was noticed about some droplets.
type section struct {
	sign, title string
	says        string
	markdown    string // what it says in Markdown where that differs
	entries     []entry
	apart       bool // the status page has a part of its own for it
}

// entry is a run of droplets in a section.
type entry struct {
	name    string
	about   string // the droplets; empty: the words say it
	words   string
	changes []plan.FieldChange
}

// sections are those parts of a plan that have something to say.
func sections(p plan.Plan) []section {
	moving, stuck := flights(p.InFlight)
	all := []section{
		{sign: "!", title: "Drift", apart: true, says: "changed outside arcadiad, and left alone", entries: drifts(p.Drift, plan.CauseOutside)},
		{sign: "!", title: "Down", apart: true, says: "switched off, and left alone", entries: drifts(p.Drift, plan.CauseBroken)},
		{sign: "*", title: "Kept", says: "no longer in the fleet file, and left alone; none there takes it off", entries: drifts(p.Drift, plan.CauseFile)},
		{sign: "*", title: "Pending", says: "cannot be changed on an existing droplet, and does not cause a replacement", entries: drifts(p.Pending, "")},
		{sign: "*", title: "Ignored", says: "on_change leaves the existing droplet as it is; its next replacement applies this",
			markdown: "`on_change` leaves the existing droplet as it is; its next replacement applies this.", entries: drifts(p.Ignored, "")},
		{sign: "<", title: "Back", says: "brought back out of quarantine, because the rollout of its group has stopped", entries: broughtBack(p.Back)},
		{sign: "?", title: "Released", says: "arcadiad's tags are gone from it; put them back, or free the name: arcadiad release NAME",
			markdown: "Arcadiad's tags are gone from them; put them back, or free the name: `arcadiad release NAME`.", entries: released(p.Released)},
		{sign: "?", title: "Missing", apart: true, says: "registered, but not in the account", entries: missing(p.Missing)},
		{sign: "*", title: "In quarantine", apart: true, says: "taken out of its name, off and still billed; arcadiad undo NAME brings it back",
			markdown: "Taken out of their names, off and still billed; `arcadiad undo NAME` brings one back.", entries: quarantines(p.Kept)},
		{sign: "»", title: "In flight", apart: true, entries: moving},
		{sign: "x", title: "Stuck", apart: true, says: "see `arcadiad saga show ID`, then retry or abort it", entries: stuck},
	}
	return slices.DeleteFunc(all, func(s section) bool { return len(s.entries) == 0 })
}

// entriesOf makes an entry of each droplet or run of like ones.
func entriesOf[T any](list []T, name func(T) string, id func(T) int64, of func(T) entry) (entries []entry) {
	same := func(a, b T) bool { return reflect.DeepEqual(of(a), of(b)) }
	for _, run := range runs(list, name, same) {
		e := of(run[0])
		e.name, e.about = fleet.Span(name(run[0]), name(run[len(run)-1])), about(len(run), id(run[0]))
		entries = append(entries, e)
	}
	return entries
}

// drifts are droplets with their changes of one cause; empty: of any.
func drifts(list []plan.Drift, cause plan.Cause) []entry {
	var some []plan.Drift
	for _, d := range list {
		if cause != "" {
			d.Changes = slices.DeleteFunc(slices.Clone(d.Changes), func(c plan.FieldChange) bool { return c.Cause != cause })
		}
		if len(d.Changes) > 0 {
			some = append(some, d)
		}
	}
	return entriesOf(some, func(d plan.Drift) string { return d.Name }, func(d plan.Drift) int64 { return d.DropletID },
		func(d plan.Drift) entry { return entry{changes: d.Changes} })
}

func broughtBack(list []plan.Back) []entry {
	return entriesOf(list, func(k plan.Back) string { return k.Transfer.Name }, func(k plan.Back) int64 { return k.Transfer.DropletID },
		func(k plan.Back) entry { return entry{words: k.Reason} })
}

func released(list []plan.Released) []entry {
	return entriesOf(list, func(r plan.Released) string { return r.Name }, func(r plan.Released) int64 { return r.DropletID },
		func(r plan.Released) entry { return entry{words: r.Reason} })
}

// missing are neighbours that are missing since the same look.
func missing(list []plan.Missing) []entry {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b plan.Missing) int {
		return cmp.Or(fleet.CompareNames(a.Name, b.Name), cmp.Compare(a.DropletID, b.DropletID))
	})
	return entriesOf(list, func(m plan.Missing) string { return m.Name }, func(m plan.Missing) int64 { return m.DropletID },
		func(m plan.Missing) entry { return entry{words: m.Says()} })
}

// Missing is the missing droplets of a plan in one line, for those who wait for them.
func Missing(p plan.Plan) string {
	return strings.Join(fleet.Words(missing(p.Missing), func(e entry) string { return e.name + " (" + e.about + "): " + e.words }), "; ")
}

// flights tells the stuck sagas from those that move.
func flights(list []plan.InFlight) (moving, stuck []entry) {
	var move []plan.InFlight
	for _, f := range list {
		if f.Stuck {
			stuck = append(stuck, entry{name: f.Name, words: flight([]plan.InFlight{f})})
		} else {
			move = append(move, f)
		}
	}
	same := func(a, b plan.InFlight) bool {
		return a.Kind == b.Kind && a.Status == b.Status && a.Step == b.Step && a.Error == b.Error
	}
	for _, run := range runs(move, func(f plan.InFlight) string { return f.Name }, same) {
		moving = append(moving, entry{name: fleet.Span(run[0].Name, run[len(run)-1].Name), words: flight(run)})
	}
	return moving, stuck
}

// flight says how a run of live sagas stands.
func flight(run []plan.InFlight) string {
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
	return words
}

// quarantines are the droplets in quarantine.
func quarantines(list []plan.Kept) []entry {
	return entriesOf(list, func(k plan.Kept) string { return k.Name }, func(k plan.Kept) int64 { return k.DropletID }, func(k plan.Kept) entry {
		words := "until " + stamp(k.Until)
		if k.Price.Known() {
			words += ", " + k.Price.Monthly.String() + " a month"
		}
		return entry{words: words}
	})
}
