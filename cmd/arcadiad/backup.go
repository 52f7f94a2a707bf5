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
		Long: `Write a consistent copy of the state database to FILE, with or without a running daemon. FILE must not exist: a backup
never overwrites. Keep it as you would keep the database: it has the user_data of sagas that are under way.

To restore one: stop the daemon, move the database away together with its -wal and -shm files, copy the backup into
its place, and start again. What happened in between is found again by the tags.`,
		Example: `  arcadiad backup "arcadiad-$(date -I).db"`,
		Args:    one("file", "it must not exist yet"),
	}
	s := newSettings(cmd, usesState, slog.LevelWarn)
	completeFiles(cmd)
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
