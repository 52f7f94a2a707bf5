package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// whoseDoing are the causes in words.
var whoseDoing = map[plan.Cause]string{
	plan.CauseFile: "changed in fleet.yaml", plan.CauseOutside: "changed outside arcadiad", plan.CauseBroken: "down",
}

// namesOf counts the names that differ for one cause.
func namesOf(cause plan.Cause, list []condition.Difference) int {
	about := map[string]bool{}
	for _, d := range list {
		if d.Cause == cause {
			about[fleet.Key(d.Name)] = true
		}
	}
	return len(about)
}

// driftText counts what somebody changed and what is broken; empty: nothing.
func driftText(list []condition.Difference) string {
	var parts []string
	if n := namesOf(plan.CauseOutside, list); n > 0 {
		parts = append(parts, droplets(n)+" changed outside arcadiad")
	}
	if n := namesOf(plan.CauseBroken, list); n > 0 {
		parts = append(parts, droplets(n)+" down")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + " (details: arcadiad plan)"
}

// changedText counts what waits because the fleet file changed; empty: nothing.
func changedText(list []condition.Difference, d *control.Live) string {
	n := namesOf(plan.CauseFile, list)
	if n == 0 {
		return ""
	}
	var r fleet.Revision
	if d != nil && d.Revision != nil {
		r = *d.Revision
	}
	return "changes of " + droplets(n) + " are waiting: " + fleet.Fit(fileText(r, 0), 120)
}

// drifted is what the table of drift shows: what is held back has a table of its own, and so have the rollouts under way.
func drifted(list []condition.Difference, back []condition.HeldBack, rollouts []Rollout) []condition.Difference {
	held := fleet.SetOf(back, func(h condition.HeldBack) string { return fleet.Key(h.Name) })
	for _, r := range rollouts {
		for _, name := range slices.Concat(r.Members.Live, r.Members.Waiting) {
			held[fleet.Key(name)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(d condition.Difference) bool { return d.Cause == plan.CauseFile && held[fleet.Key(d.Name)] })
}

func driftRows(t *table, list []condition.Difference, now time.Time, most int) {
	t.row("DRIFT", "CHANGED BY", "WHAT", "NOTICED", "HOW")
	for _, d := range list[:min(len(list), most)] {
		noticed, how := "-", orNone(d.By)
		if !d.Since.IsZero() {
			noticed = ago(now, d.Since)
		}
		if d.HeldBy != "" {
			how = "waits: " + d.HeldBy
		}
		t.row(d.Name, byCause(d.Cause), fleet.Fit(what(d), 60), noticed, how)
	}
	t.more(len(list), most)
}

// byCause colours whose doing a difference is.
func byCause(c plan.Cause) any {
	switch words := whoseDoing[c]; c {
	case plan.CauseBroken:
		return red{words}
	case plan.CauseOutside:
		return yellow{words}
	default:
		return words
	}
}

// what is the difference itself.
func what(d condition.Difference) string {
	if d.Field == "" {
		return d.Reason
	}
	return fmt.Sprintf("%s %s → %s", d.Field, orNone(d.From), orNone(d.To))
}

// differenceText is a difference as a sentence.
func differenceText(d condition.Difference, now time.Time) string {
	words := whoseDoing[d.Cause] + ": " + what(d)
	if !d.Since.IsZero() {
		words += ", noticed " + when(now, d.Since)
	}
	if d.By != "" {
		words += ", by " + d.By
	}
	if d.HeldBy != "" {
		words += "; waits: " + d.HeldBy
	}
	return words
}

// heldText says how much is held and how much only waits, and what to do about it.
func heldText(d control.Live) string {
	back := len(d.HeldBack)
	words := d.Plan + ": " + enumerate([]count{{back, "held"}, {d.Held - back, "waiting"}}) + " (details: arcadiad plan"
	switch approvable := slices.ContainsFunc(d.HeldBack, func(h condition.HeldBack) bool { return h.Approvable }); {
	case approvable:
		words += "; to approve: arcadiad approve " + d.Plan
	case d.Approvable:
		words += "; to go ahead before the window opens: arcadiad approve " + d.Plan
	}
	return words + ")"
}

// heldRuns puts what is held back together: neighbours for the same reason, and rollouts that are held as a whole. What the rollouts under way
// tell themselves is left out.
func heldRuns(list []condition.HeldBack) [][]condition.HeldBack {
	list = slices.DeleteFunc(slices.Clone(list), func(h condition.HeldBack) bool { return h.By == plan.HoldStopped })
	same := func(a, b condition.HeldBack) bool {
		return a.Action == b.Action && a.By == b.By && a.Reason == b.Reason && a.Rollout == b.Rollout
	}
	return runs(list, func(h condition.HeldBack) string { return h.Name }, same)
}

func heldRows(t *table, list [][]condition.HeldBack, most int) {
	t.row("HELD", "ACTION", "BY", "COST TO KEEP", "WHY")
	for _, run := range list[:min(len(list), most)] {
		h, cost, keep := run[0], "-", fleet.Money(0)
		for _, each := range run {
			keep += each.KeepMonthly
		}
		if keep > 0 {
			cost = keep.String() + " a month"
		}
		t.row(fleet.Span(h.Name, run[len(run)-1].Name), h.Action, yellow{h.By}, cost, fleet.Fit(h.Reason, 100))
	}
	t.more(len(list), most)
}
