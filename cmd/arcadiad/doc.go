// Command arcadiad keeps a DigitalOcean account's droplets in line with a fleet file.
//
// It is a thin shell around package daemon: each command is a file named after it, which turns flags into [daemon.Options], makes
// one call and shows what came of it. What the commands share:
//
//   - settings.go is the one table of settings: flag, then environment, then default. token.go finds the token,
//     webhook.go the URL of the webhook.
//   - simulated.go hosts, or finds, the simulated account of --simulate.
//   - output.go has the formats of -o, exit.go the exit codes and how errors are shown, signals.go how the process is stopped.
//   - board.go is what an apply shows while it waits; live.go redraws it on a terminal, plain.go writes lines elsewhere.
//
// Results go to stdout; logs, progress and questions go to stderr.
package main
