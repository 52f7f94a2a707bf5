package view

import (
	"fmt"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
)

// heldText says how much is held, what that costs, and what to do about it.
func heldText(d control.Live) string {
	words := d.Plan + ": " + heldCount(d.Held, d.KeepMonthly) + " (look: arcadiad plan"
	if d.Approvable {
		words += "; let through: arcadiad approve " + d.Plan
	}
	return words + ")"
}

func heldRows(t *table, list []condition.HeldBack, most int) {
	t.row("HELD", "ACTION", "BY", "KEEPING IT COSTS", "WHY")
	for _, h := range list[:min(len(list), most)] {
		cost := "-"
		if h.KeepMonthly > 0 {
			cost = h.KeepMonthly.String() + " a month"
		}
		t.row(h.Name, h.Action, h.By, cost, fleet.Fit(h.Reason, 100))
	}
	t.more(len(list), most)
}

// heldCount says how much is held, and what that costs.
func heldCount(n int, monthly fleet.Money) string {
	words := fmt.Sprintf("%d held", n)
	if monthly > 0 {
		words += ", which keeps droplets for " + monthly.String() + " a month"
	}
	return words
}
