package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/view"
)

func historyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the plans that were carried out",
		Long: `List the plans that were carried out, newest first: when, from which commit, what was done and what it came to.
This reads the state database, and changes nothing.`,
		Example: `  arcadiad history
  arcadiad history --all -o json | jq '.[] | select(.failed > 0)'`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	all := cmd.Flags().Bool("all", false, "every plan that is kept, not just the latest")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sagas, err := s.readSagas(cmd.Context())
		if err != nil {
			return err
		}
		deeds := deedsOf(sagas)
		const latest = 20
		older := 0
		if !*all && len(deeds) > latest {
			older = len(deeds) - latest
			deeds = deeds[:latest]
		}
		if *format == "json" {
			return view.JSON(cmd.OutOrStdout(), deeds)
		}
		if len(deeds) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "Nothing was done yet.")
			return nil
		}
		return aligned(cmd.OutOrStdout(), func(t io.Writer) {
			fmt.Fprintln(t, "WHEN\tPLAN\tWHAT\tOUTCOME\tFROM")
			for _, d := range deeds {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", d.At.Local().Format(time.DateTime), orNone(d.Plan), d.what(), d.outcome(), d.from())
			}
			if older > 0 {
				fmt.Fprintf(t, "… and %d older (--all)\n", older)
			}
		})
	}
	return cmd
}

// deed is a plan that was carried out: the sagas that began together.
type deed struct {
	Plan      string          `json:"plan"`
	At        time.Time       `json:"at"`
	EndedAt   time.Time       `json:"ended_at,omitzero"` // when the last of its sagas ended; left out while one is live
	Revision  *fleet.Revision `json:"revision,omitempty"`
	Kinds     map[string]int  `json:"kinds"` // how many sagas of each
	Names     []string        `json:"names"`
	Completed int             `json:"completed"`
	Failed    int             `json:"failed"`
	Gone      int             `json:"superseded"`
	Live      int             `json:"live"`
	Stuck     int             `json:"stuck"`
}

// together is how far apart the sagas of one plan are drafted at most.
const together = 10 * time.Second

// deedsOf puts sagas together that began together, newest first.
func deedsOf(sagas []saga.Saga) []deed {
	deeds := []deed{}
	var last time.Time
	for _, s := range sagas { // oldest first
		plan := s.Labels[fleet.LabelPlan]
		if n := len(deeds); n == 0 || deeds[n-1].Plan != plan || s.CreatedAt.Sub(last) > together {
			d := deed{Plan: plan, At: s.CreatedAt, Kinds: map[string]int{}}
			if r, ok := fleet.RevisionOf(s.Labels); ok {
				d.Revision = &r
			}
			deeds = append(deeds, d)
		}
		last = s.CreatedAt
		deeds[len(deeds)-1].add(s)
	}
	for i := range deeds {
		if deeds[i].Live+deeds[i].Stuck > 0 {
			deeds[i].EndedAt = time.Time{}
		}
	}
	slices.Reverse(deeds)
	return deeds
}

func (d *deed) add(s saga.Saga) {
	d.Kinds[s.Kind]++
	d.Names = append(d.Names, s.Subject)
	if s.EndedAt.After(d.EndedAt) {
		d.EndedAt = s.EndedAt
	}
	switch s.Status {
	case saga.Completed:
		d.Completed++
	case saga.Compensated:
		d.Failed++
	case saga.Superseded:
		d.Gone++
	case saga.Stuck:
		d.Stuck++
	default:
		d.Live++
	}
}

// what says what was done, and to whom where that is short.
func (d deed) what() string {
	verbs := map[string]string{fleet.SagaProvision: "provision", fleet.SagaReplace: "replace", fleet.SagaDestroy: "destroy",
		fleet.SagaAdopt: "adopt", fleet.SagaUpdate: "update"}
	var parts []string
	for _, kind := range []string{fleet.SagaProvision, fleet.SagaReplace, fleet.SagaDestroy, fleet.SagaAdopt, fleet.SagaUpdate} {
		if n := d.Kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", verbs[kind], n))
		}
	}
	if len(d.Names) == 1 && len(parts) == 1 {
		return strings.TrimSuffix(parts[0], " 1") + " " + d.Names[0]
	}
	return strings.Join(parts, ", ")
}

func (d deed) outcome() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{d.Failed, "failed"}, {d.Stuck, "stuck"}, {d.Live, "live"}, {d.Gone, "superseded"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if !d.EndedAt.IsZero() && len(parts) == 0 {
		return "done in " + rough(d.EndedAt.Sub(d.At))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d done", d.Completed)), ", ")
}

// from is the commit, as far as it is known.
func (d deed) from() string {
	r := d.Revision
	switch {
	case r == nil:
		return "-"
	case r.Commit == "":
		return "a file that was not committed"
	}
	changed := ""
	if r.Differs {
		changed = " (changed since)"
	}
	return fit(cmp.Or(r.Short(), "-")+" "+oneLine(r.Author)+": "+oneLine(r.Subject), 70) + changed
}
