// Command live-smoke proves arcadiad on a real account, for about a cent:
//
//	make build
//	DIGITALOCEAN_ACCESS_TOKEN=... go run ./scripts/live-smoke
//
// It writes a fleet file with one s-1vcpu-512mb-10gb in syd1 into a directory of its own, and lets the built binary plan, apply and
// plan again. Then it empties the file, and lets it do the same. After each apply it looks at the account by plain HTTP, past all of
// arcadiad's own code, and at every row of the state database.
//
// The fleet, the droplet and a tag bear a name that no other run has. Whatever happens in between, ^C too, everything of that name is
// destroyed at the end, droplet by droplet, and nothing else is; and the account must hold the droplets that it held before.
//
// Arguments behind -- go to arcadiad's plan and apply. The same program runs in the tests, against the simulator over HTTP.
package main
