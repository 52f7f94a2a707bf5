package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/view"
)

func sagaCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "saga",
		Short: "Look at the sagas, and retry or abort one",
		Long: `A saga is one piece of work on one droplet, in steps that survive a crash: provision, replace, destroy, adopt, update.
The first 8 digits of its id name it; they are in the droplet's tag arcadia-saga-….`,
		Example: `  arcadiad saga list
  arcadiad saga show 5f0c9a1e`,
		Args: known,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(sagaListCommand(), sagaShowCommand(),
		sagaOrderCommand(&cobra.Command{
			Use:   "retry ID",
			Short: "Make a saga try again now",
			Long: `Make a stuck or waiting saga try again now. A saga that failed and was undone is forgiven, so that its droplet
may be tried again. A running daemon acts at once; otherwise the next apply or run does.`,
			Example: `  arcadiad saga retry 5f0c9a1e`,
		}, "will be tried again", daemon.Retry),
		sagaOrderCommand(&cobra.Command{
			Use:   "abort ID",
			Short: "Make a saga go back and undo its steps",
			Long: `Make a saga go back: a droplet that it made is destroyed again. A saga that has begun to destroy a droplet cannot go back.
A running daemon acts at once; otherwise the next apply or run does.`,
			Example: `  arcadiad saga abort 5f0c9a1e`,
		}, "goes back", daemon.Abort))
	return cmd
}

// sagaID demands the id of a saga.
func sagaID() cobra.PositionalArgs { return one("saga id", "they are in: arcadiad saga list") }

func sagaListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the sagas, live ones first",
		Long:  `List the live sagas, and the latest that ended. This changes nothing.`,
		Example: `  arcadiad saga list
  arcadiad saga list --all -o json`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	all := cmd.Flags().Bool("all", false, "every saga that ever was, not just the latest")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sagas, err := s.readSagas(cmd.Context())
		if err != nil {
			return err
		}
		views := viewSagas(sagas)
		slices.Reverse(views)
		slices.SortStableFunc(views, func(a, b sagaView) int { return rank(a) - rank(b) })
		const latest = 20
		live := slices.IndexFunc(views, func(v sagaView) bool { return !v.Status.Live() })
		older := 0
		if live >= 0 && !*all && len(views) > live+latest {
			older = len(views) - live - latest
			views = views[:live+latest]
		}
		if *format == "json" {
			return view.JSON(cmd.OutOrStdout(), views)
		}
		if len(views) == 0 {
			fmt.Fprintln(cmd.OutOrStdout(), "There are no sagas yet.")
			return nil
		}
		return aligned(cmd.OutOrStdout(), func(t io.Writer) {
			sagaTable(t, views, time.Now(), len(views))
			if older > 0 {
				fmt.Fprintf(t, "… and %d older (--all)\n", older)
			}
		})
	}
	return cmd
}

// readSagas gives every saga that is kept, oldest first.
func (s *settings) readSagas(ctx context.Context) ([]saga.Saga, error) {
	r, _, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return r.Sagas(ctx, saga.Filter{})
}

func sagaShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show a saga with its steps",
		Long:    `Show a saga with its steps, their tries, times and errors, and a timeline with each request to the API. The first digits of its id are enough. This changes nothing.`,
		Example: `  arcadiad saga show 5f0c9a1e`,
		Args:    sagaID(),
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	completeFiles(cmd)
	cmd.ValidArgsFunction = completeSagas(s, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, _, err := s.look(cmd.Context())
		if err != nil {
			return err
		}
		g, err := r.Saga(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		v := viewSaga(g)
		if err := v.withCalls(cmd.Context(), r); err != nil {
			return err
		}
		if *format == "json" {
			return view.JSON(cmd.OutOrStdout(), v)
		}
		return v.text(cmd.OutOrStdout(), time.Now())
	}
	return cmd
}

func sagaOrderCommand(cmd *cobra.Command, said string, order func(ctx context.Context, o daemon.Options, id string) error) *cobra.Command {
	cmd.Args = sagaID()
	s := newSettings(cmd, usesState, slog.LevelWarn)
	completeFiles(cmd)
	cmd.ValidArgsFunction = completeSagas(s, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := order(cmd.Context(), s.orders(cmd), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "Saga %s %s.\n", short(args[0]), said)
		return nil
	}
	return cmd
}

// short is the part of a saga's id that people use.
func short(id string) string { return fleet.Saga8(id) }

