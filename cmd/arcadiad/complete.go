package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// completeFiles completes the file flags that the command has.
func completeFiles(cmd *cobra.Command) {
	for flag, extensions := range map[string][]string{"fleet": {"yaml", "yml"}, "state": {"db"}} {
		if cmd.Flags().Lookup(flag) != nil {
			mustComplete(cmd, flag, cobra.FixedCompletions(extensions, cobra.ShellCompDirectiveFilterFileExt))
		}
	}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

func completeYAML(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeNames completes a droplet's name from the state database.
func completeNames(s *settings) cobra.CompletionFunc {
	return completeFrom(s, func(ctx context.Context, c *control.Client, offer func(word, about string)) error {
		st, err := c.Status(ctx)
		for _, d := range st.Resources {
			if d.Recorded {
				offer(d.Name, string(d.Status)+" "+d.PublicIP)
			}
		}
		return err
	})
}

// completeSagas completes a saga's id from the state database; ended ones where they make sense.
func completeSagas(s *settings, ended bool) cobra.CompletionFunc {
	return completeFrom(s, func(ctx context.Context, c *control.Client, offer func(word, about string)) error {
		sagas, err := c.Sagas(ctx, saga.Filter{Live: !ended, Limit: 200})
		for _, g := range sagas {
			offer(fleet.Saga8(g.ID), g.Kind+" "+g.Subject+" "+string(g.Status))
		}
		return err
	})
}

// completeFrom completes the one argument of a command with words from the state database. What cannot be read completes nothing.
func completeFrom(s *settings, words func(ctx context.Context, c *control.Client, offer func(word, about string)) error) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothing = cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 || s.fill() != nil {
			return nil, nothing
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second) // a shell waits for this
		defer cancel()
		c, err := s.look(ctx)
		if err != nil {
			return nil, nothing
		}
		var found []cobra.Completion
		err = words(ctx, c, func(word, about string) {
			if strings.HasPrefix(word, begun) {
				found = append(found, cobra.CompletionWithDesc(word, about))
			}
		})
		if err != nil {
			return nil, nothing
		}
		return found, nothing
	}
}
