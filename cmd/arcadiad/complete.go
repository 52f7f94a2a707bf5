package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/state"
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
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothing = cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 || s.fill() != nil {
			return nil, nothing
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second) // a shell waits for this
		defer cancel()
		r, _, err := s.look(ctx)
		if err != nil {
			return nil, nothing
		}
		resources, err := r.Resources(ctx)
		if err != nil {
			return nil, nothing
		}
		var found []cobra.Completion
		for _, d := range resources {
			if d.Recorded && strings.HasPrefix(d.Name, begun) {
				found = append(found, cobra.CompletionWithDesc(d.Name, string(d.Status)+" "+d.PublicIP))
			}
		}
		return found, nothing
	}
}

// completeSagas completes a saga's id from the state database; ended ones where they make sense.
func completeSagas(s *settings, ended bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const nothing = cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 || s.fill() != nil {
			return nil, nothing
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second) // a shell waits for this
		defer cancel()
		r, _, err := s.look(ctx)
		if err != nil {
			return nil, nothing
		}
		sagas, err := r.Sagas(ctx, state.SagaFilter{Live: !ended, Limit: 200})
		if err != nil {
			return nil, nothing
		}
		var found []cobra.Completion
		for _, g := range sagas {
			if id := short(g.ID); strings.HasPrefix(id, begun) {
				found = append(found, cobra.CompletionWithDesc(id, g.Kind+" "+g.Subject+" "+string(g.Status)))
			}
		}
		return found, nothing
	}
}
