package main

import (
	"cmp"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/doctor"
	"arcadiad/view"
)

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check token, scopes, database, disk and file; suggest fixes",
		Long: `Check the token and its scopes, the account, the clock, the disk, the state database, its lock and its permissions, the
fleet file and file events, and suggest a fix for each problem. A running daemon checks itself.
This changes nothing. It lists what cannot be checked without a write. With --notify it also sends a test message to the webhook: to
the daemon's, if one runs.

Exit codes: 0 no check failed; 1 a check failed.`,
		Example: `  arcadiad doctor
  arcadiad doctor --notify
  arcadiad doctor -o json | jq '.findings[] | select(.verdict != "ok")'`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI|usesNotify, slog.LevelError)
	s.examines = true
	format := outputFlag(cmd, "text", "json")
	notify := cmd.Flags().Bool("notify", false, "also send a test message to the webhook, and tell its answer")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s.asService(s.system())
		log := s.logger(cmd.ErrOrStderr())
		report, err := request(cmd.Context(), s, control.Examine, hostBriefly, log, func(c *control.Client) (doctor.Report, error) {
			return c.Doctor(cmd.Context(), control.DoctorRequest{Notify: *notify})
		})
		if err != nil {
			return err
		}
		if *format == "json" {
			err = view.JSON(cmd.OutOrStdout(), report)
		} else {
			err = view.Doctor(screened(cmd.OutOrStdout()), report)
		}
		if err == nil && !report.Sound() {
			return outcome(exitFailed)
		}
		return err
	}
	return cmd
}

// asService takes the service's fleet file and token where nobody named others, for a look at a service that does not run.
func (s *settings) asService(sys service) {
	if s.socket != sys.socket {
		return
	}
	if !s.given("fleet") {
		s.fleet = sys.fleetOf()
	}
	s.tokenFile = cmp.Or(s.tokenFile, sys.tokenFile)
}
