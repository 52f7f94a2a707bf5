package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
)

func syncCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "List the account's droplets once, and save them",
		Long: `List every droplet of the account and save them in the state database. Nothing is written to the account.
If a daemon runs on the state database, it does this, and then applies the fleet file.`,
		Example: `  arcadiad sync`,
		Args:    none,
	}
	s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		seen, err := request(ctx, s, control.Work, hostBriefly, s.logger(cmd.ErrOrStderr()), func(c *control.Client) (int, error) { return c.Sync(ctx) })
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "Saw %s.\n", fleet.Counted(seen, "droplet"))
		return nil
	}
	return cmd
}
