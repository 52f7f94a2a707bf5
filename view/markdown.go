package view

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"arcadiad/fleet"
	"arcadiad/plan"
)

// mostRows bounds each part of the Markdown rendering: GitHub refuses comments of more than 65,536 characters.
const mostRows = 100

// mostRollouts bounds the rollouts in it, which say more than a row.
const mostRollouts = 20

// Markdown writes a plan for a comment on a pull request: the summary, a table of the actions, and lists of what was noticed.
func Markdown(w io.Writer, p plan.Plan) error {
	var m markdown
	fmt.Fprintf(&m, "### Plan `%s` for fleet `%s`\n\n**%s**\n", p.ID, p.Fleet, escape(sentence(p)))
	if p.Revision != nil {
		fmt.Fprintf(&m, "\n%s\n", escape(origin(*p.Revision)))
	}
	m.actions(partsOf(p))
	m.cost(p)
	if words := unprobed(p); words != "" {
		fmt.Fprintf(&m, "\n%s\n", words)
	}
	if words := approval(p); words != "" {
		fmt.Fprintf(&m, "\n%s: `arcadiad approve %s`\n", words, p.ID)
	}
	for _, s := range sections(p) {
		m.section(s)
	}
	m.bullets("Warnings", "", fleet.Words(p.Warnings, escape))
	_, err := w.Write(m.Bytes())
	return err
}

// markdown is the rendering as it grows.
type markdown struct{ bytes.Buffer }

// first gives no more entries than a comment can bear.
func first[T any](list []T) []T { return list[:min(len(list), mostRows)] }

// actions lists the rollouts, each as one thing, and then has a table of all actions.
func (m *markdown) actions(parts []part) {
	rows, rollouts := 0, 0
	for _, p := range parts {
		rows += len(p.runs)
		if p.rollout == nil {
			continue
		}
		if rollouts++; rollouts == 1 {
			m.WriteString("\n")
		}
		if rollouts <= mostRollouts {
			m.rollout(p)
		}
	}
	if more := rollouts - mostRollouts; more > 0 {
		fmt.Fprintf(m, "- … and %d more\n", more)
	}
	if rows == 0 {
		return
	}
	m.WriteString("\n| | Droplet | Action | Monthly | Why |\n|---|---|---|---:|---|\n")
	left := mostRows
	for _, p := range parts {
		for _, run := range p.runs[:min(left, len(p.runs))] {
			m.row(p.rollout, run)
			left--
		}
	}
	if more := rows - mostRows; more > 0 {
		fmt.Fprintf(m, "| | | | | … and %d more |\n", more)
	}
}

func (m *markdown) rollout(p part) {
	r := *p.rollout
	fmt.Fprintf(m, "- **Rollout of %s**: %s<br>%s", escape(r.Group), escape(r.Change()), course(r))
	if words := probed(r); words != "" {
		m.WriteString("; " + escape(words))
	}
	switch by, why := p.waitsFor(); {
	case by != "":
		m.WriteString("<br>**" + by + "**: " + escape(why))
	case why != "":
		m.WriteString("<br>" + escape(why))
	}
	m.WriteString("\n")
}

func (m *markdown) row(r *plan.Rollout, run []plan.Action) {
	a := run[0]
	why := escape(motive(run))
	for _, c := range ownChanges(r, run) {
		why += "<br>" + change(c)
	}
	for _, words := range sideEffects(run) {
		why += "<br>" + escape(words)
	}
	if a.Held && !tells(r, a) {
		why += "<br>**" + heldBy(a) + "**: " + escape(a.HeldReason)
	}
	var price fleet.Price
	for _, each := range run {
		price = price.Plus(each.Cost)
	}
	monthly := ""
	if price.Monthly != 0 {
		monthly = price.Monthly.Signed()
	}
	fmt.Fprintf(m, "| `%s` | %s | %s | %s | %s |\n", signs[a.Kind], code(spanOf(run)), deed(r, run), monthly, why)
}

// cost says what the plan costs, and what carrying it out takes.
func (m *markdown) cost(p plan.Plan) {
	switch c := p.Cost; {
	case !costs(p):
	case unknown(c):
		fmt.Fprintf(m, "\nCost: %s.\n", cost(c))
	default:
		d := c.Difference()
		m.WriteString("\n| Cost | Before | After | Difference |\n|---|---:|---:|---:|\n")
		fmt.Fprintf(m, "| a month | %s | %s | **%s** |\n", c.Before.Monthly, c.After.Monthly, d.Monthly.Signed())
		fmt.Fprintf(m, "| an hour | %s | %s | %s |\n", c.Before.Hourly, c.After.Hourly, d.Hourly.Signed())
		if c.Held.Monthly != 0 {
			fmt.Fprintf(m, "\nHeld actions: %s a month on top.\n", c.Held.Monthly.Signed())
		}
		if c.Unpriced > 0 {
			fmt.Fprintf(m, "\nThe price of %s is not known.\n", droplets(c.Unpriced))
		}
		m.WriteString("\nDroplets alone: backups, snapshots, volumes and reserved IPs cost extra.\n")
	}
	if words := effort(p.Effort); words != "" {
		fmt.Fprintf(m, "\nApplying this takes %s.\n", words)
	}
}

func (m *markdown) section(s section) {
	lines := make([]string, len(s.entries))
	for i, e := range s.entries {
		lines[i] = code(e.name)
		if e.about != "" {
			lines[i] += " (" + e.about + ")"
		}
		lines[i] += ": " + escape(e.words) + strings.Join(fleet.Words(e.changes, change), ", ")
	}
	says := s.says
	if says != "" {
		says = strings.ToUpper(says[:1]) + says[1:] + "."
	}
	m.bullets(s.title, cmp.Or(s.markdown, says), lines)
}

func (m *markdown) bullets(title, words string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(m, "\n#### %s\n\n", title)
	if words != "" {
		fmt.Fprintf(m, "%s\n\n", words)
	}
	for _, line := range first(lines) {
		fmt.Fprintf(m, "- %s\n", line)
	}
	if more := len(lines) - mostRows; more > 0 {
		fmt.Fprintf(m, "- … and %d more\n", more)
	}
}

func change(c plan.FieldChange) string {
	return c.Field + ": " + code(shown(c.From)) + " → " + code(shown(c.To)) + comesAlong(c) + escape(noticed(c))
}

// code is text in a code span that no value can break out of.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "\\|").Replace(clean(s)) + "`"
}

// escape makes text harmless in Markdown, but for its code spans.
func escape(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;", "*", "\\*", "_", "\\_", "[", "\\[", "@", "@\u200b").Replace(clean(s))
}
