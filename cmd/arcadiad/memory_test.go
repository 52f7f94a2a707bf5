package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMemoryIsLimitedByTheSizeOfTheFleet(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	sized := spareMemory()
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("the limit is %d before the size is known", got)
	}
	for _, tt := range []struct{ droplets, mebibytes int }{{1, 56}, {1000, 64}, {10000, 143}} {
		sized(tt.droplets)
		if got := debug.SetMemoryLimit(-1) >> 20; got != int64(tt.mebibytes) {
			t.Errorf("%d droplets: %d MiB, want %d", tt.droplets, got, tt.mebibytes)
		}
	}
	t.Setenv("GOMEMLIMIT", "1GiB")
	if spareMemory() != nil {
		t.Error("who set GOMEMLIMIT is overruled")
	}
}
