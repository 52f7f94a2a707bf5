package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
)

// serviceManager gives the way to tell the service manager how the daemon is (nil: none wants to hear), and within which time it wants
// a sign of life (0: never).
func serviceManager() (notify func(string) error, watchdog time.Duration) {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return nil, 0
	}
	watchdog, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		watchdog = 0 // WATCHDOG_USEC is of another process, or no number
	}
	return tell, watchdog
}

// tell sends assignments. A reload needs the time as well: the manager waits for the READY=1 that came after it.
func tell(assignments string) error {
	if strings.HasPrefix(assignments, systemd.SdNotifyReloading) {
		assignments += "\n" + systemd.SdNotifyMonotonicUsec()
	}
	sent, err := systemd.SdNotify(false, assignments)
	if err == nil && !sent {
		err = errors.New("NOTIFY_SOCKET is no longer set")
	}
	if err != nil {
		return fmt.Errorf("sd_notify: %w", err)
	}
	return nil
}
