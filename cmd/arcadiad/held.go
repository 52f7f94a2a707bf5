package main

import (
	"fmt"
	"io"

	"arcadiad/condition"
)

// heldText says how much is held, what that costs, and what to do about it.
func (st status) heldText() string {
	d := st.Daemon
	words := fmt.Sprintf("%s: %d held", d.Plan, d.Held)
	if d.KeepMonthly > 0 {
		words += ", which keeps droplets for " + d.KeepMonthly.String() + " a month"
	}
	words += " (look: arcadiad plan"
	if d.Approvable {
		words += "; let through: arcadiad approve " + d.Plan
	}
	return words + ")"
}

// heldBack is what waits for a person or a change.
func (st status) heldBack() []condition.HeldBack {
	if st.Daemon == nil {
		return nil
	}
	return st.Daemon.HeldBack
}

func heldTable(t io.Writer, held []condition.HeldBack, most int) {
	fmt.Fprintln(t, "\nHELD\tACTION\tBY\tKEEPING IT COSTS\tWHY")
	for _, h := range held[:min(len(held), most)] {
		cost := "-"
		if h.KeepMonthly > 0 {
			cost = h.KeepMonthly.String() + " a month"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", h.Name, h.Action, h.By, cost, fit(oneLine(h.Reason), 100))
	}
	more(t, len(held), most)
}
