package view

import (
	"io"
	"slices"

	"arcadiad/doctor"
)

// Doctor writes what an examination found, and what to do about it: first what does not work, for the rest is longer than a screen.
func Doctor(w io.Writer, r doctor.Report) error {
	findings := slices.Clone(r.Findings)
	slices.SortStableFunc(findings, func(a, b doctor.Finding) int { return last(a.Verdict) - last(b.Verdict) })
	return tabled(w, func(t *table) {
		for _, f := range findings {
			t.row(byVerdict(f.Verdict), f.Check, f.Said)
			if f.Do != "" {
				t.row("", "", "-> "+f.Do)
			}
		}
	})
}

// last is 0 of what does not work, and else 1.
func last(v doctor.Verdict) int {
	if v == doctor.Fail {
		return 0
	}
	return 1
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
