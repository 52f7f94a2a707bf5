package main

// bounding are the guards at the edges: what a person writes, what a command sends, and what the fleet file may point at.
func bounding() []mutant {
	var all []mutant
	take := func(law int, guard, file, old, new string, tests ...suite) {
		all = append(all, mutant{law, guard, file, old, new, tests})
	}
	loop, words := room("reconcile"), room("fleet")
	take(14, "a schedule that never comes is refused", "reconcile/schedule.go", `case s.Next(time.Now()).IsZero():`, `case false:`, loop)
	take(14, "a schedule without a next time is not due", "reconcile/schedule.go", `return neverTick, false`, `return leastTick, true`, loop)
	take(14, "a floor under the schedule", "reconcile/schedule.go", `max(leastTick, next.Sub(now))`, `max(time.Millisecond, next.Sub(now))`, loop)
	take(14, "a duration of nothing is none", "fleet/written.go", `case d < least:`, `case false:`, words)
	return all
}
