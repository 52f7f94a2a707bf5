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

On a terminal the text fits its height, and says what it leaves out. A pipe and -o json get everything.
With --watch it stays on the terminal and is written anew whenever something changes, until Ctrl-C: as the daemon tells, or else every two seconds.`,
		Example: `  arcadiad status
  arcadiad status | less
  arcadiad status --watch
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
	watch := cmd.Flags().Bool("watch", false, "stay, and show what changes, until Ctrl-C")
	once := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *watch {
			return s.watch(cmd)
		}
		return once(cmd, args)
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
