package main

import (
	"fmt"
	"strings"

	"arcadiad/control"
	"arcadiad/saga"
)

// plainLine is a transition as a line of a log that people read; empty: it is not worth one.
func plainLine(p control.Progress) string {
	var said string
	switch what := saga.What(p.What); {
	case p.Ended:
		said = strings.TrimSpace(p.Status + " " + p.IP)
	case what == saga.EventDone:
		said = p.Step + " done"
	case what == saga.EventUndone:
		said = p.Step + " undone"
	case what == saga.EventFailed, what == saga.EventUnwritten:
		said = fmt.Sprintf("%s failed at attempt %d, will be tried again", p.Step, p.Attempt)
	case what == saga.EventBack:
		said = "goes back"
	case what == saga.EventStuck:
		said = "is stuck at " + p.Step
	default:
		return ""
	}
	line := fmt.Sprintf("%3s %s (%s): %s", sign(p.Kind), p.Name, short(p.Saga), said)
	if p.Error != "" {
		line += ": " + oneLine(p.Error)
	}
	return line
}
