// Package notify tells people, through a webhook, of what needs them.
//
// A [condition.Board] holds the conditions that are so at present. A [Notifier] compares the board with what it has told already, and
// sends the difference: what is new, what changed, what recovered. So each condition is told once, nothing piles up while the endpoint
// is down (what came and went meanwhile is not told at all), and nobody who raises a condition waits.
//
//	pass, sagas, fleet file -> Board (present) - told -> one message -> webhook, retried with backoff
//	                                              ^---- what was delivered, kept in a file over restarts
//
// A message that may have been delivered is sent again, with the same id, when its answer got lost. The URL is a secret: it is asked
// for each call, goes only to https or a loopback address, and is in no log and no error.
package notify
