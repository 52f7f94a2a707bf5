// Command compare takes the same fleet through arcadiad and, where they are on the PATH and can get their DigitalOcean provider,
// through tofu and terraform, one after the other, each against an account of its own in the simulator. It prints the requests by
// kind, the time, the CPU time and the peak memory of
//
//	apply     N droplets from nothing
//	plan      of a fleet at which nothing is to be done
//	repair    after 5 droplets were destroyed behind its back
//	destroy   of all of them
//
// for each N. A tool that is not there, or cannot get its provider, is named and left out. The simulator is served by this command
// over HTTP on loopback; nothing of it is in the binary that is measured.
//
//	make build && go run ./scripts/compare [-n 10,100,500,1000] [-latency 50ms] [-activation 5s] [-real-limits] [-parallelism 10]
//
// All fleets are made before any is repaired: arcadiad believes a 404 only of droplets that are older than 5 minutes, so the repairs
// wait until they are.
package main
