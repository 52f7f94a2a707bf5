package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// whoseDoing are the causes in words.
var whoseDoing = map[plan.Cause]string{
	plan.CauseFile: "you changed it", plan.CauseOutside: "somebody changed it", plan.CauseBroken: "it is broken",
}

// of are the differences of one cause, and how many names they are about.
func of(cause plan.Cause, list []condition.Difference) (some []condition.Difference, names int) {
	about := map[string]bool{}
	for _, d := range list {
		if d.Cause == cause {
			some, about[fleet.Key(d.Name)] = append(some, d), true
		}
	}
	return some, len(about)
}

// driftText counts what somebody changed and what is broken; empty: nothing.
func (st status) driftText() string {
	var parts []string
	if _, n := of(plan.CauseOutside, st.Drift); n > 0 {
		parts = append(parts, "somebody changed "+fleet.Counted(n, "droplet"))
	}
	if _, n := of(plan.CauseBroken, st.Drift); n > 0 {
		parts = append(parts, fleet.Counted(n, "droplet")+" broken")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + " (look: arcadiad plan)"
}

// changedText counts what waits because the fleet file changed; empty: nothing.
func (st status) changedText() string {
	_, n := of(plan.CauseFile, st.Drift)
	if n == 0 {
		return ""
	}
	var r fleet.Revision
	if st.Daemon != nil && st.Daemon.Revision != nil {
		r = *st.Daemon.Revision
	}
	return "you changed " + fleet.Counted(n, "droplet") + ", and that waits: " + fit(fileText(r, 0), 120)
}

// shownDrift is what the table of drift shows: what is held back has a table of its own.
func (st status) shownDrift() []condition.Difference {
	held := map[string]bool{}
	for _, h := range st.heldBack() {
		held[fleet.Key(h.Name)] = true
	}
	return slices.DeleteFunc(slices.Clone(st.Drift), func(d condition.Difference) bool { return d.Cause == plan.CauseFile && held[fleet.Key(d.Name)] })
}

func driftTable(t io.Writer, list []condition.Difference, now time.Time, most int) {
	fmt.Fprintln(t, "\nDRIFT\tWHOSE DOING\tWHAT\tNOTICED\tHOW")
	for _, d := range list[:min(len(list), most)] {
		noticed := "-"
		if !d.Since.IsZero() {
			noticed = ago(now, d.Since)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.Name, whoseDoing[d.Cause], fit(what(d), 60), noticed, how(d))
	}
	more(t, len(list), most)
}

// what is the difference itself.
func what(d condition.Difference) string {
	if d.Field == "" {
		return oneLine(d.Reason)
	}
	return oneLine(fmt.Sprintf("%s %s → %s", d.Field, orNone(d.From), orNone(d.To)))
}

// how is what did it, or what keeps it.
func how(d condition.Difference) string {
	if d.HeldBy != "" {
		return "waits: " + d.HeldBy
	}
	return cmp.Or(oneLine(d.By), "-")
}

// sentence is a difference in words.
func sentence(d condition.Difference, now time.Time) string {
	words := whoseDoing[d.Cause] + ": " + what(d)
	if !d.Since.IsZero() {
		words += ", noticed " + when(now, d.Since)
	}
	if d.By != "" {
		words += ", by " + oneLine(d.By)
	}
	if d.HeldBy != "" {
		words += "; waits: " + d.HeldBy
	}
	return words
}

// fileText says which version of the fleet file it is; line 0: none.
func fileText(r fleet.Revision, line int) string {
	words := cmp.Or(r.File, "the fleet file")
	if line > 0 {
		words += fmt.Sprint(", line ", line)
	}
	switch {
	case r.File == "":
	case r.Commit == "":
		words += ", not committed yet"
	case r.Differs:
		words += fmt.Sprintf(", changed since commit %s by %s: %s", r.Short(), oneLine(r.Author), oneLine(r.Subject))
	default:
		words += fmt.Sprintf(", of commit %s by %s: %s", r.Short(), oneLine(r.Author), oneLine(r.Subject))
	}
	return words
}
