package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
	"arcadiad/fleet"
)

func syncCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Take one inventory of the account",
		Long: `List every droplet of the account and save what is seen in the state database. Nothing is written to the account.
Where a daemon runs on the state database, it is asked to do it, and then acts upon what it saw.`,
		Example: `  arcadiad sync`,
		Args:    none,
	}
	s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		o, done, err := s.prepare(ctx, s.logger(cmd.ErrOrStderr()), hostBriefly)
		if err != nil {
			return err
		}
		seen := 0
		if err = tokenUnlessDaemon(ctx, o); err == nil {
			seen, err = daemon.Sync(ctx, o)
		}
		if err := errors.Join(err, done()); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "Saw %s.\n", fleet.Counted(seen, "droplet"))
		return nil
	}
	return cmd
}
