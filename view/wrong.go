package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"arcadiad/condition"
	"arcadiad/fleet"
)

const (
	factColumn = 11   // where the words of a fact begin
	longestWhy = 1001 // letters of a condition; only what a proxy answered may be longer
)

// wrong writes what went wrong: each condition that has no table of its own, whole. On a screen its lines are broken between words, never cut.
func wrong(w io.Writer, screen Screen, conditions []condition.Condition) {
	runs := alike(conditions)
	most := len(runs)
	if screen.Height > 0 {
		most = min(most, max(1, screen.Height/9)) // two lines each, or more
	}
	write := func(head, words string) {
		for i, line := range wrap(fmt.Sprintf("%-*s", factColumn, head)+words, screen.Width, factColumn) {
			if i == 0 && head != "" && screen.Colored {
				line = ink(color.FgRed, line[:len(head)]) + line[len(head):]
			}
			fmt.Fprintln(w, line)
		}
	}
	for _, run := range runs[:most] {
		c := run[0]
		about := some(fleet.Words(run, func(c condition.Condition) string { return fleet.OneLine(c.Subject) }))
		if about += ": "; about == ": " || c.Kind == condition.Stopped { // a stop names its group
			about = ""
		}
		write(headOf(c.Kind), about+fleet.Fit(c.Summary, longestWhy))
		write("", "to do: "+fleet.Fit(c.Advice, longestWhy))
	}
	if left := len(runs) - most; left > 0 {
		write("", fmt.Sprintf("… and %d more (all: arcadiad status | less)", left))
	}
}

// headOf is a kind as the head of a line.
func headOf(k condition.Kind) string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

// alike puts together what reads alike but for the subject, of the conditions that have no table of their own.
func alike(conditions []condition.Condition) (runs [][]condition.Condition) {
	for _, c := range conditions {
		if c.Kind.Tabled() || c.Kind == "" {
			continue
		}
		if n := len(runs) - 1; n >= 0 {
			if last := runs[n][0]; last.Kind == c.Kind && last.Summary == c.Summary && last.Advice == c.Advice {
				runs[n] = append(runs[n], c)
				continue
			}
		}
		runs = append(runs, []condition.Condition{c})
	}
	return runs
}
