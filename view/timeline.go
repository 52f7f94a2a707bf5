package view

import (
	"fmt"
	"slices"
	"time"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// moment is one line of a timeline.
type moment struct {
	at   time.Time
	text string
}

// moments are the story of a saga: from the commit of the file, where that is known, to its end.
func (v Saga) moments() []moment {
	var all []moment
	add := func(at time.Time, format string, args ...any) {
		if !at.IsZero() {
			all = append(all, moment{at, fmt.Sprintf(format, args...)})
		}
	}
	if r, ok := fleet.RevisionOf(v.Labels); ok && r.Commit != "" {
		add(r.At, "%s", commit(r))
	}
	add(v.CreatedAt, "%s begins", v.Kind)
	for _, s := range v.Steps {
		words := s.Name
		if doing := fleet.Doing(s.Name, v.Labels); doing != "" {
			words += ": " + fleet.OneLine(doing)
		}
		add(s.StartedAt, "  %s", words)
	}
	for _, c := range v.Calls {
		add(c.BeganAt, "    %s", c.text())
	}
	for _, s := range v.Steps {
		words := string(s.Status)
		if s.Attempts > 1 {
			words += fmt.Sprintf(" at the %s try", ordinal(s.Attempts))
		}
		if s.Error != "" {
			words += ": " + fleet.Fit(s.Error, 160)
		}
		add(s.EndedAt, "  %s %s", s.Name, words)
	}
	add(v.EndedAt, "%s%s", v.Status, v.result())
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all
}

// result says what a saga came to.
func (v Saga) result() string {
	switch ip, snapshot, kept := v.Labels[fleet.LabelIP], v.Labels[fleet.LabelSnapshot], v.Labels[fleet.LabelKeptUntil]; {
	case v.Status == saga.Completed && v.Kind == fleet.SagaDestroy && kept != "":
		return ": droplet " + v.Labels[fleet.LabelDroplet] + " is kept until " + kept + " (arcadiad undo " + v.Name + ")"
	case v.Status == saga.Completed && v.Kind == fleet.SagaDestroy && snapshot != "":
		return ": the snapshot " + snapshot + " stays"
	case v.Status == saga.Completed && ip != "":
		return ": droplet " + v.Labels[fleet.LabelDroplet] + " is active at " + ip
	case v.Status == saga.Compensated:
		return ": every step is undone"
	}
	return ""
}

// text is a call in one line.
func (c Call) text() string {
	words := c.Method + " " + c.Path
	switch {
	case c.Status != 0 && c.Error != "":
		words += fmt.Sprintf(" → %d, %s", c.Status, fleet.Fit(c.Error, 80))
	case c.Status != 0:
		words += fmt.Sprintf(" → %d", c.Status)
	default:
		words += " → no answer: " + fleet.Fit(c.Error, 80)
	}
	words += fmt.Sprintf(", %s", brief(c.Seconds))
	if c.Times > 1 {
		words += fmt.Sprintf(", %d times until %s", c.Times, c.LastAt.Local().Format(time.TimeOnly))
	}
	if c.RequestID != "" {
		words += ", request " + c.RequestID
	}
	return words
}

func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return fmt.Sprint(n, suffix)
}

// timeline writes the moments with the time of each, and how long after the saga's beginning it was.
func (v Saga) timeline(t *table) {
	t.row("TIME", "AFTER", "WHAT")
	day := v.CreatedAt.Local().Format(time.DateOnly)
	for _, m := range v.moments() {
		at := m.at.Local()
		clock := at.Format(time.TimeOnly)
		if d := at.Format(time.DateOnly); d != day {
			clock = d + " " + clock
		}
		t.row(clock, after(m.at.Sub(v.CreatedAt)), m.text)
	}
}
