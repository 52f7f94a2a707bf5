// Package daemon builds the app from its [Options], runs it and stops it. It is the only place that knows all rooms:
//
//	fleet file -> fleetfile -> reconcile -> plan -> saga engine with provision's steps -> digitalocean -> the API
//	                               |                         |
//	                               +------- state <----------+
//
// [Run] is the daemon. [Plan], [Apply], [Sync] and the like are the commands; where a daemon runs on the same state database, those
// that write ask it through its control socket ([Dial]) instead of doing it themselves. Tests start here too: give Options a
// Transport into a simulator and a channel of fleet file versions, and the whole app runs in one process and one synctest bubble.
package daemon