// sagaView is a saga as people and programs see it: without its context, which is the steps' own affair.
type sagaView struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	Status    saga.Status       `json:"status"`
	Back      bool              `json:"back"` // it goes back
	Step      string            `json:"step"` // the present one; empty when all are done
	StepNo    int               `json:"step_no"`
	Attempts  int               `json:"attempts"` // failed tries of the present step
	NotBefore time.Time         `json:"not_before,omitzero"`
	Error     string            `json:"error"`
	Labels    map[string]string `json:"labels"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Steps     []stepView        `json:"steps"`
	Calls     []callView        `json:"calls,omitempty"` // requests to the API; only of a saga that is shown by itself
}

// stepView is a step of a saga.
type stepView struct {
	Name      string          `json:"name"`
	Status    saga.StepStatus `json:"status"`
	Attempts  int             `json:"attempts"`
	Error     string          `json:"error"`
	StartedAt time.Time       `json:"started_at,omitzero"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`
}

func viewSagas(sagas []saga.Saga) []sagaView {
	views := make([]sagaView, len(sagas))
	for i, s := range sagas {
		views[i] = viewSaga(s)
	}
	return views
}

func viewSaga(s saga.Saga) sagaView {
	v := sagaView{
		ID: s.ID, Kind: s.Kind, Name: s.Subject, Status: s.Status, Back: s.Reverse, StepNo: min(s.Step+1, len(s.Steps)),
		Attempts: s.Attempts, NotBefore: s.NotBefore, Error: s.Error, Labels: s.Labels,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, EndedAt: s.EndedAt, Steps: make([]stepView, len(s.Steps)),
	}
	if s.Undecodable != "" {
		v.Error = "its row cannot be read: " + s.Undecodable
	}
	if s.Step >= 0 && s.Step < len(s.Steps) && s.Status.Live() {
		v.Step = s.Steps[s.Step]
	}
	for i, name := range s.Steps {
		v.Steps[i] = stepView{Name: name, Status: saga.StepPending}
		if i < len(s.History) {
			h := s.History[i]
			v.Steps[i] = stepView{name, h.Status, h.Attempts, h.Error, h.StartedAt, h.EndedAt}
		}
		if v.Status.Live() && i == s.Step && v.Steps[i].Status == saga.StepPending {
			v.Steps[i].Status = saga.StepRunning // a try is written down only when it has come to something
		}
	}
	return v
}

// rank puts stuck sagas before live ones, and those before ended ones.
func rank(v sagaView) int {
	switch {
	case v.Status == saga.Stuck:
		return 0
	case v.Status.Live():
		return 1
	}
	return 2
}

// sagaTable writes one row for each of the first so many sagas.
func sagaTable(t io.Writer, views []sagaView, now time.Time, most int) {
	fmt.Fprintln(t, "SAGA\tDROPLET\tKIND\tSTATUS\tSTEP\tBEGAN\tERROR")
	for _, v := range views[:min(len(views), most)] {
		step := orNone(v.Step)
		if v.Step != "" {
			step = fmt.Sprintf("%s (%d/%d)", v.Step, v.StepNo, len(v.Steps))
			if v.Attempts > 0 {
				step += fmt.Sprintf(", %d failed", v.Attempts)
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", short(v.ID), v.Name, v.Kind, v.Status, step, ago(now, v.CreatedAt), fit(oneLine(v.Error), 80))
	}
	more(t, len(views), most)
}

func (v sagaView) text(w io.Writer, now time.Time) error {
	err := aligned(w, func(t io.Writer) {
		v.facts(t, now)
		fmt.Fprintln(t, "\nSTEP\tSTATUS\tTRIES\tBEGAN\tTOOK\tERROR")
		for _, s := range v.Steps {
			began, took := "-", "-"
			if !s.StartedAt.IsZero() {
				began = s.StartedAt.Local().Format(time.TimeOnly)
				if !s.EndedAt.IsZero() {
					took = rough(s.EndedAt.Sub(s.StartedAt))
				}
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\n", s.Name, s.Status, s.Attempts, began, took, fit(oneLine(s.Error), 160))
		}
		fmt.Fprintln(t)
	})
	if err = errors.Join(err, v.timeline(w)); err == nil && v.Status == saga.Stuck {
		_, err = fmt.Fprintf(w, "\nTo try again: arcadiad saga retry %s; to give it up: arcadiad saga abort %[1]s\n", short(v.ID))
	}
	return err
}

// facts are what there is to say of the saga as a whole; what is empty is left out.
func (v sagaView) facts(t io.Writer, now time.Time) {
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(t, "%s\t%s\n", what, text)
		}
	}
	line("Saga", v.ID)
	line("Kind", v.Kind)
	line("Droplet", strings.TrimSpace(v.Name+" "+v.Labels[fleet.LabelDroplet]))
	line("Address", v.Labels[fleet.LabelIP])
	status := string(v.Status)
	if v.Back && v.Status.Live() {
		status += ", going back"
	}
	line("Status", status)
	line("From", v.origin())
	line("Plan", v.planned())
	line("Began", when(now, v.CreatedAt))
	line("Ended", when(now, v.EndedAt))
	if v.Status.Live() && v.NotBefore.After(now) {
		line("Next try", "in "+rough(v.NotBefore.Sub(now)))
	}
	line("Error", oneLine(v.Error))
}

func when(now, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) + " (" + ago(now, t) + ")"
}
