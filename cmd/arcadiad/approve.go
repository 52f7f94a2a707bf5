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
		Long: `Approve the held actions of this plan, once. The plan's id is in the first line of arcadiad plan; its first four digits are enough.
Without PLAN it is the present plan. What the approval lets through is shown first, and on a terminal you are asked.

A running daemon tells the present plan. Without one it is made here, as arcadiad plan does; if that cannot be, for want of a token or of the
fleet file, the whole id is needed, and the approval is of a plan that nothing has seen.

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
	s := newSettings(cmd, usesFleet|usesState|usesAPI, slog.LevelWarn)
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask for confirmation")
	order := reasoned(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out, stdin, stderr, log := cmd.OutOrStdout(), cmd.InOrStdin(), cmd.ErrOrStderr(), s.logger(cmd.ErrOrStderr())
		agreed := func(question string) (bool, error) {
			if *yes || terminal(stdin) == nil {
				return true, nil
			}
			return ask(cmd.Context(), stdin, stderr, question)
		}
		unseen := ""
		a := control.Approval{ID: append(args, "")[0],
			Present: func(ctx context.Context) (plan.Plan, error) {
				return request(ctx, s, control.DryRun, hostBriefly, log, func(c *control.Client) (plan.Plan, error) {
					return c.Plan(ctx, control.PlanRequest{})
				})
			},
			Confirm: func(p plan.Plan) (bool, error) {
				if err := view.Approving(out, p, colored(out)); err != nil {
					return false, err
				}
				return agreed("Approve these changes?")
			},
			Unseen: func(id string, why error) (bool, error) {
				fmt.Fprintf(stderr, "Nobody can tell what plan %s lets through, or whether it is the present one: %v\n"+
					"The next apply or run carries out what it holds, but only if its plan has that id, and within a day. To see it: arcadiad plan\n", id, why)
				unseen = ", unseen"
				return agreed("Approve it all the same?")
			},
		}
		id, err := request(cmd.Context(), s, control.Order, hostNever, log, func(c *control.Client) (string, error) {
			return control.Approve(order(), c, a)
		})
		switch {
		case err != nil:
			return err
		case id == "":
			return outcome(exitChanges)
		}
		_, err = fmt.Fprintf(out, "Plan %s is approved%s.\n", id, unseen)
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
