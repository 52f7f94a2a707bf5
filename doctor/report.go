package doctor

import "slices"

// Verdict says how a thing is.
type Verdict string

const (
	OK   Verdict = "ok"
	Warn Verdict = "warn" // it works, and will not for ever, or could not be seen
	Fail Verdict = "fail" // it does not work
)

// Finding is one thing that was looked at.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Said    string  `json:"said"`         // how it is
	Do      string  `json:"do,omitempty"` // what to do about it; empty: nothing
}

// Report is all that was found, in the order in which things depend on each other.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Sound tells whether nothing failed.
func (r Report) Sound() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Verdict == Fail })
}

// Add adds a finding. What is well needs nothing done.
func (r *Report) Add(check string, v Verdict, said, do string) {
	if v == OK {
		do = ""
	}
	r.Findings = append(r.Findings, Finding{check, v, said, do})
}
