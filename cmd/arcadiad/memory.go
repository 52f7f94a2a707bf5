package main

import (
	"os"
	"runtime/debug"
)

// The memory limit of a daemon, in bytes: without a droplet, and what each droplet adds. It is enough to make all of them at once.
const (
	leastMemory   = 56 << 20
	dropletMemory = 9 << 10
)

// spareMemory makes the daemon use less memory: it works for a second in every quarter of an hour, and other programs need the memory all the time.
// The heap grows by half before garbage is collected, not to twice its size, unless GOGC is set. The function that it returns sets the memory limit
// for that many droplets; it is nil if GOMEMLIMIT is set. Above the limit the runtime collects garbage more often and gives memory back at once. A
// daemon that needs more memory still gets it, and the collector takes at most half of the CPU (https://go.dev/doc/gc-guide, "Memory limit").
func spareMemory() (sized func(droplets int)) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return func(droplets int) { debug.SetMemoryLimit(leastMemory + dropletMemory*int64(droplets)) }
}
