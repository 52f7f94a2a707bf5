package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

// difference is one thing about a name that is not as the fleet file asks, and whose doing that is.
type difference struct {
	Name      string     `json:"name"`
	DropletID int64      `json:"droplet_id,omitempty"` // 0: there is none
	Cause     plan.Cause `json:"cause"`
	Field     string     `json:"field,omitempty"` // left out: it is about the droplet as a whole, and the reason says what
	From      string     `json:"from,omitempty"`  // as it was: recorded, or before the change of the file
	To        string     `json:"to,omitempty"`    // as it was made: seen, or asked for
	Reason    string     `json:"reason,omitempty"`
	Since     time.Time  `json:"since,omitzero"`    // when it was noticed
	By        string     `json:"by,omitempty"`      // the droplet's action that did it; left out: not known
	HeldBy    string     `json:"held_by,omitempty"` // the rule that keeps the plan from doing it; of what the file asks for
}

// whoseDoing are the causes in words.
var whoseDoing = map[plan.Cause]string{
	plan.CauseFile: "you changed it", plan.CauseOutside: "somebody changed it", plan.CauseBroken: "it is broken",
}

// drifted tells what somebody changed from what is broken, by what the state database remembers: with or without a daemon.
func drifted(deviations []fleet.Drift, live []sagaView) []difference {
	out := []difference{}
	for _, d := range deviations {
		cause := plan.CauseOutside
		if d.Field == "status" {
			cause = plan.CauseBroken
		}
		out = append(out, difference{
			Name: d.Name, DropletID: d.DropletID, Cause: cause, Field: d.Field, From: d.Recorded, To: d.Seen, Since: d.Since, By: d.By,
		})
	}
	for _, v := range live {
		if v.Kind == fleet.SagaProvision && v.Labels[fleet.LabelCause] == string(plan.CauseBroken) {
			out = append(out, difference{Name: v.Name, Cause: plan.CauseBroken, Reason: v.Labels[fleet.LabelReason], Since: v.CreatedAt})
		}
	}
	return out
}

// waiting is what the daemon's plan is to do and does not now, but for what the state database tells better.
func waiting(list []control.Waiting) (out []difference) {
	for _, w := range list {
		d := difference{Name: w.Name, DropletID: w.DropletID, Cause: w.Cause, HeldBy: w.HeldBy}
		switch {
		case w.Cause == "", w.Cause != plan.CauseFile && len(w.Changes) > 0:
		case len(w.Changes) == 0:
			d.Reason = w.Reason
			out = append(out, d)
		default:
			for _, c := range w.Changes {
				if c.Cause == plan.CauseFile {
					d.Field, d.From, d.To = c.Field, c.From, c.To
					out = append(out, d)
				}
			}
		}
	}
	return out
}

func sortDifferences(list []difference) {
	slices.SortStableFunc(list, func(a, b difference) int { return fleet.CompareNames(a.Name, b.Name) })
}

// of are the differences of one cause, and how many names they are about.
func of(cause plan.Cause, list []difference) (some []difference, names int) {
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
		parts = append(parts, "somebody changed "+counted(n, "droplet"))
	}
	if _, n := of(plan.CauseBroken, st.Drift); n > 0 {
		parts = append(parts, counted(n, "droplet")+" broken")
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
	return "you changed " + counted(n, "droplet") + ", and that waits: " + fit(fileText(r, 0), 120)
}

// shownDrift is what the table of drift shows: what is held back has a table of its own.
func (st status) shownDrift() []difference {
	held := map[string]bool{}
	for _, h := range st.heldBack() {
		held[fleet.Key(h.Name)] = true
	}
	return slices.DeleteFunc(slices.Clone(st.Drift), func(d difference) bool { return d.Cause == plan.CauseFile && held[fleet.Key(d.Name)] })
}

func driftTable(t io.Writer, list []difference, now time.Time, most int) {
	fmt.Fprintln(t, "\nDRIFT\tWHOSE DOING\tWHAT\tNOTICED\tHOW")
	for _, d := range list[:min(len(list), most)] {
		noticed := "-"
		if !d.Since.IsZero() {
			noticed = ago(now, d.Since)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.Name, whoseDoing[d.Cause], fit(d.what(), 60), noticed, d.how())
	}
	more(t, len(list), most)
}

// what is the difference itself.
func (d difference) what() string {
	if d.Field == "" {
		return oneLine(d.Reason)
	}
	return oneLine(fmt.Sprintf("%s %s → %s", d.Field, orNone(d.From), orNone(d.To)))
}

// how is what did it, or what keeps it.
func (d difference) how() string {
	if d.HeldBy != "" {
		return "waits: " + d.HeldBy
	}
	return cmp.Or(oneLine(d.By), "-")
}

// text is a difference as a sentence.
func (d difference) text(now time.Time) string {
	words := whoseDoing[d.Cause] + ": " + d.what()
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
