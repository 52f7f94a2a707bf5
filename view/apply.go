package view

import (
	"fmt"
	"io"
	"time"

	"arcadiad/control"
	"arcadiad/plan"
)

// Applied tells people what became of a plan. Shown: it was on the screen before.
func Applied(w io.Writer, a control.Applied, shown bool, took time.Duration, colored bool) error {
	words, remains := failed(a.Failed), false
	switch {
	case a.Declined:
		words += "Nothing was changed.\n"
	case shown && a.Converged:
		words += fmt.Sprintf("Converged in %s.\n", rough(took))
	case shown && len(a.Failed) == 0 && a.After.ID == a.Plan.ID && !a.After.Empty():
		words += "All of these changes remain.\n"
	case shown:
		words, remains = words+"These changes remain:\n\n", true
	default:
		remains = true
	}
	if _, err := io.WriteString(w, words); err != nil || !remains {
		return err
	}
	return Plan(w, a.After, colored)
}

// Waiting says what an apply waits for, and how to leave it.
func Waiting(p plan.Plan) string {
	what := Missing(p)
	if what == "" {
		for _, a := range p.Actions {
			if a.Waits() {
				what = a.HeldReason
			}
		}
	}
	return "Waiting until it is clear whether the missing droplets are gone: " + what + ". You may interrupt this at any time: what has been observed is kept\n"
}
