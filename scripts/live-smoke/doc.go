// Command live-smoke tests arcadiad on a real account, for about a cent:
//
//	make build
//	DIGITALOCEAN_ACCESS_TOKEN=... go run ./scripts/live-smoke
//
// It writes a fleet file with one s-1vcpu-512mb-10gb in syd1 into a new directory, and runs plan, apply and plan of the built binary.
// Then it empties the file, and runs the same again. After each apply it reads the account by plain HTTP, without arcadiad's own
// code, and every row of the state database.
//
// The fleet, the droplet and a tag have a name that no other run has. Whatever happens in between, even ^C, it destroys everything of
// that name at the end, droplet by droplet, and nothing else. The account must then have the same droplets as before.
//
// Arguments after -- are passed to arcadiad's plan and apply. The tests run the same program against the simulator over HTTP.
package main
