// Command arcadiad keeps a DigitalOcean account's droplets in line with a fleet file.
//
// Each command is a file named after it, which turns flags into one call of a [control.Client] and has package view show the answer. What the
// commands share:
//
//   - connect.go reaches the daemon, or opens the same service in this process.
//   - settings.go is the one table of settings: flag, then environment, then default. secrets.go finds the token, and the URL of the webhook.
//   - simulated.go hosts, or finds, the simulated account of --simulate.
//   - person.go says who runs the command, which is kept with some orders.
//   - output.go has the formats of -o, exit.go the exit codes and how errors are shown, signals.go how the process is stopped.
//
// Results go to stdout; logs, progress and questions go to stderr.
package main
