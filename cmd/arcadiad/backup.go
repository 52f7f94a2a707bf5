package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
)

func backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the state database",
		Long: `Write a consistent copy of the state database to FILE, with or without a running daemon. FILE must not exist yet: a backup
never overwrites. Protect it like the database: it contains the user_data of unfinished sagas.

To restore one: stop the daemon, move the database away together with its -wal and -shm files, copy the backup into
its place, and start again. Droplets created in between are found again by their tags.`,
		Example: `  arcadiad backup "arcadiad-$(date -I).db"`,
		Args:    one("file", "it must not exist yet"),
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	cmd.ValidArgsFunction = nil // any file
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.look(cmd.Context())
		if err != nil {
			return err
		}
		backup, err := c.Backup(cmd.Context())
		if err != nil {
			return err
		}
		if err := errors.Join(daemon.SaveBackup(cmd.Context(), args[0], backup), backup.Close()); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "The state database is saved in %s.\n", args[0])
		return nil
	}
	return cmd
}
