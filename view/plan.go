package view

import (
	"bytes"
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
	actions, noticed := actionRuns(p.Actions), sections(p)
	t := &text{paint: newPalette(colored), width: nameWidth(actions, noticed)}
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
	for _, run := range actions {
		t.action(run)
	}
	if costs(p) {
		t.printf("\nCost: %s.\n", cost(p.Cost))
	}
	if words := effort(p.Effort); words != "" {
		t.printf("This takes %s.\n", words)
	}
	if p.Approvable() {
		t.printf("\n%s\n", t.paint.warn("To let through what "+lifts(p)+": arcadiad approve "+p.ID))
	}
	for _, s := range noticed {
		t.section(s)
	}
	if len(p.Warnings) > 0 {
		t.heading("Warnings")
	}
	for _, warning := range p.Warnings {
		t.printf("  %s %s\n", t.paint.warn("!"), clean(warning))
	}
	if t.Len() > 0 {
		t.printf("\n")
	}
	t.printf("%s\n", t.paint.strong(sentence(p)))
	_, err := w.Write(t.Bytes())
	return err
}

func nameWidth(actions [][]plan.Action, noticed []section) int {
	width := 0
	for _, run := range actions {
		width = max(width, utf8.RuneCountInString(spanOf(run)))
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
	paint palette
	width int
}

func (t *text) printf(format string, args ...any) { fmt.Fprintf(t, format, args...) }

func (t *text) heading(words string) {
	if t.Len() > 0 && !strings.HasSuffix(t.String(), "\n\n") {
		t.printf("\n")
	}
	t.printf("%s\n", t.paint.strong(words))
}

func (t *text) action(run []plan.Action) {
	a := run[0]
	t.line(t.paint.of(a.Kind)(fmt.Sprintf("%3s", signs[a.Kind])), spanOf(run), deed(run)+": "+motive(run))
	t.changes(changesOf(run))
	for _, words := range sideEffects(run) {
		t.beneath(words)
	}
	if a.Held {
		t.beneath(t.paint.warn("held by "+a.HeldBy+": ") + restraint(run))
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

// palette colours words, or leaves them as they are.
type palette struct {
	add, remove, alter, take, warn, strong func(string) string
}

func newPalette(colored bool) palette {
	ink := func(attributes ...color.Attribute) func(string) string {
		if !colored {
			return func(s string) string { return s }
		}
		c := color.New(attributes...)
		c.EnableColor()
		return func(s string) string { return c.Sprint(s) }
	}
	return palette{
		add: ink(color.FgGreen), remove: ink(color.FgRed), alter: ink(color.FgYellow), take: ink(color.FgCyan),
		warn: ink(color.FgYellow), strong: ink(color.Bold),
	}
}

func (p palette) of(kind plan.Kind) func(string) string {
	switch kind {
	case plan.Provision:
		return p.add
	case plan.Destroy, plan.Replace:
		return p.remove
	case plan.Adopt:
		return p.take
	}
	return p.alter
}
