package main

import (
	"context"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/saga"
	"arcadiad/view"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show droplets, pending work and daemon health",
		Long: `Show what went wrong, then what the state database knows and how the daemon is. A running daemon is asked, so that a create
that failed, a refused token or a missing droplet shows within a second; without one the state database tells what it
knows. This makes no API request and changes nothing. Without a state database the exit code is 1.

On a terminal the text fits its height, and says what it leaves out. A pipe and -o json get everything.`,
		Example: `  arcadiad status
  arcadiad status | less
  arcadiad status -o json | jq .droplets`,
		Args: none,
	}
	s := showing(cmd, func(ctx context.Context, s *settings, c *control.Client, _ []string) (any, layout, error) {
		st, err := s.readStatus(ctx, c)
		return st, st.Text, err
	})
	fill := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		err := fill(cmd, args)
		s.fleet = "" // without a daemon only the service's is known
		s.asService(s.system())
		return err
	}
	return cmd
}

func (s *settings) readStatus(ctx context.Context, c *control.Client) (view.Status, error) {
	known, err := c.Status(ctx)
	find := func(saga8 string) (saga.Saga, error) { return c.Saga(ctx, saga8) }
	unit := ""
	if sys := s.system(); s.socket == sys.socket {
		unit = sys.unit
	}
	return view.StatusOf(known, known.Owners(find), unit), err
}
