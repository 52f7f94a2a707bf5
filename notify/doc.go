// Package notify reports conditions that need a person to a webhook.
//
// A [condition.Board] has the present conditions. A [Notifier] compares the board with what it has reported, and sends the
// difference: what is new, what changed, what recovered. So it reports each condition once, and nothing piles up while the endpoint
// is down (a condition that came and went meanwhile is not reported), and nobody who raises a condition waits.
//
//	pass, sagas, fleet file -> Board (present) - reported -> one message -> webhook, retried with backoff
//	                                              ^---- what was delivered, kept in a file over restarts
//
// A message whose answer got lost is sent again with the same id. The URL is a secret: it is read for each call, must be https or a
// loopback address, and appears in no log and no error.
package notify
