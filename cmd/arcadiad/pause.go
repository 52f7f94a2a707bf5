package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
)

func pauseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pause",
		Short: "Stop all writes to the account",
		Long: `Stop all writes to the account, until arcadiad resume: nothing is made and nothing is destroyed, by a running daemon
or by any other command on this state database. Requests that are under way end; sagas wait. Syncs and plans go on.
The pause is kept in the state database.`,
		Example: `  arcadiad pause`,
	}
	return pausing(cmd, true, "Writes are paused. To go on: arcadiad resume")
}

func resumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "resume",
		Short:   "Let writes to the account through again",
		Long:    `Let writes to the account through again after arcadiad pause. Sagas that waited carry on.`,
		Example: `  arcadiad resume`,
	}
	return pausing(cmd, false, "Writes are let through.")
}

func pausing(cmd *cobra.Command, paused bool, said string) *cobra.Command {
	cmd.Args = none
	s := newSettings(cmd, usesState, slog.LevelWarn)
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return s.order(cmd, said, func(c *control.Client) error { return c.Pause(cmd.Context(), paused) })
	}
	return cmd
}
