package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/view"
)

func planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what it would take, and change nothing",
		Long: `Show what it would take to bring the account in line with the fleet file. This changes nothing anywhere:
neither in the account nor in the state database. Where only the service may read its state database, the service
is asked, which has its own fleet file and token. Beside a running daemon it also shows what that holds back for a while
(backoff); apply does not wait for it.

With --stateless the state database is not needed: every droplet that bears the fleet's tags counts as adopted, and what the
API does not show of it (user data, SSH keys, an image whose slug has moved on) counts as unchanged.

Exit codes: 0 nothing to do; 2 changes, sagas that are in flight or stuck, or a registered droplet that is missing; 1 an error.`,
		Example: `  arcadiad plan
  arcadiad plan --stateless -o markdown      for a comment on a pull request
  arcadiad plan -o json | jq .summary`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json", "markdown")
	cmd.Flags().BoolVar(&s.stateless, "stateless", false, "plan without the state database, from the droplets' tags alone, as for a pull request")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log := s.logger(cmd.ErrOrStderr())
		p, err := request(cmd.Context(), s, control.DryRun, hostBriefly, log, func(c *control.Client) (plan.Plan, error) {
			return c.Plan(cmd.Context(), control.PlanRequest{})
		})
		if err != nil {
			return err
		}
		if err := showPlan(cmd.OutOrStdout(), p, *format); err != nil {
			return err
		}
		if !p.Settled() {
			return outcome(exitChanges)
		}
		return nil
	}
	return cmd
}

func showPlan(w io.Writer, p plan.Plan, format string) error {
	switch format {
	case "json":
		return view.JSON(w, p)
	case "markdown":
		return view.Markdown(w, p)
	}
	return view.Plan(w, p, colored(w))
}
