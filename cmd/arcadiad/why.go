package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/condition"
	"arcadiad/fleet"
	"arcadiad/plan"
	"arcadiad/saga"
	"arcadiad/view"
)

func whyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "why NAME",
		Short: "Tell how a droplet came to be what it is",
		Long: `Tell what was done under a droplet's name, and why: the commit and the line of the fleet file, the plan, the saga,
and each request to the API with its id and duration; and what is not as the file asks. This reads the state database, and changes nothing.`,
		Example: `  arcadiad why web-1
  arcadiad why web-1 -o json | jq .sagas[].calls`,
		Args: one("name", "they are in: arcadiad status"),
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	completeFiles(cmd)
	cmd.ValidArgsFunction = completeNames(s)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		story, err := s.readStory(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if *format == "json" {
			return view.JSON(cmd.OutOrStdout(), story)
		}
		return story.text(cmd.OutOrStdout(), time.Now())
	}
	return cmd
}

// story is what is known of a name.
type story struct {
	Name     string                 `json:"name"`
	Droplets []dropletView          `json:"droplets"` // that bear it, or were recorded under it
	Held     *condition.HeldBack    `json:"held"`     // what waits for a person or a change; null: nothing
	Drift    []condition.Difference `json:"drift"`    // what is not as the fleet file asks, and whose doing that is
	Sagas    []sagaView             `json:"sagas"`    // newest first
}

// mostSagas is how many sagas of a name are told.
const mostSagas = 20

func (s *settings) readStory(ctx context.Context, name string) (story, error) {
	r, _, err := s.look(ctx)
	if err != nil {
		return story{}, err
	}
	out := story{Name: fleet.Key(name), Droplets: []dropletView{}, Drift: []condition.Difference{}}
	sagas, err := r.Sagas(ctx, saga.Filter{Subject: name, Limit: mostSagas})
	if err != nil {
		return story{}, err
	}
	out.Sagas = viewSagas(sagas)
	slices.Reverse(out.Sagas)
	for i := range out.Sagas {
		if err := out.Sagas[i].withCalls(ctx, r); err != nil {
			return story{}, err
		}
	}
	st, err := s.readStatus(ctx)
	if err != nil {
		return story{}, err
	}
	about := map[int64]bool{} // droplets that were renamed outside arcadiad
	for _, d := range st.Drift {
		if renamed := d.Field == "name" && fleet.Key(d.To) == out.Name && d.Cause == plan.CauseOutside; renamed || fleet.Key(d.Name) == out.Name {
			out.Drift, about[d.DropletID] = append(out.Drift, d), true
		}
	}
	for _, d := range st.Droplets {
		if fleet.Key(d.Name) == out.Name || about[d.ID] {
			out.Droplets = append(out.Droplets, d)
		}
	}
	if st.Daemon != nil {
		for _, h := range st.Daemon.HeldBack {
			if fleet.Key(h.Name) == out.Name {
				out.Held = &h
			}
		}
	}
	if len(out.Droplets) == 0 && len(out.Sagas) == 0 && out.Held == nil && len(out.Drift) == 0 {
		return story{}, fmt.Errorf("nothing is known of %q: no droplet bears the name, and nothing was ever done under it (names: arcadiad status)", name)
	}
	return out, nil
}

func (s story) text(w io.Writer, now time.Time) error {
	err := aligned(w, func(t io.Writer) {
		for _, d := range s.Droplets {
			words := fmt.Sprintf("%d, %s, %s, %s, %s", d.ID, d.Bearing, d.Status, d.Region, orNone(d.PublicIP))
			switch d.Bearing {
			case fleet.StateDeleted:
				words = fmt.Sprintf("%d, gone since %s", d.ID, when(now, d.Deleted))
			case fleet.StateMissing:
				words = fmt.Sprintf("%d, missing from the account since %s (when it is made again: arcadiad plan)", d.ID, when(now, d.Missing))
			}
			fmt.Fprintf(t, "Droplet\t%s\n", words)
		}
		for _, d := range s.Drift {
			fmt.Fprintf(t, "Drift\t%s\n", sentence(d, now))
		}
		if s.Held != nil {
			fmt.Fprintf(t, "Held\t%s, by %s: %s\n", s.Held.Action, s.Held.By, oneLine(s.Held.Reason))
		}
		if len(s.Sagas) == 0 {
			words := "none: arcadiad did nothing under this name"
			if len(s.Drift) > 0 && fleet.Key(s.Drift[0].Name) != s.Name {
				words += " (see: arcadiad why " + s.Drift[0].Name + ")"
			}
			fmt.Fprintf(t, "Sagas\t%s\n", words)
			return
		}
		s.Sagas[0].cause(t, now)
	})
	if err != nil || len(s.Sagas) == 0 {
		return err
	}
	fmt.Fprintln(w)
	err = s.Sagas[0].timeline(w)
	if len(s.Sagas) > 1 {
		err = errors.Join(err, aligned(w, func(t io.Writer) {
			fmt.Fprintln(t, "\nBefore that:")
			sagaTable(t, s.Sagas[1:], now, mostShown)
		}))
	}
	return err
}

// cause is why a saga was begun, and what it came to.
func (v sagaView) cause(t io.Writer, now time.Time) {
	fmt.Fprintf(t, "From\t%s\n", v.origin())
	if p := v.planned(); p != "" {
		fmt.Fprintf(t, "Plan\t%s\n", p)
	}
	words := fmt.Sprintf("%s, %s: %s", short(v.ID), v.Kind, v.Status)
	if v.Status.Live() {
		words += ", began " + ago(now, v.CreatedAt)
	} else {
		words += " in " + rough(v.EndedAt.Sub(v.CreatedAt)) + ", " + ago(now, v.EndedAt)
	}
	fmt.Fprintf(t, "Saga\t%s\n", words)
	if v.Error != "" {
		fmt.Fprintf(t, "Error\t%s\n", oneLine(v.Error))
	}
}
