package main

import (
	"errors"
	"log/slog"

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
		o.Sized = spareMemory()
		o.Reload = reloads(ctx)
		o.Notify, o.Watchdog = serviceManager()
		if _, err = o.Token(); err == nil { // better now than in a log an hour later
			err = daemon.Run(ctx, o)
		}
		return errors.Join(err, done())
	}
	return cmd
}
