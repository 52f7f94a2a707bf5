// Package view lays out what people read, and what -o json gives to programs. It writes to an io.Writer and asks nobody: whether to colour
// and how many lines there are on the screen is given in. It makes no sentence about why something is so: an error, a hold, a refusal
// or a saga's reason comes in the words of whoever knows it.
//
// Text of strangers, such as names and errors that an API gave, stays within its line: it goes through [fleet.OneLine].
//
// A file uses those above it:
//
//	json.go words.go times.go table.go revision.go runs.go action.go summary.go sections.go plan.go markdown.go
//	board.go progress.go transfer.go doctor.go
package view
