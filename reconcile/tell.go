package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// told is what the log has said and need not say again: what is held, paused or odd is said once, when it begins and when it ends,
// and not by every pass.
type told struct {
	held     string
	warnings []string
	paused   bool
	missing  map[int64]bool
}

// log says in one line what a pass came to, and what is new about what is held back.
func (l *Loop) log(ctx context.Context, r Report) {
	p := r.Outcome.Pass
	attrs := []any{"trigger", r.Trigger, "duration", r.Took.Round(time.Millisecond)}
	if r.Err != nil {
		if ctx.Err() != nil {
			return // a shutdown is not a failure
		}
		l.Log.Error("pass failed", append(attrs, "error", r.Err)...)
		return
	}
	attrs = append(attrs, "droplets", len(p.Observed.Droplets), "requests", p.Observed.Requests)
	if p.Plan.ID == "" {
		l.Log.Info("synced; no fleet file is in force", attrs...)
		return
	}
	s := p.Plan.Summary
	attrs = append(attrs, "plan", p.Plan.ID, "unchanged", s.Unchanged, "provision", s.Provision, "replace", s.Replace, "destroy", s.Destroy,
		"adopt", s.Adopt, "update", s.Update, "held", s.Held, "drifted", s.Drifted, "missing", s.Missing, "in_flight", s.InFlight, "started", len(r.Outcome.Started))
	l.Log.Info("pass", attrs...)
	l.tellPaused(p.Recorded)
	l.tellHeld(p.Plan)
	l.tellMissing(p.Plan)
	for _, w := range p.Plan.Warnings {
		if !slices.Contains(l.told.warnings, w) {
			l.Log.Warn(w)
		}
	}
	l.told.warnings = p.Plan.Warnings
}

// tellPaused says that a pause began or ended. What it leaves half made, and billed, is among the plan's warnings.
func (l *Loop) tellPaused(r fleet.Recorded) {
	if r.Paused == l.told.paused {
		return
	}
	l.told.paused = r.Paused
	if !r.Paused {
		l.Log.Info("writes go on")
		return
	}
	l.Log.Warn(ErrPaused.Error())
}

// tellHeld says what is held back, when that is not what was held back before.
func (l *Loop) tellHeld(p plan.Plan) {
	held := p.HeldBack()
	var key strings.Builder
	for _, a := range held {
		fmt.Fprintf(&key, "%s %s %d %s\n", a.Kind, a.Name, a.DropletID, a.HeldBy)
	}
	if key.String() == l.told.held {
		return
	}
	l.told.held = key.String()
	if len(held) == 0 {
		l.Log.Info("nothing is held back any more")
		return
	}
	attrs := []any{"plan", p.ID, "held", len(held), "by", rulesOf(held), "what", listed(held), "why", reasonsOf(held)}
	if cost := p.KeepMonthly(); cost > 0 {
		attrs = append(attrs, "keeps_monthly", cost.String())
	}
	if p.Approvable() {
		attrs = append(attrs, "let_through_by", "arcadiad approve "+p.ID)
	}
	l.Log.Warn("held back", attrs...)
}

// tellMissing says which registered droplets are newly missing, and which of them show again or were proved gone.
func (l *Loop) tellMissing(p plan.Plan) {
	now := map[int64]bool{}
	for _, m := range p.Missing {
		if now[m.DropletID] = true; !l.told.missing[m.DropletID] {
			l.Log.Warn("a registered droplet is missing from the account", "droplet", m.Name, "id", m.DropletID, "since", m.Since, "gone_at_the_earliest", m.ProvedAt)
		}
	}
	if len(now) == 0 && len(l.told.missing) > 0 {
		l.Log.Info("no registered droplet is missing any more: each shows again, or is proved gone")
	}
	l.told.missing = now
}

// rulesOf names the rules that hold actions, each once.
func rulesOf(held []plan.Action) string {
	var rules []string
	for _, a := range held {
		if !slices.Contains(rules, a.HeldBy) {
			rules = append(rules, a.HeldBy)
		}
	}
	return strings.Join(rules, ", ")
}

// reasonsOf has one reason of each rule, the first.
func reasonsOf(held []plan.Action) string {
	var told, reasons []string
	for _, a := range held {
		if !slices.Contains(told, a.HeldBy) {
			told, reasons = append(told, a.HeldBy), append(reasons, a.HeldReason)
		}
	}
	return strings.Join(reasons, " | ")
}

// mostListed bounds how many held actions one line of log names.
const mostListed = 5

func listed(held []plan.Action) string {
	var parts []string
	for _, a := range held[:min(len(held), mostListed)] {
		parts = append(parts, fmt.Sprintf("%s %s", a.Kind, a.Name))
	}
	if more := len(held) - mostListed; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}
