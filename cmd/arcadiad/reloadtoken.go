package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"arcadiad/control"
)

func reloadTokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reload-token",
		Short: "Give the running daemon a new API token",
		Long: `Give the running daemon the API token in a file; it uses the token from its next request on. Only root may. This is what
systemctl reload arcadiad does after /etc/arcadiad/token was replaced: systemd reads a credential only at the start.
A daemon that was started with --token-file does not need it: it notices a changed file.`,
		Example: `  sudo install -m 600 new-token /etc/arcadiad/token
  sudo systemctl reload arcadiad`,
		Args: none,
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	file := cmd.Flags().String("token-file", "", "file with the API token (default "+systemService().tokenFile+", with --instance "+instanceConfig+"/NAME/token)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		*file = cmp.Or(*file, s.system().tokenFile)
		if _, err := os.Stat(*file); err != nil {
			return fmt.Errorf("hand the token over: %w", err)
		}
		token, err := findToken(*file, s.logger(cmd.ErrOrStderr()))()
		if err != nil {
			return err
		}
		return s.order(cmd, control.Running, "The daemon has the new token.", func(c *control.Client) error { return c.Token(cmd.Context(), token) })
	}
	return cmd
}
