package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/plan"
	"arcadiad/view"
)

func adoptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adopt [NAME...]",
		Short: "Take over existing droplets that nobody manages",
		Long: `Take over existing droplets that have a name of the fleet file and that arcadiad did not create: tag them as this
fleet's, and record them. Only their tags change. It asks first.

A droplet is refused if another fleet has it, if a second one has its name, or if it is not what the file asks for. If a
daemon runs on the state database, it does the work. It creates nothing under the name of one of these droplets until you adopt
it or approve a second one. But a name that had a droplet of arcadiad before is created again at once, so pause the daemon first.

Exit codes: 0 all are adopted; 2 some are refused or wait for resume, or you said no; 1 an error, or nothing could be done.`,
		Example: `  arcadiad adopt --all
  arcadiad adopt web-1 db
  arcadiad pause && arcadiad adopt --all && arcadiad resume
                                  beside a daemon; edit the file after the pause`,
	}
	all := cmd.Flags().Bool("all", false, "every droplet that has a name of the fleet file")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if *all == (len(args) > 0) {
			return errors.New("adopt needs the names of droplets, or --all (see: arcadiad adopt --help)")
		}
		return nil
	}
	cmd.ValidArgsFunction = completeDesired(changing(cmd, 0, transfers(plan.TakeOver)))
	return cmd
}

func releaseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release NAME",
		Short: "Stop managing a droplet without destroying it",
		Long: `Remove arcadiad's tags from a droplet, and forget it. The droplet stays as it is, and its name becomes free. It asks first.

While the name is in the fleet file it stays taken, so that nothing is created in the droplet's place. Then remove it from the file,
and release it again. With a running daemon that is the safe order: a daemon destroys what is no longer in the file.
A droplet that has lost its tags already is only forgotten.

Exit codes: 0 it is released; 2 it waits for resume, or you said no; 1 an error, or it is refused.`,
		Example: `  arcadiad release web-3`,
		Args:    one("droplet's name", "arcadiad status shows them"),
	}
	cmd.ValidArgsFunction = completeNames(changing(cmd, 0, transfers(plan.Release)))
	return cmd
}

// transfers does what a person asks for by names.
func transfers(kind plan.Kind) func(*talk, []string) error {
	return func(t *talk, names []string) error { return transfer(t, kind, names, 0) }
}

// transfer asks what is to be done, has the person agree, and follows it. Of an undo droplet says which; 0: the newest.
func transfer(t *talk, kind plan.Kind, names []string, droplet int64) error {
	ctx := t.cmd.Context()
	handed, err := request(ctx, t.settings, control.Work, hostForOthers, t.logger(t.progress), func(c *control.Client) (control.Handed, error) {
		return control.Transfer(ctx, c, control.OfferRequest{Kind: kind, Names: names, Droplet: droplet}, control.Assent{
			Confirm: func(list []plan.Transfer) (bool, error) {
				return t.agree(func(w io.Writer) error { return view.Transfers(w, list) })
			},
			Progress: t.progress.Take,
		})
	})
	if err == nil {
		err = t.finish(handed, func() error { return view.Handed(t.out, handed, t.shown) })
	}
	refused := slices.ContainsFunc(handed.Transfers, func(h plan.Transfer) bool { return h.Refused != "" })
	switch {
	case err != nil:
		return err
	case len(handed.Failed) > 0, refused && !t.shown && len(names) > 0:
		return outcome(exitFailed)
	case refused, handed.Declined, handed.Waiting:
		return outcome(exitChanges)
	}
	return nil
}

// completeDesired completes the names that the fleet file wants.
func completeDesired(s *settings) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) (found []cobra.Completion, _ cobra.ShellCompDirective) {
		if s.fill() == nil {
			if desired, err := fleetfile.Load(s.fleet, s.secrets()...); err == nil {
				for _, spec := range desired.Specs {
					if strings.HasPrefix(fleet.Key(spec.Name), fleet.Key(begun)) {
						found = append(found, spec.Name)
					}
				}
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
