// Package reconcile is the loop: what triggers a pass, what a pass is, and what happens when one fails.
//
// A pass is [Planner.Plan] and [Executor.Execute]. Plan loads what is recorded, then looks at the cloud, then builds; it has nothing
// to write with, and `arcadiad plan` is just that. Execute saves the observation, opens or shuts the write gate, and starts one saga
// per action; it does not wait for them. [Loop] runs passes, one at a time, on triggers: start, file, cron, SIGHUP, ended sagas, a
// hold that lapsed, a person. Triggers that come during a pass are merged into the next.
package reconcile
