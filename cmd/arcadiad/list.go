package main

import (
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/view"
)

func listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the fleet's droplets",
		Long: `List the droplets of the fleet, one a line, sorted by name: from the state database, or from the daemon if one runs. This makes no API request
and needs no token. To hand them on to other tools: arcadiad inventory.`,
		Example: `  arcadiad list
  arcadiad list --tag web -o wide
  arcadiad list -o json | jq -r '.[].public_ip'`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "wide", "json")
	tag := cmd.Flags().String("tag", "", "only droplets with this tag")
	mustComplete(cmd, "tag", cobra.NoFileCompletions)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := s.look(cmd.Context())
		if err != nil {
			return err
		}
		st, err := s.readStatus(cmd.Context(), c)
		if err != nil {
			return err
		}
		list, out := view.ListOf(st, *tag), screened(cmd.OutOrStdout())
		switch *format {
		case "json":
			return view.JSON(out, list.Rows)
		case "wide":
			return list.Wide(out, time.Now())
		}
		return list.Text(out, time.Now())
	}
	return cmd
}
