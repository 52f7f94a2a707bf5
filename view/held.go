package view

import (
	"fmt"

	"arcadiad/condition"
	"arcadiad/control"
	"arcadiad/fleet"
)

// heldText says how much is held, and what to do about it.
func heldText(d control.Live) string {
	words := d.Plan + ": " + fmt.Sprint(d.Held, " held") + " (details: arcadiad plan"
	if d.Approvable {
		words += "; to approve: arcadiad approve " + d.Plan
	}
	return words + ")"
}

func heldRows(t *table, list []condition.HeldBack, most int) {
	t.row("HELD", "ACTION", "BY", "COST TO KEEP", "WHY")
	for _, h := range list[:min(len(list), most)] {
		cost := "-"
		if h.KeepMonthly > 0 {
			cost = h.KeepMonthly.String() + " a month"
		}
		t.row(h.Name, h.Action, h.By, cost, fleet.Fit(h.Reason, 100))
	}
	t.more(len(list), most)
}
