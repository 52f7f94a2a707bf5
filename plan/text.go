package plan

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// Options of the text rendering.
type Options struct {
	Color bool // colour the output, whatever the environment says; default: plain
}

// widestName is how far names push the text beside them to the right.
const widestName = 32

// Text writes the plan for people: a line per action or run of like actions, with what changes and what holds it beneath, then
// what was noticed, then a summary. A fleet that is as it should be takes one line.
func (p Plan) Text(w io.Writer, o Options) error {
	t := &text{paint: newPalette(o.Color), width: p.nameWidth()}
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
	for _, run := range p.actionRuns() {
		t.action(run)
	}
	if p.costs() {
		t.printf("\nCost: %s.\n", p.costText())
	}
	if words := p.effortText(); words != "" {
		t.printf("This takes %s.\n", words)
	}
	if p.Approvable() {
		t.printf("\n%s\n", t.paint.warn("To let through what "+p.lifts()+": arcadiad approve "+p.ID))
	}
	t.drift("!", "Drift: somebody changed it outside arcadiad, and it is left alone", p.driftBy(CauseOutside))
	t.drift("!", "Broken: switched off, and left alone", p.driftBy(CauseBroken))
	t.drift("*", "Pending: this cannot be changed on a living droplet, and is no reason to make another", p.Pending)
	t.drift("*", "Ignored: on_change leaves the living droplet as it is; its next replace brings this along", p.Ignored)
	t.heading("Released: no longer ours by its tags; put them back, or free the name: arcadiad release NAME", len(p.Released))
	for _, run := range releasedRuns(p.Released) {
		t.entry("?", span(run[0].Name, run[len(run)-1].Name), about(len(run), run[0].DropletID)+": "+clean(run[0].Reason))
	}
	t.heading("Missing: registered, but the account does not show it", len(p.Missing))
	for _, run := range missingRuns(p.Missing) {
		t.entry("?", span(run[0].Name, run[len(run)-1].Name), about(len(run), run[0].DropletID)+": "+run[0].words())
	}
	moving, stuck := p.flights()
	t.heading("In flight", len(moving))
	for _, run := range flightRuns(moving) {
		t.entry("»", span(run[0].Name, run[len(run)-1].Name), flight(run))
	}
	t.heading("Stuck: see `arcadiad saga show ID`, then retry or abort it", len(stuck))
	for _, f := range stuck {
		t.entry("x", f.Name, flight([]InFlight{f}))
	}
	t.heading("Warnings", len(p.Warnings))
	for _, warning := range p.Warnings {
		t.printf("  %s %s\n", t.paint.warn("!"), clean(warning))
	}
	if t.Len() > 0 {
		t.printf("\n")
	}
	t.printf("%s\n", t.paint.strong(p.sentence()))
	_, err := w.Write(t.Bytes())
	return err
}

// flights tells the stuck sagas from those that move.
func (p Plan) flights() (moving, stuck []InFlight) {
	for _, f := range p.InFlight {
		if f.Stuck {
			stuck = append(stuck, f)
		} else {
			moving = append(moving, f)
		}
	}
	return moving, stuck
}

func (p Plan) nameWidth() int {
	width := 0
	note := func(first, last string) { width = max(width, utf8.RuneCountInString(span(first, last))) }
	for _, r := range p.actionRuns() {
		note(r[0].Name, r[len(r)-1].Name)
	}
	for _, list := range [][]Drift{p.Drift, p.Pending, p.Ignored} {
		for _, r := range driftRuns(list) {
			note(r[0].Name, r[len(r)-1].Name)
		}
	}
	for _, r := range releasedRuns(p.Released) {
		note(r[0].Name, r[len(r)-1].Name)
	}
	for _, r := range missingRuns(p.Missing) {
		note(r[0].Name, r[len(r)-1].Name)
	}
	for _, r := range flightRuns(p.InFlight) {
		note(r[0].Name, r[len(r)-1].Name)
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

func (t *text) heading(words string, entries int) {
	if entries == 0 {
		return
	}
	if t.Len() > 0 && !strings.HasSuffix(t.String(), "\n\n") {
		t.printf("\n")
	}
	t.printf("%s\n", t.paint.strong(words))
}

func (t *text) action(run []Action) {
	a := run[0]
	sign := t.paint.of(a)(fmt.Sprintf("%3s", signs[a.Kind]))
	t.line(sign, span(a.Name, run[len(run)-1].Name), deed(run)+": "+motive(run))
	t.changes(changesOf(run))
	for _, words := range sideEffectsText(run) {
		t.beneath(words)
	}
	if a.Held {
		t.beneath(t.paint.warn("held by "+a.HeldBy+": ") + restraint(run))
	}
}

func (t *text) entry(sign, name, words string) { t.line(fmt.Sprintf("%3s", sign), name, words) }

func (t *text) drift(sign, heading string, list []Drift) {
	t.heading(heading, len(list))
	for _, run := range driftRuns(list) {
		t.entry(sign, span(run[0].Name, run[len(run)-1].Name), about(len(run), run[0].DropletID))
		t.changes(run[0].Changes)
	}
}

func (t *text) line(sign, name, words string) {
	pad := strings.Repeat(" ", max(0, t.width-utf8.RuneCountInString(name)))
	t.printf("%s %s%s  %s\n", sign, name, pad, words)
}

func (t *text) beneath(words string) { t.printf("%s%s\n", strings.Repeat(" ", t.width+8), words) }

func (t *text) changes(changes []FieldChange) {
	for _, c := range changes {
		t.beneath(fmt.Sprintf("%s: %s → %s", c.Field, shown(c.From), shown(c.To)) + comesAlong(c) + noticed(c))
	}
}

// about names the droplets of a run.
func about(n int, id int64) string {
	if n > 1 {
		return droplets(n)
	}
	return fmt.Sprintf("droplet %d", id)
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

func (p palette) of(a Action) func(string) string {
	switch a.Kind {
	case Provision:
		return p.add
	case Destroy, Replace:
		return p.remove
	case Adopt:
		return p.take
	}
	return p.alter
}
