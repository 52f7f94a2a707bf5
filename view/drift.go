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

// drifted is what the table of drift shows: what is held back has a table of its own.
func drifted(list []condition.Difference, back []condition.HeldBack) []condition.Difference {
	held := fleet.SetOf(back, func(h condition.HeldBack) string { return fleet.Key(h.Name) })
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
		t.row(d.Name, whoseDoing[d.Cause], fleet.Fit(what(d), 60), noticed, how)
	}
	t.more(len(list), most)
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

// heldText says how much is held, and what to do about it.
func heldText(d control.Live) string {
	words := d.Plan + ": " + fmt.Sprint(d.Held, " held") + " (details: arcadiad plan"
	if d.Approvable {
		words += "; to approve: arcadiad approve " + d.Plan
	}
	return words + ")"
}

func heldRows(t *table, list []condition.HeldBack, most int) {
	t.row("HELD", "ACTION", "BY", "COST TO KEEP", "WHY")
	for _, h := range list[:min(len(list), most)] {
		cost := "-"
		if h.KeepMonthly > 0 {
			cost = h.KeepMonthly.String() + " a month"
		}
		t.row(h.Name, h.Action, h.By, cost, fleet.Fit(h.Reason, 100))
	}
	t.more(len(list), most)
}
