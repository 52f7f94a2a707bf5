// Command measure measures the real program from outside, against simulated accounts that this command serves over HTTP on loopback.
// Nothing of it is in the binary that is measured; CPU times and memory are the kernel's.
//
//	make build && go run ./scripts/measure footprint [-rest 1000,10000] [-waiting 1000,10000] [-saves 20]
//	make build && go run ./scripts/measure compare [-n 10,100,500,1000] [-latency 50ms] [-activation 5s] [-real-limits] [-parallelism 10]
//
// footprint measures the daemon, without any limits of requests: its memory and CPU at rest and with sagas that wait, how soon it
// carries on after a kill, and how soon it follows a saved file. On a machine that does other things as well, believe the CPU times and
// the memory, and repeat the waiting times.
//
// compare takes the same fleet through arcadiad and, where they are on the PATH and can get their DigitalOcean provider, through tofu
// and terraform, one after the other, each against an account of its own. It prints the requests by kind, the time, the CPU time and
// the peak memory of
//
//	apply     N droplets from nothing
//	plan      of a fleet at which nothing is to be done
//	repair    after 5 droplets were destroyed behind its back
//	destroy   of all of them
//
// for each N. A tool that is not there, or cannot get its provider, is named and left out. All fleets are made before any is repaired:
// arcadiad believes a 404 only of droplets that are older than 5 minutes, so the repairs wait until they are.
package main
