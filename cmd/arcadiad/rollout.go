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

func rolloutCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollout",
		Short: "Show the rollouts, and pause, resume or abort one",
		Long: `A rollout is a change on its way through a group of droplets: a few at a time, so that the group stays in service.
The keys under rollout and ready in the fleet file say how it goes. The first member that fails stops it.
A rollout has the name of its group, which is that of the stanza in the fleet file.`,
		Example: `  arcadiad rollout list
  arcadiad rollout show web
  arcadiad rollout resume web`,
		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rolloutListCommand(), rolloutShowCommand(),
		rolloutOrderCommand(&cobra.Command{
			Use:   "pause GROUP",
			Short: "Begin no more members of a rollout",
			Long: `Pause the rollout of a group: what is under way is finished, and no more members are begun until arcadiad rollout resume.
All else goes on: arcadiad pause stops everything.`,
			Example: `  arcadiad rollout pause web`,
		}, control.PauseRollout),
		rolloutOrderCommand(&cobra.Command{
			Use:   "resume GROUP",
			Short: "Go on with a rollout that is stopped, paused or aborted",
			Long: `Go on with the rollout of a group after a pause, after an abort, or after a member failed and stopped it: that member is tried again.
An edit of the stanza in the fleet file does the same, if a member stopped the rollout or it was aborted.
A running daemon acts at once; otherwise the next apply or run does.`,
			Example: `  arcadiad rollout resume web`,
		}, control.ResumeRollout),
		rolloutOrderCommand(&cobra.Command{
			Use:   "abort GROUP",
			Short: "Pause a rollout, and undo what is under way",
			Long: `Abort the rollout of a group: no more members are begun, and what is under way goes back. Members that are done stay as they are.
A member whose old droplet is being destroyed already cannot go back and is finished.
To bring the members that are done back too, put the old value into the fleet file: that is a rollout of its own.`,
			Example: `  arcadiad rollout abort web`,
		}, control.AbortRollout))
	return cmd
}

func rolloutListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rollouts, live ones first",
		Long: `List the rollouts that are under way or wait, and the latest ones that ended. Those that wait for approval before they begin
are only known beside a running daemon; arcadiad plan has them too. This changes nothing.`,
		Example: `  arcadiad rollout list
  arcadiad rollout list --all -o json`,
		Args: none,
	}
	all := cmd.Flags().Bool("all", false, "every rollout in the database, not just the latest")
	showing(cmd, func(ctx context.Context, _ *settings, c *control.Client, _ []string) (any, layout, error) {
		rollouts, err := c.Rollouts(ctx)
		list := view.RolloutListOf(rollouts, *all)
		return list.Rows, list.Text, err
	})
	return cmd
}

func rolloutShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show GROUP",
		Short:   "Show a rollout with its members",
		Long:    `Show the rollout of a group, or the last one if none is under way: how far it has come, why it waits, and each member. This changes nothing.`,
		Example: `  arcadiad rollout show web`,
		Args:    groupName(),
	}
	cmd.ValidArgsFunction = completeRollouts(showing(cmd, func(ctx context.Context, _ *settings, c *control.Client, args []string) (any, layout, error) {
		r, err := rolloutOf(ctx, c, args[0])
		if err != nil {
			return nil, nil, err
		}
		sagas, err := c.Sagas(ctx, saga.Filter{})
		v := view.RolloutDetailOf(r, sagas)
		return v, v.Text, err
	}), false)
	return cmd
}

func groupName() cobra.PositionalArgs { return one("group", "they are in: arcadiad rollout list") }

// rolloutOf finds the rollout of a group: the live one, else the last.
func rolloutOf(ctx context.Context, c *control.Client, group string) (control.Rollout, error) {
	rollouts, err := c.Rollouts(ctx)
	if err != nil {
		return control.Rollout{}, err
	}
	for _, r := range rollouts {
		if r.Group == fleet.Key(group) {
			return r, nil
		}
	}
	return control.Rollout{}, fmt.Errorf("group %q has no rollout (they are in: arcadiad rollout list)", group)
}

func rolloutOrderCommand(cmd *cobra.Command, do control.RolloutVerb) *cobra.Command {
	cmd.Args = groupName()
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	cmd.ValidArgsFunction = completeRollouts(s, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		log := s.logger(cmd.ErrOrStderr())
		r, err := request(cmd.Context(), s, control.Order, hostNever, log, func(c *control.Client) (control.Rollout, error) {
			return c.OrderRollout(cmd.Context(), control.RolloutOrder{Group: args[0], Do: do})
		})
		switch {
		case err != nil:
			return err
		case *format == "json":
			return view.JSON(cmd.OutOrStdout(), view.RolloutOf(r))
		}
		return view.RolloutOrdered(cmd.OutOrStdout(), do, r)
	}
	return cmd
}

// completeRollouts completes the name of a group that has a rollout; live: that has one under way.
func completeRollouts(s *settings, live bool) cobra.CompletionFunc {
	return completeFrom(s, func(ctx context.Context, c *control.Client, offer func(word, about string)) error {
		rollouts, err := c.Rollouts(ctx)
		offered := map[string]bool{}
		for _, r := range rollouts {
			if v := view.RolloutOf(r); !offered[v.Group] && (v.EndedAt.IsZero() && v.ID != "" || !live) {
				offered[v.Group] = true
				offer(v.Group, string(v.State)+" "+r.Change())
			}
		}
		return err
	})
}
