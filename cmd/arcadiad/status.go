package main

import (
	"context"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
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
	showing(cmd, func(ctx context.Context, s *settings, c *control.Client, _ []string) (any, layout, error) {
		st, err := s.readStatus(ctx, c)
		return st, st.Text, err
	})
	return cmd
}

// ownersOf tells whose droplets are. The saga that made a droplet is mostly named by a record; find asks the journal for the others.
func ownersOf(fleetName string, resources []fleet.Resource, find func(saga8 string) (saga.Saga, error)) fleet.Owners {
	makers := map[string]bool{}
	for _, r := range resources {
		if r.Recorded && r.SagaID != "" {
			makers[fleet.Saga8(r.SagaID)] = true
		}
	}
	return fleet.Owners{Fleet: fleetName, Made: func(saga8 string) bool {
		if makers[saga8] {
			return true
		}
		s, err := find(saga8)
		return err == nil && fleet.Saga8(s.ID) == saga8 && fleet.Saga{Kind: s.Kind}.Makes()
	}}
}

func (s *settings) readStatus(ctx context.Context, c *control.Client) (view.Status, error) {
	known, err := c.Status(ctx)
	find := func(saga8 string) (saga.Saga, error) { return c.Saga(ctx, saga8) }
	return view.StatusOf(known, ownersOf(known.Meta.Fleet, known.Resources, find), s.socket == systemService().socket), err
}
