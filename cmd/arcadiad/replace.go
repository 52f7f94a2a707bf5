package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/plan"
)

func replaceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replace NAME",
		Short: "Replace a droplet by a new one, though it is as the file asks",
		Long: `Replace the registered droplet of a name by a new one of the same stanza, though nothing of it differs: it is broken inside, or is to start
afresh. It goes as every replace does: the new droplet is created first, and must be ready where the stanza has a probe, unless the stanza says
destroy_first; reserved IP, drain, shutdown, snapshot and keep are as the stanza says. It asks first, and waits until it is done.

A yes also approves what holds it, as far as a person may approve that: volumes that would be detached, a reserved IP, max_destroy, a window that
is closed. What is protected is never replaced. What still waits when the command ends is not remembered: run it again.

Exit codes: 0 it is replaced; 2 it is held, waits for others of its group, or you said no; 1 an error or a failed saga.`,
		Example: `  arcadiad replace web-3
  arcadiad replace web-3 --reason "the disk is slow" --yes`,
		Args: one("droplet's name", "arcadiad list shows them"),
	}
	order := reasoned(cmd)
	cmd.ValidArgsFunction = completeNames(changing(cmd, usesSagas, func(t *talk, names []string) error {
		return apply(order(), t, control.Only{Names: names, Replace: true})
	}))
	return cmd
}

// replaceable says why a plan does not replace the droplet of a name, if it does not.
func replaceable(p plan.Plan, name string) error {
	for _, a := range p.Actions {
		switch {
		case fleet.Key(a.Name) != fleet.Key(name):
		case a.Kind == plan.Replace && a.DropletID == p.Asked:
			return nil
		case a.Kind == plan.Destroy:
			return fmt.Errorf("%s is no longer in the fleet file: arcadiad apply destroys it, and nothing replaces it", a.Name)
		}
	}
	if i := slices.IndexFunc(p.InFlight, func(f plan.InFlight) bool { return fleet.Key(f.Name) == fleet.Key(name) }); i >= 0 {
		return fmt.Errorf("saga %s of %s is under way: wait for its end, then replace the droplet (arcadiad saga show %[1]s)", fleet.Saga8(p.InFlight[i].Saga), p.InFlight[i].Name)
	}
	return fmt.Errorf("the plan does not replace %s, because its droplet is not seen as it should be (see: arcadiad plan %[1]s)", name)
}
