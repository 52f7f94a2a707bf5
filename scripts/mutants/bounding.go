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

	socket := house("TestTheControlSocket|TestAHandoverLists")
	take(12, "the socket's bodies are bounded", "daemon/receive.go", `http.MaxBytesReader(w, r.Body, most)`, `r.Body`, socket)
	take(12, "a body is sent in time", "daemon/receive.go", `ReadTimeout: orderTime`, `ReadHeaderTimeout: orderTime`, socket)
	take(12, "a short text is no long list", "daemon/receive.go", `if len(*l) == mostAgreed {`, `if false {`, socket)
	take(7, "plans asked for at once share a look", "reconcile/preview.go", `if one := p.next[key]; one != nil {`, `if one := p.next[key]; false {`, loop)
	take(7, "a shared look is no older than the call", "reconcile/preview.go", `if one := p.next[key]; one != nil {`, `if one := p.running[key]; one != nil {`, loop)
	take(7, "whoever asked first may leave", "reconcile/preview.go", `context.WithCancel(context.WithoutCancel(ctx))`, `context.WithCancel(ctx)`, loop)
	return all
}
