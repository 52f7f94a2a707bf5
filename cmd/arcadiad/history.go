package main

import (
	"github.com/spf13/cobra"

	"arcadiad/saga"
	"arcadiad/view"
)

func historyCommand() *cobra.Command {
	return listSagas(&cobra.Command{
		Use:   "history",
		Short: "List the plans that were applied",
		Long: `List the plans that were applied, newest first: when, from which commit, what was done and how it ended.
This reads the state database, and changes nothing.`,
		Example: `  arcadiad history
  arcadiad history --all -o json | jq '.[] | select(.failed > 0)'`,
	}, "every plan in the database, not just the latest", func(sagas []saga.Saga, all bool) (any, layout) {
		h := view.HistoryOf(sagas, all)
		return h.Rows, h.Text
	})
}
