// Command measure measures the real program from outside, against simulated accounts that it serves over HTTP on loopback. The
// measured binary contains nothing of it; CPU times and memory are the kernel's.
//
//	make build && go run ./scripts/measure footprint [-rest 1000,10000] [-waiting 1000,10000] [-saves 20]
//	go run ./scripts/measure rows [-real 10000]
//	make build && go run ./scripts/measure compare [-n 10,100,500,1000] [-latency 50ms] [-activation 5s] [-real-limits] [-parallelism 10]
//
// footprint measures the daemon without rate limits: its memory and CPU at rest and with waiting sagas, how soon it resumes after a kill,
// and how soon it follows a saved file. On a busy machine trust the CPU times and the memory, and repeat the waiting times.
//
// rows prints how many requests creates and destroys take, and how long they wait, in the virtual time of the tests named TestRows…, with
// the ratios to the least that they can take. Then it builds the real binary, has it create a large fleet in an account like theirs, and plan it at
// rest: with the real time, the CPU time and the memory that was resident at most. A busy machine makes these times longer.
//
// compare runs the same fleet through arcadiad, and through tofu and terraform if they are on the PATH and can get their DigitalOcean
// provider: one after the other, each against its own account. It prints the requests by kind, the time, the CPU time and the peak
// memory of
//
//	apply     N droplets from nothing
//	plan      of a fleet without changes
//	repair    after 5 droplets were destroyed outside the tool
//	destroy   of all of them
//
// for each N. It names and skips a tool that is missing or cannot get its provider. It creates all fleets before it repairs
// any: arcadiad believes a 404 only of droplets older than 5 minutes, so the repairs wait until then.
package main
