// Package daemon builds the app from its [Options], runs it and stops it. It is the only place that knows all packages:
//
//	fleet file -> fleetfile -> reconcile -> plan -> saga engine with provision's steps -> digitalocean -> the API
//	                               |                         |
//	                               +------- state <----------+
//
// [Run] is the daemon, and answers what commands ask on its control socket. [Local] answers the same calls in a command's own process, where
// no daemon runs on the state database: it reads the database, gives it an order, or builds the app for as long as the command works.
// Package control is the way to either. Tests start here too: give Options a Transport into a simulator and a channel of fleet file
// versions, and the whole app runs in one process and one synctest bubble.
//
// A file uses only those below it:
//
//	daemon.go                  the daemon, and its turns where hosts share the state database
//	standby.go                 a daemon while another host leads
//	local.go                   the calls, answered without a running daemon
//	elsewhere.go               the calls, answered by the host that leads
//	alone.go                   the calls, answered by a command's own process
//	recalled.go                what wants attention, by the state database alone
//	run.go                     the app's life
//	build.go                   all parts wired together
//	overview.go                what the status page and Prometheus are told
//	running.go                 the calls, answered by a running daemon
//	undo.go orders.go          what a person has the app do
//	scope.go                   what an apply is for, where it is not for all
//	rollouts.go                what a person has a rollout do
//	app.go                     the parts: what they tell each other, and how they are
//	transfer.go import.go
//	backup.go
//	observer.go                the half that only looks
//	supervisor.go              what the service manager is told
//	observability.go           metrics, conditions, notifications
//	targets.go                 the fleet's droplets for Prometheus
//	web.go                     the status page, scrapes and probes
//	site.go listeners.go       the page as it is now, and who has it before them
//	follow.go
//	watchdog.go                work or rest, or a hang
//	changes.go                 that something happened
//	remote.go                  calls to the host that leads, as rows
//	feed.go                    what people follow, and what they were shown
//	server.go                  what doctor says of a server that has the state database
//	stores.go                  the state database: a file, or shared
//	options.go
package daemon
