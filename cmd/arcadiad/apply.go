package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/plan"
	"arcadiad/view"
)

func applyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Apply the fleet file once, and wait until it is done",
		Long: `Show the plan, ask, apply it and wait until it is done. Droplets are created, replaced and destroyed.
If a daemon runs on the state database, it does the work, with its own token. While a registered droplet is missing, apply first waits until the
droplet shows again or is certainly gone: about a minute, or five to fifteen if the account has no newer droplet.

Exit codes: 0 the fleet is as the file asks; 2 changes remain (held, or you said no); 1 an error or a failed saga.`,
		Example: `  arcadiad apply
  arcadiad apply --yes -o json`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI|usesSagas, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask for confirmation")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return apply(cmd, s, *format, *yes) }
	return cmd
}

func apply(cmd *cobra.Command, s *settings, format string, yes bool) error {
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	out := cmd.OutOrStdout()
	if format == "json" {
		out = stderr // stdout is for the one JSON object
	}
	show := view.NewProgress(stderr, screen(stderr))
	defer show.End()
	shown, waiting := false, false
	conduct := control.Conduct{
		Confirm: func(p plan.Plan) (bool, error) {
			shown = true
			if err := showPlan(out, p, "text"); err != nil || yes {
				return yes, err
			}
			return ask(ctx, cmd.InOrStdin(), stderr)
		},
		Waiting: func(p plan.Plan) {
			if !waiting {
				fmt.Fprint(stderr, view.Waiting(p))
			}
			waiting = true
		},
		Progress: show.Take,
	}
	began := time.Now()
	applied, err := request(ctx, s, control.Work, hostForOthers, s.logger(show), func(c *control.Client) (control.Applied, error) {
		return control.Apply(ctx, c, conduct)
	})
	show.End()
	if err != nil {
		return err
	}
	if v := view.AppliedOf(applied); format == "json" {
		err = view.JSON(cmd.OutOrStdout(), v)
	} else {
		err = v.Text(out, shown, time.Since(began), colored(out))
	}
	switch {
	case err != nil:
		return err
	case len(applied.Failed) > 0:
		return outcome(exitFailed)
	case !applied.Converged():
		return outcome(exitChanges)
	}
	return nil
}

// ask asks a person on a terminal. Anything but yes means no.
func ask(ctx context.Context, stdin io.Reader, stderr io.Writer) (bool, error) {
	if terminal(stdin) == nil {
		return false, errors.New("not a terminal: run again with --yes to apply the plan above")
	}
	fmt.Fprint(stderr, "\nApply these changes? Type \"yes\" to continue: ")
	answers := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(stdin).ReadString('\n')
		if err != nil && line == "" {
			fmt.Fprintln(stderr)
		}
		answers <- strings.TrimSpace(line)
	}()
	select {
	case a := <-answers:
		return strings.EqualFold(a, "yes"), nil
	case <-ctx.Done():
		fmt.Fprintln(stderr)
		return false, ctx.Err()
	}
}
