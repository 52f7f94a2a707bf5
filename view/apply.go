package view

import (
	"fmt"
	"io"
	"time"

	"arcadiad/control"
	"arcadiad/plan"
)

// Applied is what an apply came to.
type Applied struct {
	Plan      plan.Plan          `json:"plan"`
	Remains   plan.Plan          `json:"remains"`
	Converged bool               `json:"converged"`
	Declined  bool               `json:"declined"`
	Failed    []control.Progress `json:"failed"`
}

// AppliedOf is what an apply came to, for people and programs.
func AppliedOf(a control.Applied) Applied {
	return Applied{a.Plan, a.After, a.Converged(), a.Declined, append([]control.Progress{}, a.Failed...)}
}

// Text tells people what became of a plan. Shown: it was on the screen before.
func (a Applied) Text(w io.Writer, shown bool, took time.Duration, colored bool) error {
	words, remains := failed(a.Failed), false
	switch {
	case a.Declined:
		words += "Nothing was changed.\n"
	case shown && a.Converged:
		words += fmt.Sprintf("Converged in %s.\n", rough(took))
	case shown && len(a.Failed) == 0 && a.Remains.ID == a.Plan.ID && !a.Remains.Empty():
		words += "All of these changes remain.\n"
	case shown:
		words, remains = words+"These changes remain:\n\n", true
	default:
		remains = true
	}
	if _, err := io.WriteString(w, words); err != nil || !remains {
		return err
	}
	return Plan(w, a.Remains, colored)
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
