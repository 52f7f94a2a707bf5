package condition

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
)

// Log says what is new in a Set, once when it begins and once when it ends: no pass repeats what another one has said.
type Log struct {
	To *slog.Logger

	paused   bool
	held     []HeldBack
	stopped  map[string]string // the saga that stopped each rollout, by group
	missing  map[int64]bool
	warnings []string

	mu   sync.Mutex
	told map[Key]Condition // of the kinds that TellNews tells of
}

// TellNews says what is new on a board of the kinds that nothing else in the log tells of whole: with when it is tried again, and what to do.
func (l *Log) TellNews(b *Board) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told == nil {
		l.told = map[Key]Condition{}
	}
	events := slices.DeleteFunc(b.News(l.told), func(e Event) bool { return !slices.Contains([]Kind{Token, Pull, Failed, Lost}, e.Kind) })
	Note(l.told, events)
	for _, e := range events {
		attrs := []any{"what", string(e.Kind)}
		if e.Subject != "" {
			attrs = append(attrs, "droplet", e.Subject)
		}
		switch {
		case e.What == Recovered:
			l.To.Info("recovered: "+cmp.Or(e.Well, e.Summary), attrs...)
		case e.Kind == Token, e.Kind == Pull:
			l.To.Error(e.Summary, append(attrs, "to_do", e.Advice)...)
		default:
			l.To.Warn(e.Summary, append(attrs, "to_do", e.Advice)...)
		}
	}
}

// TellFile says what is wrong with the newest fleet file.
func (l *Log) TellFile(s Set) {
	if s.FileErr != nil {
		l.To.Error(s.unusable(), "error", s.FileErr)
	}
}

// TellPlan says what is new about the plan.
func (l *Log) TellPlan(s Set) {
	if !s.planned() {
		return
	}
	p := s.Plan
	l.tellPaused(s.Paused)
	l.tellStopped(s.stopped())
	l.tellHeld(p, slices.DeleteFunc(s.HeldBack(), func(h HeldBack) bool { return h.By == plan.HoldStopped }))
	l.tellMissing(p.Missing)
	for _, w := range p.Warnings {
		if !slices.Contains(l.warnings, w) {
			l.To.Warn(w)
		}
	}
	l.warnings = p.Warnings
}

// tellPaused says that a pause began or ended. What it leaves half made, and billed, is among the plan's warnings.
func (l *Log) tellPaused(why error) {
	switch {
	case why != nil && !l.paused:
		l.To.Warn(why.Error())
	case why == nil && l.paused:
		l.To.Info("resumed: changes are applied again")
	}
	l.paused = why != nil
}

// tellStopped says which rollouts were stopped by a member, and which of those are not any more.
func (l *Log) tellStopped(stopped []Condition) {
	now := map[string]string{}
	for _, c := range stopped {
		if now[c.Subject] = c.State; l.stopped[c.Subject] != c.State {
			l.To.Warn(c.Summary, "group", c.Subject, "saga", c.State, "to_go_on", "arcadiad rollout resume "+c.Subject)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(l.stopped)) {
		if now[group] == "" {
			l.To.Info("the rollout is no longer stopped", "group", group)
		}
	}
	l.stopped = now
}

// tellHeld says what is held back, when that is not what was held back before, with the first reason of each rule.
func (l *Log) tellHeld(p plan.Plan, held []HeldBack) {
	same := slices.EqualFunc(held, l.held, func(a, b HeldBack) bool {
		return a.Action == b.Action && a.Name == b.Name && a.DropletID == b.DropletID && a.By == b.By
	})
	l.held = held
	switch {
	case same:
		return
	case len(held) == 0:
		l.To.Info("nothing is held back any more")
		return
	}
	const most = 5 // actions that are named
	var rules, reasons, actions []string
	for i, h := range held {
		if !slices.Contains(rules, h.By) {
			rules, reasons = append(rules, h.By), append(reasons, h.Reason)
		}
		if i < most {
			actions = append(actions, fmt.Sprintf("%s %s", h.Action, h.Name))
		}
	}
	if more := len(held) - most; more > 0 {
		actions = append(actions, fmt.Sprintf("and %d more", more))
	}
	attrs := []any{
		"plan", p.ID, "held", len(held), "by", strings.Join(rules, ", "), "what", strings.Join(actions, ", "), "why", strings.Join(reasons, " | "),
	}
	if cost := p.KeepMonthly(); cost > 0 {
		attrs = append(attrs, "keeps_monthly", cost.String())
	}
	if p.AwaitsApproval() {
		attrs = append(attrs, "let_through_by", "arcadiad approve "+p.ID)
	}
	l.To.Warn("held back", attrs...)
}

// tellMissing says which registered droplets are newly missing, and when none is any more.
func (l *Log) tellMissing(missing []plan.Missing) {
	now := map[int64]bool{}
	for _, m := range missing {
		if now[m.DropletID] = true; !l.missing[m.DropletID] {
			l.To.Warn("a registered droplet is missing from the account", "droplet", m.Name, "id", m.DropletID,
				"since", m.Since, "gone_at_the_earliest", m.ProvedAt)
		}
	}
	if len(now) == 0 && len(l.missing) > 0 {
		l.To.Info("no registered droplet is missing any more: each shows again, or is proved gone")
	}
	l.missing = now
}

// Line is the Set in one line, for `systemctl status`: what needs a person first.
func (s Set) Line() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	count := func(n int, words string) {
		if n > 0 {
			add("%d "+words, n)
		}
	}
	stuck := 0
	for _, live := range s.Live {
		if live.Status == saga.Stuck {
			stuck++
		}
	}
	for _, c := range s.stopped() {
		add("rollout of %s stopped (arcadiad rollout show %[1]s)", c.Subject)
	}
	count(stuck, "stuck (arcadiad saga list)")
	count(len(s.Live)-stuck, "under way")
	if s.FileErr != nil {
		add("the fleet file is not usable (%s)", fleet.Fit(s.FileErr.Error(), 201))
	}
	for _, c := range s.pull() {
		add("%s", fleet.Fit(c.Summary, 201))
	}
	switch {
	case s.PassAt.IsZero():
		add("looking at the account for the first time")
	case s.PassErr != nil:
		add("the pass of %s failed, trying again: %s", clock(s.PassAt), fleet.Fit(s.PassErr.Error(), 201))
	case s.Paused != nil:
		add("paused (arcadiad resume)")
	case s.Plan.ID == "":
		add("no fleet file is in force; last sync %s", clock(s.PassAt))
	default:
		sum := s.Plan.Summary
		for _, r := range s.Plan.Rollouts {
			if r.ID != "" && r.Total() > 1 && r.Failed == nil {
				add("rollout of %s %s, %d of %d", r.Group, r.Phase, len(r.Done), r.Total())
			}
		}
		back, waiting := 0, 0
		for _, a := range s.Plan.Actions {
			switch {
			case !a.Held || a.HeldBy == plan.HoldStopped:
			case a.Waits():
				waiting++
			default:
				back++
			}
		}
		count(back, "held (arcadiad plan)")
		count(waiting, "waiting")
		count(sum.Missing, "missing (arcadiad plan)")
		count(sum.Drifted, "drifted")
		add("%d as desired; last pass %s (%s)", sum.Unchanged, clock(s.PassAt), s.Trigger)
	}
	line := strings.Join(parts, ", ")
	if s.Desired != nil {
		line = s.Desired.Name + ": " + line
	}
	return line
}
