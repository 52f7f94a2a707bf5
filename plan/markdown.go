package plan

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"arcadiad/fleet"
)

// mostRows bounds each part of the Markdown rendering: GitHub refuses comments of more than 65,536 characters.
const mostRows = 100

// Markdown writes the plan for a comment on a pull request: the summary, a table of the actions, and lists of what was noticed.
func (p Plan) Markdown(w io.Writer) error {
	var m markdown
	fmt.Fprintf(&m, "### Plan `%s` for fleet `%s`\n\n**%s**\n", p.ID, p.Fleet, escape(p.sentence()))
	if p.Revision != nil {
		fmt.Fprintf(&m, "\n%s\n", escape(origin(*p.Revision)))
	}
	if groups := p.actionRuns(); len(groups) > 0 {
		m.WriteString("\n| | Droplet | Action | Monthly | Why |\n|---|---|---|---:|---|\n")
		for _, run := range first(groups) {
			m.row(run)
		}
		if more := len(groups) - mostRows; more > 0 {
			fmt.Fprintf(&m, "| | | | | … and %d more |\n", more)
		}
	}
	m.cost(p)
	if p.Approvable() {
		fmt.Fprintf(&m, "\nTo let through what %s: `arcadiad approve %s`\n", escape(p.lifts()), p.ID)
	}
	m.drift("Drift", "Somebody changed it outside arcadiad, and it is left alone.", p.driftBy(CauseOutside))
	m.drift("Broken", "Switched off, and left alone.", p.driftBy(CauseBroken))
	m.drift("Pending", "This cannot be changed on a living droplet, and is no reason to make another.", p.Pending)
	m.drift("Ignored", "`on_change` leaves the living droplet as it is; its next replace brings this along.", p.Ignored)

	var lines []string
	for _, r := range releasedRuns(p.Released) {
		lines = append(lines, code(span(r[0].Name, r[len(r)-1].Name))+" ("+about(len(r), r[0].DropletID)+"): "+escape(r[0].Reason))
	}
	m.bullets("Released", "No longer ours by their tags; put them back, or free the name: `arcadiad release NAME`.", lines)

	lines = nil
	for _, m := range missingRuns(p.Missing) {
		lines = append(lines, code(span(m[0].Name, m[len(m)-1].Name))+" ("+about(len(m), m[0].DropletID)+"): "+escape(m[0].words()))
	}
	m.bullets("Missing", "Registered, but the account does not show it.", lines)

	moving, stuck := p.flights()
	lines = nil
	for _, f := range flightRuns(moving) {
		lines = append(lines, code(span(f[0].Name, f[len(f)-1].Name))+": "+escape(flight(f)))
	}
	m.bullets("In flight", "", lines)
	lines = nil
	for _, f := range stuck {
		lines = append(lines, code(f.Name)+": "+escape(flight([]InFlight{f})))
	}
	m.bullets("Stuck", "See `arcadiad saga show ID`, then retry or abort it.", lines)
	lines = nil
	for _, warning := range p.Warnings {
		lines = append(lines, escape(warning))
	}
	m.bullets("Warnings", "", lines)
	_, err := w.Write(m.Bytes())
	return err
}

// markdown is the rendering as it grows.
type markdown struct{ bytes.Buffer }

// first gives no more entries than a comment can bear.
func first[T any](list []T) []T { return list[:min(len(list), mostRows)] }

func (m *markdown) row(run []Action) {
	a := run[0]
	why := escape(motive(run))
	for _, c := range changesOf(run) {
		why += "<br>" + change(c)
	}
	for _, words := range sideEffectsText(run) {
		why += "<br>" + escape(words)
	}
	if a.Held {
		why += "<br>**held by " + a.HeldBy + "**: " + escape(restraint(run))
	}
	var price fleet.Price
	for _, each := range run {
		price = price.Plus(each.Cost)
	}
	monthly := ""
	if price.Monthly != 0 {
		monthly = price.Monthly.Signed()
	}
	fmt.Fprintf(m, "| `%s` | %s | %s | %s | %s |\n", signs[a.Kind], code(span(a.Name, run[len(run)-1].Name)), deed(run), monthly, why)
}

// cost says what the plan costs, and what carrying it out takes.
func (m *markdown) cost(p Plan) {
	switch c := p.Cost; {
	case !p.costs():
	case c.Unpriced > 0 && c == (Cost{Unpriced: c.Unpriced}):
		fmt.Fprintf(m, "\nCost: %s.\n", p.costText())
	default:
		d := c.Difference()
		m.WriteString("\n| Cost | Before | After | Difference |\n|---|---:|---:|---:|\n")
		fmt.Fprintf(m, "| a month | %s | %s | **%s** |\n", c.Before.Monthly, c.After.Monthly, d.Monthly.Signed())
		fmt.Fprintf(m, "| an hour | %s | %s | %s |\n", c.Before.Hourly, c.After.Hourly, d.Hourly.Signed())
		if c.Held.Monthly != 0 {
			fmt.Fprintf(m, "\nWhat is held would come to %s a month on top.\n", c.Held.Monthly.Signed())
		}
		if c.Unpriced > 0 {
			fmt.Fprintf(m, "\nThe price of %s is not known.\n", droplets(c.Unpriced))
		}
		m.WriteString("\nDroplets alone: backups, snapshots, volumes and reserved IPs cost extra.\n")
	}
	if words := p.effortText(); words != "" {
		fmt.Fprintf(m, "\nCarrying this out takes %s.\n", words)
	}
}

func (m *markdown) drift(title, words string, list []Drift) {
	var lines []string
	for _, r := range driftRuns(list) {
		parts := make([]string, len(r[0].Changes))
		for i, c := range r[0].Changes {
			parts[i] = change(c)
		}
		lines = append(lines, code(span(r[0].Name, r[len(r)-1].Name))+" ("+about(len(r), r[0].DropletID)+"): "+strings.Join(parts, ", "))
	}
	m.bullets(title, words, lines)
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

func change(c FieldChange) string {
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
