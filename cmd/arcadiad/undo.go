package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

func undoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "undo NAME",
		Short: "Bring back a droplet that was destroyed or replaced, and is kept",
		Long: `Bring back the droplet of a name that was destroyed or replaced, while it is kept: a droplet that ends under destroy: {keep: 24h} in
the fleet file is switched off and kept for so long. It gets its tags and its record back, and is switched on. It asks first.

What has the name since is not destroyed. A saga that still creates it goes back. A droplet that is registered under the name is released:
it goes on running, and is billed until you destroy it. The rollout of the group stops, so that the next pass does not replace the
droplet again; an edit of the stanza in the fleet file or arcadiad rollout resume GROUP lifts that.

The fleet file must want the name: put it back first. If a daemon runs on the state database, it does the work. An undo that is under way
already is followed.

Exit codes: 0 it is back; 2 you said no; 1 an error, or it is refused.`,
		Example: `  arcadiad undo mail
  arcadiad undo web-3 --droplet 314159     not the newest one that is kept`,
		Args: one("droplet's name", "arcadiad status shows which are kept"),
	}
	var droplet int64
	cmd.ValidArgsFunction = completeKept(changing(cmd, 0, func(t *talk, names []string) error { return transfer(t, plan.Undo, names, droplet) }))
	cmd.Flags().Int64Var(&droplet, "droplet", 0, "id of the droplet, if several of the name are kept (default the newest)")
	return cmd
}

// completeKept completes the names of droplets that are kept.
func completeKept(s *settings) cobra.CompletionFunc {
	return completeFrom(s, func(ctx context.Context, c *control.Client, offer func(word, about string)) error {
		st, err := c.Status(ctx)
		for _, d := range st.Resources {
			until, kept := (&fleet.Droplet{Tags: d.Tags}).Until()
			if kept && d.DeletedAt.IsZero() && !d.Recorded {
				offer(d.Name, fmt.Sprintf("droplet %d, kept until %s", d.DropletID, until.Format(time.RFC3339)))
			}
		}
		return err
	})
}
