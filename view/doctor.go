package view

import (
	"io"

	"arcadiad/doctor"
)

// Doctor writes what an examination found, and what to do about it.
func Doctor(w io.Writer, r doctor.Report) error {
	return tabled(w, func(t *table) {
		for _, f := range r.Findings {
			t.row(f.Verdict, f.Check, f.Said)
			if f.Do != "" {
				t.row("", "", "-> "+f.Do)
			}
		}
	})
}
