package view

import (
	"io"

	"arcadiad/doctor"
)

// Doctor writes what an examination found, and what to do about it.
func Doctor(w io.Writer, r doctor.Report) error {
	return tabled(w, func(t *table) {
		for _, f := range r.Findings {
			t.row(byVerdict(f.Verdict), f.Check, f.Said)
			if f.Do != "" {
				t.row("", "", "-> "+f.Do)
			}
		}
	})
}

func byVerdict(v doctor.Verdict) any {
	switch v {
	case doctor.Fail:
		return red{v}
	case doctor.Warn:
		return yellow{v}
	}
	return v
}
