package view

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"arcadiad/fleet"
	"arcadiad/saga"
)

// Screen is a writer to a terminal. What is laid out on it may be coloured and folded; any other writer, such as a pipe, gets all of it.
type Screen struct {
	io.Writer
	Width, Height int // 0: not known, so that nothing is folded
	Colored       bool
}

// screenOf is what is known of the terminal behind a writer; the zero Screen: it is none.
func screenOf(w io.Writer) Screen {
	if s, ok := w.(Screen); ok {
		return s
	}
	return Screen{Writer: w}
}

// red is a cell that a person would look for: what failed, is stuck or is gone.
type red struct{ text any }

// yellow is a cell that a person would look for next: what waits, or is not as it should be.
type yellow struct{ text any }

// inkOf is the colour of a cell; false: it has none.
func inkOf(cell any) (text any, ink color.Attribute, inked bool) {
	switch c := cell.(type) {
	case red:
		return c.text, color.FgRed, true
	case yellow:
		return c.text, color.FgYellow, true
	}
	return cell, 0, false
}

// ink colours words.
func ink(a color.Attribute, words string) string {
	c := color.New(a)
	c.EnableColor()
	return c.Sprint(words)
}

// byStatus colours the status of a saga.
func byStatus(s saga.Status) any {
	switch s {
	case saga.Stuck, saga.Compensated:
		return red{s}
	case saga.Compensating:
		return yellow{s}
	}
	return s
}

// byState colours the status of a droplet.
func byState(s fleet.Status) any {
	switch s {
	case fleet.StatusActive, fleet.StatusNew, fleet.StatusUnknown:
		return s
	case fleet.Status(fleet.StateMissing), fleet.StatusDeleted:
		return red{s}
	}
	return yellow{s}
}

// wrap breaks a line between its words so that none is longer than width, and indents what follows the first. A word that is longer stays whole:
// it is an address or a command. Width 0: as it is.
func wrap(line string, width, indent int) (lines []string) {
	if width <= indent {
		return []string{line}
	}
	current, length := "", 0
	for i, word := range strings.Split(line, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			current, length = word, n
		case length+1+n > width:
			lines = append(lines, strings.TrimRight(current, " "))
			current, length = strings.Repeat(" ", indent)+word, indent+n
		default:
			current, length = current+" "+word, length+1+n
		}
	}
	return append(lines, current)
}
