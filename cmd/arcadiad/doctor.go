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
This changes nothing. It lists what cannot be checked without a write.

Exit codes: 0 no check failed; 1 a check failed.`,
		Example: `  arcadiad doctor
  arcadiad doctor -o json | jq '.findings[] | select(.verdict != "ok")'`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState|usesAPI, slog.LevelError)
	s.examines = true
	format := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s.asService(s.system())
		log := s.logger(cmd.ErrOrStderr())
		report, err := request(cmd.Context(), s, control.Examine, hostBriefly, log, func(c *control.Client) (doctor.Report, error) {
			return c.Doctor(cmd.Context())
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
