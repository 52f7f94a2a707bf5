// Package reconcile is the loop: what triggers a pass, what a pass does, and what happens when one fails.
//
// A pass is [Planner.Plan] and [Executor.Execute]. Plan loads what is recorded, then observes the account, then builds the plan. It
// cannot write, and `arcadiad plan` is just this half. Execute saves the observation, opens or closes the write gate, and starts one
// saga per action; it does not wait for them. [Loop] runs passes, one at a time, on triggers: start, file, cron, SIGHUP, ended sagas,
// a lapsed hold, a person. Triggers during a pass are merged into the next.
//
// A file uses only those below it:
//
//	run.go                     passes, one after the other
//	loop.go                    what asks for passes, and the fleet file in force
//	triggers.go preview.go inforce.go schedule.go
//	execute.go                 a plan, or what a person asks for, becomes sagas
//	notice.go rollouts.go      what is remembered of drift and of rollouts
//	executor.go                what is recorded of a look, and of a fleet file
//	plan.go                    a plan with what it was made from
//	probe.go
//	store.go
package reconcile
