package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/view"
)

func approveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "approve [PLAN]",
		Short: "Approve the held actions of a plan",
		Long: `Approve the held actions of this plan, once. The plan's id is in the first line of arcadiad plan; with a running daemon its first
four digits are enough. A running daemon shows first what the approval lets through, and on a terminal asks. Without PLAN it is the present plan.

The approval covers each action as the plan shows it: the droplet, its new spec, and the volumes, addresses and droplets that the reason
names. It lasts a day. What the plan did not show stays held, and so does what is protected. Who approved it is kept with its sagas, and why
(arcadiad why shows both).
A running daemon applies them at once. Otherwise the next apply or run does, if the plan is still the same.

Exit codes: 0 it is approved; 2 you said no; 1 an error, or there is nothing to approve.`,
		Example: `  arcadiad approve
  arcadiad approve 3f2a9c51d0e7 --reason "CHG-1024, agreed with the shop"
  arcadiad approve 3f2a --yes`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("approve needs one plan id, got %d (it is in the first line of: arcadiad plan)", len(args))
			case len(args) == 0 && terminal(cmd.InOrStdin()) == nil:
				return errors.New("approve needs a plan id where there is no terminal to ask on (it is in the first line of: arcadiad plan)")
			}
			return nil
		},
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask for confirmation")
	order := reasoned(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out, stdin := cmd.OutOrStdout(), cmd.InOrStdin()
		confirm := func(p plan.Plan) (bool, error) {
			if err := view.Approving(out, p, colored(out)); err != nil || *yes || terminal(stdin) == nil {
				return true, err
			}
			return ask(cmd.Context(), stdin, cmd.ErrOrStderr(), "Approve these changes?")
		}
		id, err := request(cmd.Context(), s, control.Order, hostNever, s.logger(cmd.ErrOrStderr()), func(c *control.Client) (string, error) {
			return control.Approve(order(), c, append(args, "")[0], confirm)
		})
		switch {
		case err != nil:
			return err
		case id == "":
			return outcome(exitChanges)
		}
		_, err = fmt.Fprintf(out, "Plan %s is approved.\n", id)
		return err
	}
	cmd.ValidArgsFunction = completeFrom(s, func(ctx context.Context, c *control.Client, offer func(word, about string)) error {
		st, err := c.Status(ctx)
		if err == nil && st.Daemon != nil && st.Daemon.Approvable {
			offer(st.Daemon.Plan, fmt.Sprintf("%d held", st.Daemon.Held))
		}
		return err
	})
	return cmd
}
