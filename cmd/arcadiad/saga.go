package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/view"
)

func sagaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "saga",
		Short: "Show the sagas, and retry or abort one",
		Long: `A saga is one piece of work on one droplet, in steps that survive a crash: create, replace, destroy, adopt, update.
The first 8 digits of its id are enough to name it; they are in the droplet's tag arcadia-saga-….`,
		Example: `  arcadiad saga list
  arcadiad saga show 5f0c9a1e`,
		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(sagaListCommand(), sagaShowCommand(),
		sagaOrderCommand(&cobra.Command{
			Use:   "retry ID",
			Short: "Retry a saga now",
			Long: `Retry a stuck or waiting saga now. If the saga failed and was undone already, its failure no longer counts, so that its droplet
is tried again. A running daemon acts at once; otherwise the next apply or run does.`,
			Example: `  arcadiad saga retry 5f0c9a1e`,
		}, "will be retried", (*control.Client).Retry),
		sagaOrderCommand(&cobra.Command{
			Use:   "abort ID",
			Short: "Abort a saga: undo its steps",
			Long: `Abort a saga and undo its steps: a droplet that it created is destroyed again. A saga that has begun to destroy a droplet cannot be aborted.
A running daemon acts at once; otherwise the next apply or run does.`,
			Example: `  arcadiad saga abort 5f0c9a1e`,
		}, "is being undone", (*control.Client).Abort))
	return cmd
}

func sagaID() cobra.PositionalArgs { return one("saga id", "they are in: arcadiad saga list") }

func sagaListCommand() *cobra.Command {
	return listSagas(&cobra.Command{
		Use:   "list",
		Short: "List the sagas, live ones first",
		Long:  `List the live sagas, and the latest ones that ended. This changes nothing.`,
		Example: `  arcadiad saga list
  arcadiad saga list --all -o json`,
	}, "every saga in the database, not just the latest", func(sagas []saga.Saga, all bool) (any, layout) {
		list := view.SagaListOf(sagas, all)
		return list.Rows, list.Text
	})
}

// listSagas makes a command of what the sagas that are kept tell, oldest first; with --all of every one.
func listSagas(cmd *cobra.Command, every string, list func(sagas []saga.Saga, all bool) (rows any, text layout)) *cobra.Command {
	cmd.Args = none
	all := cmd.Flags().Bool("all", false, every)
	showing(cmd, func(ctx context.Context, _ *settings, c *control.Client, _ []string) (any, layout, error) {
		sagas, err := c.Sagas(ctx, saga.Filter{})
		rows, text := list(sagas, *all)
		return rows, text, err
	})
	return cmd
}

func sagaShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a saga with its steps",
		Long: `Show a saga: its steps with their attempts, times and errors, and a timeline of its API requests.
The first digits of its id are enough. This changes nothing.`,
		Example: `  arcadiad saga show 5f0c9a1e`,
		Args:    sagaID(),
	}
	s := showing(cmd, func(ctx context.Context, _ *settings, c *control.Client, args []string) (any, layout, error) {
		g, err := c.Saga(ctx, args[0])
		if err != nil {
			return nil, nil, err
		}
		calls, err := c.Calls(ctx, g.ID)
		v := view.SagaOf(g, calls)
		return v, v.Text, err
	})
	cmd.ValidArgsFunction = completeSagas(s, true)
	return cmd
}

func sagaOrderCommand(cmd *cobra.Command, said string, order func(c *control.Client, ctx context.Context, id string) error) *cobra.Command {
	cmd.Args = sagaID()
	s := newSettings(cmd, usesState, slog.LevelWarn)
	cmd.ValidArgsFunction = completeSagas(s, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		said := fmt.Sprintf("Saga %s %s.", fleet.Saga8(args[0]), said)
		return s.order(cmd, control.Order, said, func(c *control.Client) error { return order(c, cmd.Context(), args[0]) })
	}
	return cmd
}
