package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"arcadiad/fleet"
)

// table is rows whose cells stand in columns.
type table struct {
	rows   *tabwriter.Writer
	screen Screen
	cells  [][]any // of each row
	all    string  // the command that shows what is left out

	hang int  // on a screen: lines that are too long are broken, and go on in that column; 0: they stay whole
	cut  bool // on a screen: they are cut
}

// tabled writes rows in columns, without spaces at the ends of lines. On a screen cells have their colours.
func tabled(w io.Writer, write func(t *table)) error {
	var in, out strings.Builder
	t := &table{rows: tabwriter.NewWriter(&in, 0, 0, 2, ' ', 0), screen: screenOf(w)}
	write(t)
	if err := t.rows.Flush(); err != nil {
		return err
	}
	for i, line := range slices.Collect(strings.Lines(in.String())) {
		lines := []string{strings.TrimRight(line, " \n")}
		switch {
		case t.hang > 0:
			lines = wrap(lines[0], t.screen.Width, t.hang)
		case t.cut:
			lines[0] = fleet.Cut(lines[0], t.screen.Width)
		}
		for n, line := range lines {
			if t.screen.Colored && n == 0 {
				line = paint(line, t.cells[i])
			}
			out.WriteString(line + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// row writes one row. A cell stays one line whatever is in it, and may be indented. A row without cells ends the columns.
func (t *table) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = cellText(c)
	}
	t.cells = append(t.cells, cells)
	fmt.Fprintln(t.rows, strings.Join(texts, "\t"))
}

func cellText(cell any) string {
	cell, _, _ = inkOf(cell)
	text := fmt.Sprint(cell)
	indent := len(text) - len(strings.TrimLeft(text, " "))
	return text[:indent] + fleet.OneLine(text[indent:])
}

// paint colours the cells of a row that is laid out. Between them are only spaces, so that each is the next place where its text stands.
func paint(line string, cells []any) string {
	var out strings.Builder
	for _, c := range cells {
		text := strings.TrimSpace(cellText(c))
		at := strings.Index(line, text)
		if text == "" || at < 0 {
			continue
		}
		out.WriteString(line[:at])
		if _, a, inked := inkOf(c); inked {
			out.WriteString(ink(a, text))
		} else {
			out.WriteString(text)
		}
		line = line[at+len(text):]
	}
	return out.String() + line
}

// fact writes a row about one thing, unless there is nothing to say.
func (t *table) fact(what, text string) {
	if text != "" {
		t.row(what, text)
	}
}

// more says how many rows are left out.
func (t *table) more(rows, most int) {
	if rows > most {
		t.row(fmt.Sprintf("… and %d more (all: %s | less)", rows-most, t.all))
	}
}

// older says how many rows of the past are left out.
func (t *table) older(n int) {
	if n > 0 {
		t.row(fmt.Sprintf("… and %d older (--all)", n))
	}
}
