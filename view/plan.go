package view

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"arcadiad/plan"
)

// widestName is how far names push the text beside them to the right.
const widestName = 32

// Plan writes a plan for people: a line per action or run of like actions, with what changes and what holds it beneath, then what was
// noticed, then a summary. A fleet that is as it should be takes one line. Colored: whatever the environment says.
func Plan(w io.Writer, p plan.Plan, colored bool) error {
	parts, noticed := partsOf(p), sections(p)
	t := &text{colored: colored, width: nameWidth(parts, noticed)}
	if !p.Empty() {
		t.printf("Plan %s for fleet %s", p.ID, p.Fleet)
		if p.Approved {
			t.printf(" (approved)")
		}
		t.printf("\n")
		if p.Revision != nil {
			t.printf("%s\n", origin(*p.Revision))
		}
		t.printf("\n")
	}
	for i, part := range parts {
		if i > 0 {
			t.printf("\n")
		}
		t.part(part)
	}
	if costs(p) {
		t.printf("\nCost: %s.\n", cost(p.Cost))
	}
	if words := effort(p.Effort); words != "" {
		t.printf("This takes %s.\n", words)
	}
	if words := unprobed(p); words != "" {
		t.printf("%s\n", words)
	}
	switch words := approval(p); {
	case words != "" && p.Asked != 0:
		t.printf("\n%s\n", t.warn("A yes approves that, too."))
	case words != "":
		t.printf("\n%s\n", t.warn(words+": arcadiad approve "+p.ID))
	}
	for _, s := range noticed {
		t.section(s)
	}
	if len(p.Warnings) > 0 {
		t.heading("Warnings")
	}
	for _, warning := range p.Warnings {
		t.printf("  %s %s\n", t.warn("!"), clean(warning))
	}
	if t.Len() > 0 {
		t.printf("\n")
	}
	t.printf("%s\n", t.strong(sentence(p)))
	_, err := w.Write(t.Bytes())
	return err
}

func nameWidth(parts []part, noticed []section) int {
	width := 0
	for _, part := range parts {
		for _, run := range part.runs {
			width = max(width, utf8.RuneCountInString(spanOf(run)))
		}
	}
	for _, s := range noticed {
		for _, e := range s.entries {
			width = max(width, utf8.RuneCountInString(e.name))
		}
	}
	return min(width, widestName)
}

// text is the rendering as it grows.
type text struct {
	bytes.Buffer
	colored bool
	width   int
}

func (t *text) printf(format string, args ...any) { fmt.Fprintf(t, format, args...) }

func (t *text) heading(words string) {
	if t.Len() > 0 && !strings.HasSuffix(t.String(), "\n\n") {
		t.printf("\n")
	}
	t.printf("%s\n", t.strong(words))
}

// part is a rollout as one thing, with its actions beneath, or all other actions.
func (t *text) part(p part) {
	if r := p.rollout; r != nil {
		t.printf("%s %s\n", t.strong("Rollout of "+clean(r.Group)+":"), clean(r.Change()))
		t.printf("    %s\n", course(*r))
		if words := probed(*r); words != "" {
			t.printf("    %s\n", words)
		}
		switch by, why := p.waitsFor(); {
		case by == plan.HoldStopped:
			t.printf("    %s %s\n", t.ink(color.FgRed, by+":"), why)
		case by != "":
			t.printf("    %s %s\n", t.warn(by+":"), why)
		case why != "":
			t.printf("    %s\n", why)
		}
	}
	for _, run := range p.runs {
		t.action(p.rollout, run)
	}
}

func (t *text) action(r *plan.Rollout, run []plan.Action) {
	a := run[0]
	t.line(t.ink(cmp.Or(inks[a.Kind], color.FgYellow), fmt.Sprintf("%3s", signs[a.Kind])), spanOf(run), deed(r, run)+": "+motive(run))
	t.changes(ownChanges(r, run))
	for _, words := range sideEffects(run) {
		t.beneath(words)
	}
	if a.Held && !tells(r, a) {
		t.beneath(t.warn(heldBy(a)+": ") + clean(a.HeldReason))
	}
}

func (t *text) section(s section) {
	if s.says == "" {
		t.heading(s.title)
	} else {
		t.heading(s.title + ": " + s.says)
	}
	for _, e := range s.entries {
		words := e.about
		if e.words != "" && words != "" {
			words += ": "
		}
		t.line(fmt.Sprintf("%3s", s.sign), e.name, words+clean(e.words))
		t.changes(e.changes)
	}
}

func (t *text) line(sign, name, words string) {
	pad := strings.Repeat(" ", max(0, t.width-utf8.RuneCountInString(name)))
	t.printf("%s %s%s  %s\n", sign, name, pad, words)
}

func (t *text) beneath(words string) { t.printf("%s%s\n", strings.Repeat(" ", t.width+8), words) }

func (t *text) changes(changes []plan.FieldChange) {
	for _, c := range changes {
		t.beneath(fmt.Sprintf("%s: %s → %s", c.Field, shown(c.From), shown(c.To)) + comesAlong(c) + noticed(c))
	}
}

// inks colour actions; the others are yellow.
var inks = map[plan.Kind]color.Attribute{
	plan.Provision: color.FgGreen, plan.Destroy: color.FgRed, plan.Replace: color.FgRed, plan.Adopt: color.FgCyan, plan.Purge: color.FgRed,
}

func (t *text) ink(a color.Attribute, words string) string {
	if !t.colored {
		return words
	}
	return ink(a, words)
}

func (t *text) warn(words string) string { return t.ink(color.FgYellow, words) }

func (t *text) strong(words string) string { return t.ink(color.Bold, words) }
