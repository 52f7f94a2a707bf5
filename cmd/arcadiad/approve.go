package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
)

func approveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approve PLAN",
		Short: "Approve the held actions of a plan",
		Long: `Approve the held actions of this plan, once. The plan's id is in the first line of arcadiad plan.
The approval covers each action as the plan shows it: the droplet, its new spec, and the volumes, addresses and droplets that the reason
names. It lasts a day. What the plan did not show stays held, and so does what is protected.
A running daemon applies them at once. Otherwise the next apply or run does, if the plan is still the same.`,
		Example: `  arcadiad approve 3f2a9c51d0e7`,
		Args:    one("plan id", "it is in the first line of: arcadiad plan"),
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return s.order(cmd, control.Order, "Plan "+args[0]+" is approved.", func(c *control.Client) error { return c.Approve(cmd.Context(), args[0]) })
	}
	return cmd
}
