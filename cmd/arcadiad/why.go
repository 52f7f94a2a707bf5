package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/view"
)

func whyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "why NAME",
		Short: "Explain a droplet: commit, plan and API calls",
		Long: `Explain what was done under a droplet's name, and why: the commit and the line of the fleet file, the plan, the saga,
and each API request with its id and duration; and what differs from the file. This reads the state database, and changes nothing.`,
		Example: `  arcadiad why web-1
  arcadiad why web-1 -o json | jq .sagas[].calls`,
		Args: one("name", "they are in: arcadiad status"),
	}
	cmd.ValidArgsFunction = completeNames(showing(cmd, func(ctx context.Context, s *settings, c *control.Client, args []string) (any, layout, error) {
		story, err := s.readStory(ctx, c, args[0])
		return story, story.Text, err
	}))
	return cmd
}

func (s *settings) readStory(ctx context.Context, c *control.Client, name string) (view.Story, error) {
	past, err := control.PastOf(ctx, c, name)
	if err != nil {
		return view.Story{}, err
	}
	st, err := s.readStatus(ctx, c)
	if err != nil {
		return view.Story{}, err
	}
	story := view.StoryOf(name, st, past)
	if story.Empty() {
		return view.Story{}, fmt.Errorf("nothing is known of %q: no droplet has the name, and nothing was ever done under it (names: arcadiad status)", name)
	}
	return story, nil
}
