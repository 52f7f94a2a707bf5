package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/saga"
	"arcadiad/view"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the state database knows, and how the daemon is",
		Long: `Show what the state database knows, and how the daemon is where one runs. This asks nobody but the two, and
changes nothing. Without a state database the exit code is 1.`,
		Example: `  arcadiad status
  arcadiad status -o json | jq .droplets`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	completeFiles(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		st, err := s.readStatus(cmd.Context())
		if err != nil {
			return err
		}
		return show(cmd, *format, st, st.Text)
	}
	return cmd
}

// ownersOf tells whose droplets are. The saga that made a droplet is mostly named by a record; find asks the journal for the others.
func ownersOf(fleetName string, resources []fleet.Resource, find func(saga8 string) (saga.Saga, error)) fleet.Owners {
	makers := map[string]bool{}
	for _, r := range resources {
		if r.Recorded && r.SagaID != "" {
			makers[fleet.Saga8(r.SagaID)] = true
		}
	}
	return fleet.Owners{Fleet: fleetName, Made: func(saga8 string) bool {
		if makers[saga8] {
			return true
		}
		s, err := find(saga8)
		return err == nil && fleet.Saga8(s.ID) == saga8 && fleet.Saga{Kind: s.Kind}.Makes()
	}}
}

func (s *settings) readStatus(ctx context.Context) (view.Status, error) {
	r, daemonErr, err := s.look(ctx)
	if err != nil {
		return view.Status{}, err
	}
	var known control.Status
	if known.Meta, err = r.Meta(ctx); err != nil {
		return view.Status{}, err
	}
	if known.Resources, err = r.Resources(ctx); err != nil {
		return view.Status{}, err
	}
	if known.Sagas, err = r.Sagas(ctx, saga.Filter{Live: true}); err != nil {
		return view.Status{}, err
	}
	if known.Deviations, err = r.Deviations(ctx); err != nil {
		return view.Status{}, err
	}
	if daemonErr == nil {
		known.Daemon, daemonErr = askDaemon(ctx, daemon.Options{State: s.state, Socket: s.socket})
	}
	if daemonErr != nil {
		known.DaemonError = daemonErr.Error()
	}
	find := func(saga8 string) (saga.Saga, error) { return r.Saga(ctx, saga8) }
	owners := ownersOf(known.Meta.Fleet, known.Resources, find)
	return view.StatusOf(known, owners, s.socket == systemService().socket), nil
}

// askDaemon asks how the daemon is; nil: none runs.
func askDaemon(ctx context.Context, o daemon.Options) (*control.Live, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	remote, err := daemon.Dial(ctx, o)
	if errors.Is(err, daemon.ErrNoDaemon) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	live, err := remote.Live(ctx)
	if err != nil {
		return nil, err
	}
	return &live, nil
}
