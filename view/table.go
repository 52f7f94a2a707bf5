package view

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"arcadiad/fleet"
)

// table is rows whose cells stand in columns.
type table struct{ rows *tabwriter.Writer }

// tabled writes rows in columns, without spaces at the ends of lines.
func tabled(w io.Writer, write func(t *table)) error {
	var in, out strings.Builder
	t := &table{tabwriter.NewWriter(&in, 0, 0, 2, ' ', 0)}
	write(t)
	if err := t.rows.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(in.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// row writes one row. A cell stays one line whatever is in it, and may be indented. A row without cells ends the columns.
func (t *table) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		text := fmt.Sprint(c)
		indent := len(text) - len(strings.TrimLeft(text, " "))
		texts[i] = text[:indent] + fleet.OneLine(text[indent:])
	}
	fmt.Fprintln(t.rows, strings.Join(texts, "\t"))
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
		t.row(fmt.Sprintf("… and %d more (-o json has all)", rows-most))
	}
}

// older says how many rows of the past are left out.
func (t *table) older(n int) {
	if n > 0 {
		t.row(fmt.Sprintf("… and %d older (--all)", n))
	}
}
