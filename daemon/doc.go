// Package daemon builds the app from its [Options], runs it and stops it. It is the only place that knows all rooms:
//
//	fleet file -> fleetfile -> reconcile -> plan -> saga engine with provision's steps -> digitalocean -> the API
//	                               |                         |
//	                               +------- state <----------+
//
// [Run] is the daemon, and answers what commands ask on its control socket. [Local] answers the same calls in a command's own process, where
// no daemon runs on the state database: it reads the database, gives it an order, or builds the app for as long as the command works.
// Package control is the way to either. Tests start here too: give Options a Transport into a simulator and a channel of fleet file
// versions, and the whole app runs in one process and one synctest bubble.
package daemon
