// Command footprint measures the real daemon from outside, against a simulated account that this command serves over HTTP without
// any limits: its memory and CPU at rest and with sagas that wait, how soon it carries on after a kill, and how soon it follows a
// saved file. The figures are the kernel's (/proc). Nothing of it is in the binary that it measures.
//
//	make build && go run ./scripts/footprint [-arcadiad bin/arcadiad] [-rest 1000,10000] [-waiting 1000,10000] [-saves 20]
//
// On a machine that does other things as well, believe the CPU times and the memory, and repeat the waiting times.
package main
