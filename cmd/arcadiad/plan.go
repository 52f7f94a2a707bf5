package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/view"
)

func planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and change nothing",
		Long: `Show what would change so that the account matches the fleet file. This changes nothing,
neither in the account nor in the state database. If only the service may read its state database, the service
is asked, which has its own fleet file and token. With a running daemon the plan also shows what waits for a retry
(backoff); apply does not wait for that.

With --stateless no state database is needed: every droplet with the fleet's tags counts as adopted, and what the
API does not show (user data, SSH keys, an image whose slug has moved on) counts as unchanged.

Exit codes: 0 nothing to do; 2 changes, sagas that are in flight or stuck, or a registered droplet that is missing; 1 an error.`,
		Example: `  arcadiad plan
  arcadiad plan --stateless -o markdown      for a comment on a pull request
  arcadiad plan -o json | jq .summary`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json", "markdown")
	cmd.Flags().BoolVar(&s.stateless, "stateless", false, "plan without the state database, from the droplets' tags alone, for example in CI")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log := s.logger(cmd.ErrOrStderr())
		p, err := request(cmd.Context(), s, control.DryRun, hostBriefly, log, func(c *control.Client) (plan.Plan, error) {
			return c.Plan(cmd.Context(), control.PlanRequest{})
		})
		if err != nil {
			return err
		}
		switch out := cmd.OutOrStdout(); *format {
		case "json":
			err = view.JSON(out, p)
		case "markdown":
			err = view.Markdown(out, p)
		default:
			err = view.Plan(out, p, colored(out))
		}
		if err == nil && !p.Settled() {
			return outcome(exitChanges)
		}
		return err
	}
	return cmd
}
