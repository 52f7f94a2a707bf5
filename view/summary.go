package view

import (
	"fmt"
	"slices"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// costs tells whether the plan has actions that change what the fleet costs.
func costs(p plan.Plan) bool {
	return len(p.Of) == 0 && slices.ContainsFunc(p.Actions, func(a plan.Action) bool {
		return a.Kind == plan.Provision || a.Kind == plan.Replace || a.Kind == plan.Destroy || a.Kind == plan.Purge || a.Alter.Downtime()
	})
}

// unknown reports whether nothing but the number of droplets without a price is known.
func unknown(c plan.Cost) bool { return c.Unpriced > 0 && c == (plan.Cost{Unpriced: c.Unpriced}) }

// cost is what the plan costs in words.
func cost(c plan.Cost) string {
	if unknown(c) {
		return "not known, prices are missing"
	}
	s := fmt.Sprintf("%s → %s a month (%s), %s → %s an hour", c.Before.Monthly, c.After.Monthly, c.Difference().Monthly.Signed(),
		c.Before.Hourly, c.After.Hourly)
	if c.Held != (fleet.Price{}) {
		s += fmt.Sprintf("; held actions: %s a month", c.Held.Monthly.Signed())
	}
	if c.Unpriced > 0 {
		s += "; the price of " + droplets(c.Unpriced) + " is not known"
	}
	return s
}

// effort is what carrying the plan out takes in words; empty where nothing is carried out.
func effort(e plan.Effort) string {
	if e.Requests == 0 {
		return ""
	}
	return fmt.Sprintf("about %d API requests, %s", e.Requests, roughly(e.Time))
}

// sentence is the summary in words.
func sentence(p plan.Plan) string {
	s := p.Summary
	todo := enumerate([]count{
		{s.Provision, "to create"}, {s.Replace, "to replace"}, {s.Destroy, "to destroy"}, {s.Purge, "to purge"}, {s.Adopt, "to adopt"}, {s.Update, "to update"},
	})
	todo += waits(p)
	rest := enumerate([]count{
		{s.InFlight - s.Stuck, "in flight"}, {s.Stuck, "stuck"}, {s.Drifted, "drifted"}, {s.Pending, "pending"}, {s.Ignored, "ignored"},
		{s.Released, "released"}, {s.Missing, "missing"}, {s.Unchanged, "unchanged"},
	})
	switch {
	case p.Settled() && rest == "" && len(p.Of) > 0:
		return "Nothing to do for " + clean(strings.Join(p.Of, ", ")) + "."
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

// waits counts the held actions, and tells those that wait for a person's approval from those that only time is missing for, and from the
// rest.
func waits(p plan.Plan) string {
	var approvable, turn, window, held int
	for _, a := range p.Actions {
		switch {
		case !a.Held:
		case a.AwaitsApproval():
			approvable++
		case a.InTurn() && a.Rollout != "":
			turn++
		case a.Approvable:
			window++
		default:
			held++
		}
	}
	counts := []count{{approvable, "waiting for approval"}, {window, "waiting for a window"}, {turn, "waiting in turn"}, {held, "held"}}
	for _, c := range counts[:2] {
		switch {
		case c.n == 0 || c.n < len(p.Actions):
		case c.n == 1:
			return ", " + c.what
		default:
			return ", all " + c.what
		}
	}
	if words := enumerate(counts); words != "" {
		return " (" + words + ")"
	}
	return ""
}

// approval says what an approval would let through; empty: nothing waits for one, or for what it can do without.
func approval(p plan.Plan) string {
	switch {
	case p.AwaitsApproval():
		return "Waiting for approval. To approve"
	case p.Approvable():
		return "Waiting for the window. To go ahead before it opens"
	}
	return ""
}
