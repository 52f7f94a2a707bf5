package view

import (
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

// heldBack is what waits for a person or a change.
func (st Status) heldBack() []condition.HeldBack {
	if st.Daemon == nil {
		return nil
	}
	return st.Daemon.HeldBack
}

func (t *table) held(list []condition.HeldBack, most int) {
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
