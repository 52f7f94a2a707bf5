package main

import (
	"errors"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: keep the account as the fleet file describes it",
		Long: `Run the daemon: it watches the fleet file, looks at the account every 15 minutes, and applies
what the file asks for, until it is stopped. Droplets are created, replaced and destroyed.

With --listen it serves a status page, metrics and health. With --notify-url-file it reports to a webhook what needs a person: stuck
sagas, held actions, drift, a bad fleet file (see docs/metrics.md).

SIGTERM and SIGINT stop it within 5 seconds; unfinished work continues at the next start. A second signal
stops it at once. SIGHUP reads the fleet file again.

Under systemd it reports readiness, reloads and its watchdog (Type=notify, WatchdogSec=), and finds its state, its
control socket and its token where the unit puts them.`,
		Example: `  arcadiad run --fleet /etc/arcadiad/fleet.yaml --token-file /etc/arcadiad/token
  arcadiad run --listen 9464 --notify-url-file webhook --notify-format slack
  arcadiad run --simulate --fleet examples/fleet.yaml`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI|usesSagas|usesDaemon, slog.LevelInfo)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		outliveReader()
		ctx := cmd.Context()
		o, done, err := s.prepare(ctx, s.logger(cmd.ErrOrStderr()), hostForOthers)
		if err != nil {
			return err
		}
		spareMemory()
		o.Reload = reloads(ctx)
		o.Notify, o.Watchdog = serviceManager()
		if _, err = o.Token(); err == nil { // better now than in a log an hour later
			err = daemon.Run(ctx, o)
		}
		return errors.Join(err, done())
	}
	return cmd
}

// growth is how much the heap grows from one collection to the next, in percent of what is in use: half of what is usual. A daemon computes for a
// second in every quarter of an hour, and its memory is others' all of the time.
const growth = 50

// spareMemory makes the runtime sparing with memory, unless GOGC or GOMEMLIMIT say otherwise.
func spareMemory() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth)
	if os.Getenv("GOMEMLIMIT") == "" {
		giveBack()
	}
}

// giveBack gives memory that the heap has grown out of back at once, and not over minutes. After each collection it sets the runtime's soft limit a
// little above what the heap may grow to until the next one: so the limit never makes the garbage be collected more often.
func giveBack() {
	in := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(in)
	live, scanned, stacks := int64(in[0].Value.Uint64()), int64(in[1].Value.Uint64()), int64(in[2].Value.Uint64())
	most := live + (live+scanned)*growth/100
	debug.SetMemoryLimit(most + most/7 + stacks + 16<<20) // the heap has gaps; and the runtime's own
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { giveBack() })
}
