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
		Use:   "apply [NAME...]",
		Short: "Apply the fleet file once, and wait until it is done",
		Long: `Show the plan, ask, apply it and wait until it is done. Droplets are created, replaced and destroyed.
If a daemon runs on the state database, it does the work, with its own token. While a registered droplet is missing, apply first waits until the
droplet shows again or is certainly gone: about a minute, or five to fifteen if the account has no newer droplet.
With names, of droplets or of groups, it applies what the plan has for these, and waits for that alone; a running daemon applies the rest by
itself. Of a group whose members take turns, those that are named go first.
A change that goes through a group batch by batch is followed to its end, through the pauses between the batches. Interrupted,
apply leaves the rest to the daemon, or to the next apply. A rollout that waits for a window is not waited for.

Exit codes: 0 the fleet is as the file asks; 2 changes remain (held, waiting for a window, or you said no); 1 an error or a failed saga.`,
		Example: `  arcadiad apply
  arcadiad apply web-3
  arcadiad apply --yes -o json`,
	}
	s := changing(cmd, usesSagas, func(t *talk, names []string) error { return apply(cmd.Context(), t, control.Only{Names: names}) })
	cmd.ValidArgsFunction = completeNames(s)
	return cmd
}

func apply(ctx context.Context, t *talk, only control.Only) error {
	waiting, began := false, time.Now()
	applied, err := request(ctx, t.settings, control.Work, hostForOthers, t.logger(t.progress), func(c *control.Client) (control.Applied, error) {
		return control.Apply(ctx, c, control.Conduct{
			Only: only,
			Planned: func(p plan.Plan) error {
				if only.Replace {
					return replaceable(p, only.Names[0])
				}
				return t.mustKnow(ctx, p, only.Names)
			},
			Confirm: func(p plan.Plan) (bool, error) {
				return t.agree(func(w io.Writer) error { return view.Plan(w, p, colored(w)) })
			},
			Waiting: func(p plan.Plan) {
				if !waiting {
					fmt.Fprint(t.cmd.ErrOrStderr(), view.Waiting(p))
				}
				waiting = true
			},
			Progress: t.progress.Take,
		})
	})
	if err == nil {
		err = t.finish(applied, func() error { return view.Applied(t.out, applied, t.shown, time.Since(began), colored(t.out)) })
	}
	switch {
	case err != nil:
		return err
	case len(applied.Failed) > 0:
		return outcome(exitFailed)
	case !applied.Converged:
		return outcome(exitChanges)
	}
	return nil
}

// talk is how a command that changes the account talks to a person: it shows what it would do, asks, and tells how it goes.
type talk struct {
	*settings
	cmd      *cobra.Command
	json     bool // stdout is for the one JSON object
	yes      bool // the person has agreed beforehand
	out      io.Writer
	progress *view.Progress
	shown    bool // what it would do
}

// changing makes a command change the account.
func changing(cmd *cobra.Command, u uses, do func(t *talk, args []string) error) *settings {
	s := newSettings(cmd, usesFleet|usesState|usesAPI|u, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	yes := cmd.Flags().BoolP("yes", "y", false, "do not ask for confirmation")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		outliveReader()
		stderr := cmd.ErrOrStderr()
		t := &talk{settings: s, cmd: cmd, json: *format == "json", yes: *yes, out: cmd.OutOrStdout(), progress: view.NewProgress(stderr, screen(stderr))}
		if t.json {
			t.out = stderr
		}
		defer t.progress.End()
		return do(t, args)
	}
	return s
}

// agree shows what would be done, and has the person agree to it.
func (t *talk) agree(show func(io.Writer) error) (yes bool, err error) {
	t.shown = true
	if err := show(t.out); err != nil || t.yes {
		return t.yes, err
	}
	return ask(t.cmd.Context(), t.cmd.InOrStdin(), t.cmd.ErrOrStderr(), "Apply these changes?")
}

// finish tells what it came to.
func (t *talk) finish(v any, text func() error) error {
	t.progress.End()
	if t.json {
		return view.JSON(t.cmd.OutOrStdout(), v)
	}
	return text()
}

// ask asks a person on a terminal. Anything but yes means no.
func ask(ctx context.Context, stdin io.Reader, stderr io.Writer, question string) (bool, error) {
	if terminal(stdin) == nil {
		return false, errors.New("not a terminal: run again with --yes to apply the plan above")
	}
	fmt.Fprintf(stderr, "\n%s Type \"yes\" to continue: ", question)
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
