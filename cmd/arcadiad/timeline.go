package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// callView is a request to the API that was made for a saga.
type callView struct {
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status,omitempty"` // left out: no answer
	RequestID string    `json:"request_id,omitempty"`
	Error     string    `json:"error,omitempty"`
	BeganAt   time.Time `json:"began_at"`
	LastAt    time.Time `json:"last_at,omitzero"` // of several alike
	Times     int       `json:"times"`
	Seconds   float64   `json:"seconds"` // that the last of them took
}

// withCalls reads what was asked of the API for a saga.
func (v *sagaView) withCalls(ctx context.Context, r daemon.Known) error {
	calls, err := r.Calls(ctx, v.ID)
	if err != nil {
		return err
	}
	v.Calls = make([]callView, len(calls))
	for i, c := range calls {
		v.Calls[i] = callView{c.Method, c.Path, c.Status, c.RequestID, c.Error, c.BeganAt, time.Time{}, c.Times, c.Took.Seconds()}
		if c.Times > 1 {
			v.Calls[i].LastAt = c.LastAt
		}
	}
	return nil
}

// moment is one line of a timeline.
type moment struct {
	at   time.Time
	text string
}

// moments are the story of a saga: from the commit of the file, where that is known, to its end.
func (v sagaView) moments() []moment {
	var all []moment
	add := func(at time.Time, format string, args ...any) {
		if !at.IsZero() {
			all = append(all, moment{at, fmt.Sprintf(format, args...)})
		}
	}
	if r, ok := fleet.RevisionOf(v.Labels); ok && r.Commit != "" {
		add(r.At, "commit %s by %s: %s", r.Short(), oneLine(r.Author), oneLine(r.Subject))
	}
	add(v.CreatedAt, "%s begins", v.Kind)
	for _, s := range v.Steps {
		add(s.StartedAt, "  %s", s.Name)
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
			words += ": " + fit(oneLine(s.Error), 160)
		}
		add(s.EndedAt, "  %s %s", s.Name, words)
	}
	add(v.EndedAt, "%s%s", v.Status, v.result())
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all
}

// result says what a saga came to.
func (v sagaView) result() string {
	switch ip := v.Labels[fleet.LabelIP]; {
	case v.Status == saga.Completed && ip != "":
		return ": droplet " + v.Labels[fleet.LabelDroplet] + " is active at " + ip
	case v.Status == saga.Compensated:
		return ": everything is undone"
	}
	return ""
}

// text is a call in one line.
func (c callView) text() string {
	words := c.Method + " " + c.Path
	switch {
	case c.Status != 0 && c.Error != "":
		words += fmt.Sprintf(" → %d, %s", c.Status, fit(oneLine(c.Error), 80))
	case c.Status != 0:
		words += fmt.Sprintf(" → %d", c.Status)
	default:
		words += " → no answer: " + fit(oneLine(c.Error), 80)
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

// brief is a short duration: 310ms, 1.2s.
func brief(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%dms", int(seconds*1000+0.5))
	}
	return fmt.Sprintf("%.1fs", seconds)
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
func (v sagaView) timeline(w io.Writer) error {
	return aligned(w, func(t io.Writer) {
		fmt.Fprintln(t, "TIME\tAFTER\tWHAT")
		day := ""
		for _, m := range v.moments() {
			at := m.at.Local()
			clock := at.Format(time.TimeOnly)
			if d := at.Format(time.DateOnly); d != cmp.Or(day, v.CreatedAt.Local().Format(time.DateOnly)) {
				clock = d + " " + clock
			}
			fmt.Fprintf(t, "%s\t%s\t%s\n", clock, after(m.at.Sub(v.CreatedAt)), m.text)
		}
	})
}

// after is a time from the beginning.
func after(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + rough(-d)
	case d < 10*time.Second:
		return fmt.Sprintf("+%.1fs", d.Seconds())
	}
	return "+" + rough(d)
}

// origin says where a saga comes from: the file, the line, the commit.
func (v sagaView) origin() string {
	r, _ := fleet.RevisionOf(v.Labels)
	line, _ := strconv.Atoi(v.Labels[fleet.LabelLine]) // one that cannot be read is not told
	return fileText(r, line)
}

// planned says which plan the saga carries out, and why; empty for one of an older arcadiad.
func (v sagaView) planned() string {
	plan, why := v.Labels[fleet.LabelPlan], v.Labels[fleet.LabelReason]
	if plan == "" {
		return ""
	}
	return strings.TrimSuffix(plan+": "+oneLine(why), ": ")
}
