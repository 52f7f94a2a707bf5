package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"arcadiad/fleet"
)

// person is who runs the command: with sudo, who called that.
func person() fleet.Person {
	if os.Geteuid() == 0 && os.Getenv("SUDO_USER") != "" {
		return fleet.Person{Name: fleet.Fit(os.Getenv("SUDO_USER"), 64)} // which anybody may have set
	}
	if u, err := user.Current(); err == nil {
		return fleet.Person{Name: cmp.Or(u.Username, u.Uid)}
	}
	return fleet.Person{Name: fmt.Sprintf("uid %d", os.Getuid())}
}

// reasoned gives a command the flag --reason, and the context in which its order is given.
func reasoned(cmd *cobra.Command) func() context.Context {
	var reason string
	cmd.Flags().Var(text(&reason, "", "TEXT"), "reason", "why, in a few words: it is kept and shown with your user name")
	return func() context.Context {
		ctx := cmd.Context()
		return fleet.AsPerson(ctx, fleet.PersonOf(ctx).Because(reason))
	}
}
