package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
)

func validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check the fleet file",
		Long: `Check the fleet file, and the user_data files that it names, without any API request. This changes nothing.
Every problem is shown as FILE:LINE:COL: message on stderr, and the exit code is then 1. What is only odd is shown the same way, as a
warning, and the exit code is then 0.`,
		Example: `  arcadiad validate
  arcadiad validate examples/fleet.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%s takes one file, got %d (see: %s --help)", called(cmd), len(args), cmd.CommandPath())
			}
			return nil
		},
	}
	s := newSettings(cmd, usesFleet, slog.LevelWarn)
	cmd.ValidArgsFunction = completeYAML
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file := s.fleet
		if len(args) == 1 {
			file = args[0]
		}
		f, err := fleetfile.Load(file, s.secrets()...)
		if err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), err)
			return outcome(exitFailed)
		}
		for _, w := range f.Warnings {
			fmt.Fprintln(cmd.ErrOrStderr(), w)
		}
		odd := ""
		if n := len(f.Warnings); n > 0 {
			odd = ", " + fleet.Counted(n, "warning")
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s is ok: fleet %s, %s%s\n", file, f.Name, fleet.Counted(len(f.Specs), "droplet"), odd)
		return nil
	}
	return cmd
}
