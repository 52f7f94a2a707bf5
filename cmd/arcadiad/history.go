package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/view"
)

func historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the plans that were carried out",
		Long: `List the plans that were carried out, newest first: when, from which commit, what was done and what it came to.
This reads the state database, and changes nothing.`,
		Example: `  arcadiad history
  arcadiad history --all -o json | jq '.[] | select(.failed > 0)'`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	all := cmd.Flags().Bool("all", false, "every plan that is kept, not just the latest")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sagas, err := s.readSagas(cmd.Context())
		if err != nil {
			return err
		}
		h := view.HistoryOf(sagas, *all)
		return show(cmd, *format, h.Rows, h.Text)
	}
	return cmd
}
