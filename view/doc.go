// Package view lays out what people read, and what -o json gives to programs. It writes to an io.Writer and asks nobody: whether to colour
// and how many lines there are on the screen is given in. It makes no sentence about why something is so: an error, a hold, a refusal
// or a saga's reason comes in the words of whoever knows it.
//
// Text of strangers, such as names and errors that an API gave, stays within its line: it goes through [fleet.OneLine].
//
// A file uses only those below it:
//
//	pagestory.go               the page of a droplet
//	pageoverview.go            the status page
//	pagefleet.go pagework.go   its groups; what waits on it and is under way
//	page.go                    its template, and what a browser may do with it
//	apply.go transfer.go       what became of a plan; what an adopt or a release does
//	approve.go                 what an approval lets through
//	progress.go board.go       sagas under way, on a screen or as lines
//	markdown.go plan.go        a plan
//	summary.go sections.go     its end; what it noticed
//	rollout.go                 its changes on their way through groups
//	why.go                     what is known of a name
//	list.go                    the droplets of a fleet
//	status.go
//	wrong.go                   what needs attention, first
//	drift.go                   what is held back, and what differs
//	rollouts.go                rollouts of the state database
//	runs.go                    like actions of one name after the other
//	action.go                  one run of actions in words
//	history.go sagas.go
//	timeline.go                what happened when
//	saga.go
//	doctor.go
//	table.go
//	screen.go                  how much a terminal shows, and its colours
//	times.go words.go json.go
package view
