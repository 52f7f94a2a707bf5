package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/view"
)

func planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan [NAME...]",
		Short: "Show what would change, and change nothing",
		Long: `Show what would change so that the account matches the fleet file. This changes nothing,
neither in the account nor in the state database. If only the service may read its state database, or you have
no token, the service is asked, which has its own fleet file and token. With a running daemon the plan also shows what waits for a retry
(backoff); apply does not wait for that.

With names, of droplets or of groups, it shows what it has for these. The plan's id, and an approval, are for all of it.

With --stateless no state database is needed: every droplet with the fleet's tags counts as adopted, and what the
API does not show (user data, SSH keys, an image whose slug has moved on) counts as unchanged.

Exit codes: 0 nothing to do; 2 changes, sagas that are in flight or stuck, or a registered droplet that is missing; 1 an error.`,
		Example: `  arcadiad plan
  arcadiad plan web db-2
  arcadiad plan --stateless -o markdown      for a comment on a pull request
  arcadiad plan -o json | jq .summary`,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json", "markdown")
	cmd.Flags().BoolVar(&s.stateless, "stateless", false, "plan without the state database, from the droplets' tags alone, for example in CI")
	cmd.ValidArgsFunction = completeNames(s)
	cmd.RunE = func(cmd *cobra.Command, names []string) error {
		log := s.logger(cmd.ErrOrStderr())
		p, err := request(cmd.Context(), s, control.DryRun, hostBriefly, log, func(c *control.Client) (plan.Plan, error) {
			return c.Plan(cmd.Context(), control.PlanRequest{})
		})
		if err != nil {
			return err
		}
		if len(names) > 0 {
			if err := s.mustKnow(cmd.Context(), p, names); err != nil {
				return err
			}
			p = plan.Only(p, names)
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

// mustKnow refuses a name that is in no action of the plan, and that the state database does not know either: it is mistyped.
func (s *settings) mustKnow(ctx context.Context, p plan.Plan, names []string) error {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !plan.Only(p, []string{name}).Blank() })
	if len(names) == 0 || s.stateless {
		return nil
	}
	var st control.Status // empty where there is no state database yet: then only the plan knows names
	if c, err := s.look(ctx); err == nil {
		st, err = c.Status(ctx)
		if err = errors.Join(err, c.Close()); err != nil {
			return err
		}
	}
	for _, name := range names {
		known := slices.ContainsFunc(st.Resources, func(r fleet.Resource) bool {
			return strings.EqualFold(name, r.Name) || fleet.LooksOf(r.Name, name)
		})
		if !known {
			return fmt.Errorf("no droplet and no group is called %s (arcadiad status shows them)", name)
		}
	}
	return nil
}
