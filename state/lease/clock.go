package lease

import (
	"time"

	"golang.org/x/sys/unix"
)

// Clock is the time since the machine started, with the time for which it was suspended: the monotonic clock of package time leaves that out.
func Clock() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		panic("lease: the system has no CLOCK_BOOTTIME: " + err.Error()) // Linux has it since 2.6.39
	}
	return time.Duration(t.Nano())
}
