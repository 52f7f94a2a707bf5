package main

import (
	"os"
	"runtime/debug"
)

// What a daemon needs, in bytes: without a droplet, and for each droplet more, while all of them are made at once.
const (
	leastMemory   = 56 << 20
	dropletMemory = 9 << 10
)

// spareMemory has the daemon hold less memory: it computes for a second in every quarter of an hour, and its memory is others' all of the time.
// Garbage is collected at half of the usual growth, unless GOGC says otherwise. What is told of the size of the fleet, from then on, sets the limit
// beyond which the runtime collects at once and gives pages back, unless GOMEMLIMIT says otherwise. A daemon that needs more takes it: then the
// collector may take half of its CPU, and no more (https://go.dev/doc/gc-guide, "Memory limit").
func spareMemory() (sized func(droplets int)) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return func(droplets int) { debug.SetMemoryLimit(leastMemory + dropletMemory*int64(droplets)) }
}
