package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of commands in the help.
const (
	groupFleet = "fleet"
	groupLook  = "look"
	groupHands = "hands"
	groupTools = "tools"
)

// newRoot puts the commands together. There is no state in the package: each call makes a whole new tree.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "arcadiad",
		Short: "Keep DigitalOcean droplets as a fleet file describes them",
		Long: `arcadiad keeps the droplets of a DigitalOcean account as a fleet file in git describes them.

It compares three things: the fleet file, what its state database recorded, and what the account shows.
It writes only to droplets that it created or adopted, which have the tag managed-by-arcadia-cloud.`,
		Example: `  arcadiad init                      write a first fleet.yaml
  arcadiad validate                  check fleet.yaml
  arcadiad plan                      show what would change; change nothing
  arcadiad apply                     apply it once
  arcadiad run                       keep applying it
  arcadiad run --simulate            try it without an account`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          known,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddGroup(
		&cobra.Group{ID: groupFleet, Title: "Apply the fleet file:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupHands, Title: "Decide:"},
		&cobra.Group{ID: groupTools, Title: "Tools:"},
	)
	root.SetHelpCommandGroupID(groupTools)
	root.SetCompletionCommandGroupID(groupTools)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())
	})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupFleet, runCommand(), planCommand(), applyCommand(), syncCommand(), pullCommand())
	add(groupLook, statusCommand(), listCommand(), whyCommand(), historyCommand(), sagaCommand(), rolloutCommand())
	add(groupHands, approveCommand(), pauseCommand(), resumeCommand(), adoptCommand(), releaseCommand(), undoCommand(), replaceCommand())
	add(groupTools, inventoryCommand(), initCommand(), importCommand(), validateCommand(), schemaCommand(), doctorCommand(), backupCommand(), stateCommand(), reloadTokenCommand(), simulateCommand(),
		versionCommand())
	root.AddCommand(flagsTopic())
	refuseUnknownTopics(root)
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(usageTemplate)
	return root
}

// known refuses what is not a command, and says where the commands are named.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 1
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + near[0] + "? "
	}
	return fmt.Errorf("there is no command %q (%ssee: %s --help)", strings.TrimSpace(called(cmd)+" "+args[0]), hint, cmd.CommandPath())
}

// refuseUnknownTopics lets `help` refuse what is not a command, for which cobra shows the help of the whole.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		panic(err)
	}
	help.Args = func(_ *cobra.Command, args []string) error {
		cmd, rest, err := root.Find(args)
		if err != nil {
			return err
		}
		return known(cmd, rest)
	}
}

// none refuses arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments, got %q (see: %s --help)", called(cmd), args[0], cmd.CommandPath())
	}
	return nil
}

// one demands one argument; what and hint say which.
func one(what, hint string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("%s needs one %s, got %d (%s)", called(cmd), what, len(args), hint)
		}
		return nil
	}
}

// called is a command's name as people say it: "saga show".
func called(cmd *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()))
}
