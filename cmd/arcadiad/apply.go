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
		Short: "Bring the account in line once, and wait for it",
		Long: `Show the plan, ask, carry it out and wait until it is done. Droplets are made, replaced and destroyed.
Where a daemon runs on the state database, it does the work, with its own token. While a registered droplet is missing, it first waits until the
droplet shows again or is proved gone: for about a minute, and without a newer droplet in the account for five to fifteen.

Exit codes: 0 the fleet is converged; 2 changes remain (held, or you said no); 1 an error or a failed saga.`,
		Example: `  arcadiad apply
  arcadiad apply --yes -o json`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI|usesSagas, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask")
	completeFiles(cmd)
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
				fmt.Fprintf(stderr, "Waiting until it is clear what became of what is missing: %s\n", waitText(p))
			}
			waiting = true
		},
		Progress: show.Take,
	}
	began := time.Now()
	var applied control.Applied
	err := s.ask(ctx, control.Work, hostForOthers, s.logger(show), func(c *control.Client) (err error) {
		applied, err = control.Apply(ctx, c, conduct)
		return err
	})
	show.End()
	if err != nil {
		return err
	}
	if format == "json" {
		err = view.JSON(cmd.OutOrStdout(), struct {
			Plan      plan.Plan          `json:"plan"`
			Remains   plan.Plan          `json:"remains"`
			Converged bool               `json:"converged"`
			Declined  bool               `json:"declined"`
			Failed    []control.Progress `json:"failed"`
		}{applied.Plan, applied.After, applied.Converged(), applied.Declined, append([]control.Progress{}, applied.Failed...)})
	} else {
		err = report(out, applied, shown, time.Since(began))
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

// waitText says what an apply waits for, and how to leave it.
func waitText(p plan.Plan) string {
	what := view.Missing(p)
	if what == "" {
		for _, a := range p.Actions {
			if a.Waits() {
				what = a.HeldReason
			}
		}
	}
	return what + ". Interrupt it whenever you like: the looks so far are kept"
}

// ask asks a person on a terminal. Anything but yes means no.
func ask(ctx context.Context, stdin io.Reader, stderr io.Writer) (bool, error) {
	if terminal(stdin) == nil {
		return false, errors.New("there is no terminal to ask on: look at the plan above, then say --yes")
	}
	fmt.Fprint(stderr, "\nCarry this out? Only \"yes\" is taken for an answer: ")
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

// report says what an apply came to. Shown: the plan was on the screen before.
func report(w io.Writer, a control.Applied, shown bool, took time.Duration) error {
	var b strings.Builder
	b.WriteString(view.Failed(a.Failed))
	remains := true
	switch {
	case a.Declined:
		b.WriteString("Nothing was changed.\n")
		remains = false
	case shown && a.Converged():
		fmt.Fprintf(&b, "Converged in %s.\n", view.Rough(took))
		remains = false
	case shown && len(a.Failed) == 0 && a.After.ID == a.Plan.ID && !a.After.Empty():
		b.WriteString("All of this remains.\n")
		remains = false
	case shown:
		b.WriteString("What remains:\n\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil || !remains {
		return err
	}
	return showPlan(w, a.After, "text")
}
