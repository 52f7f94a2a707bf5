package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
)

func pauseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Stop all writes to the account",
		Long: `Stop all writes to the account until arcadiad resume. Nothing is created or destroyed, by a running daemon
or by any other command on this state database. Requests that were sent already finish; sagas wait. Syncs and plans continue.
The pause is stored in the state database, with who ordered it and why; arcadiad status shows that.`,
		Example: `  arcadiad pause
  arcadiad pause --reason "the database is being moved"`,
	}
	return pausing(cmd, true, "Writes are paused. To continue: arcadiad resume", reasoned(cmd))
}

func resumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "Allow writes to the account again",
		Long:    `Allow writes to the account again after arcadiad pause. Sagas that waited continue.`,
		Example: `  arcadiad resume`,
	}
	return pausing(cmd, false, "Resumed: changes are applied again.", cmd.Context)
}

func pausing(cmd *cobra.Command, paused bool, said string, order func() context.Context) *cobra.Command {
	cmd.Args = none
	s := newSettings(cmd, usesState, slog.LevelWarn)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.order(cmd, control.Order, said, func(c *control.Client) error { return c.Pause(order(), paused) })
	}
	return cmd
}
