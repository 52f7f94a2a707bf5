// Package condition is the one list of what wants attention, per fleet and per droplet.
//
// [Of] judges plain values: the fleet file, the last pass with its plan, the live sagas. The [Set] that it gives is what the
// webhook, `arcadiad_conditions`, the log, `arcadiad status`, the service manager and the probes show, each in its own form; none of them
// judges by itself. Every [Condition] is of a [Kind], and set.go has one row for each: when it is so, what a person does about it,
// and the function that finds it.
//
// A [Board] holds the conditions of the present, since when they are so, and tells what is new about them. Whoever finds out replaces,
// raises and clears them, again and again, without minding what was said before. A [Log] does the same for the log.
//
// A file uses only those below it:
//
//	log.go                     who tells: the log, the service manager
//	board.go                   the webhook and the metrics
//	waiting.go                 what else people are shown: what waits, and what differs
//	set.go                     the table of kinds
//	find.go                    a function for each kind
//	condition.go               a condition, and what it is judged by
package condition
