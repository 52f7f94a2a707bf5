package main

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
)

func stateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Move the state to a database that hosts share",
		Long: `The state database is a SQLite file, or a PostgreSQL database that the daemons of several hosts share: one of them leads, and another
one takes over when it is gone. docs/operations.md says how to set that up.`,
		Example: `  arcadiad state copy /var/lib/arcadiad/arcadiad.db "$ARCADIAD_STATE"`,
		Args:    known,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(stateCopyCommand())
	return cmd
}

func stateCopyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy a state file into a new PostgreSQL database",
		Long: `Copy all that is in the state file FROM into the new PostgreSQL database TO, read it back, and compare each table. Then FROM is marked
as moved: no arcadiad uses it any more, so that two never work from one state. No daemon may run on FROM.

TO is a URL such as postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, without the password, which comes from
$PGPASSWORD, from the file that $PGPASSFILE names, or from $CREDENTIALS_DIRECTORY/postgres-password; for the state file of the service
also from /etc/arcadiad/postgres-password. The database exists and is empty: CREATE DATABASE makes one.

If the copy fails, FROM stays as it was and in use.

To go back: stop all daemons that share the database, then run arcadiad backup FILE, which writes it into a state file.`,
		Example: `  export ARCADIAD_STATE=postgres://arcadiad@HOST:25060/fleet?sslmode=verify-full
  sudo systemctl stop arcadiad
  sudo arcadiad state copy /var/lib/arcadiad/arcadiad.db "$ARCADIAD_STATE"`,
		Args: fromAndTo,
	}
	s := newSettings(cmd, usesLog, slog.LevelWarn)
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []cobra.Completion{"db"}, cobra.ShellCompDirectiveFilterFileExt
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		from, to := args[0], args[1]
		if sys := serviceOf(from); sys != nil {
			if err := sys.lendPassword(); err != nil {
				return err
			}
		}
		copied, err := daemon.CopyState(cmd.Context(), from, to, s.logger(cmd.ErrOrStderr()))
		if err != nil {
			return err
		}
		whose := "no account yet"
		if m := copied.Meta; m.Account != "" {
			whose = fmt.Sprintf("fleet %s, account %s", m.Fleet, m.Account)
			if m.Simulated {
				whose += " (simulated)"
			}
		}
		fmt.Fprintf(cmd.OutOrStdout(), `Copied %d rows (%s), read them back and compared them: all are the same.
%s is marked as moved, and no arcadiad uses it any more.

Next, on each host: ARCADIAD_STATE='%s'
For the service that is a line of %s. Then start the daemons, and look: arcadiad status
`, copied.Rows, whose, from, to, systemService().environment)
		return nil
	}
	return cmd
}

// fromAndTo demands a state file and the URL of a database.
func fromAndTo(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) != 2:
		return fmt.Errorf("%s needs a state file and the URL of a database, got %d arguments (see: %s --help)", called(cmd), len(args), cmd.CommandPath())
	case daemon.Shared(args[0]):
		return fmt.Errorf("FROM is a state file, and not a URL (to write what is in a database into a file: stop the daemons, then ARCADIAD_STATE=URL %s backup FILE)",
			cmd.Root().Name())
	case !daemon.Shared(args[1]):
		return fmt.Errorf("TO is %s, and must be a URL: postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full (to copy a state file into another: %s backup --state FROM TO)",
			args[1], cmd.Root().Name())
	}
	if err := daemon.CheckState(args[1]); err != nil {
		return fmt.Errorf("TO: %w", err)
	}
	return nil
}

// serviceOf is the service on this machine whose state file that is; nil: of none.
func serviceOf(file string) *service {
	dir := filepath.Dir(filepath.Clean(file))
	for _, sys := range []service{systemService(), instanceService(filepath.Base(dir))} {
		if dir == sys.dir {
			return &sys
		}
	}
	return nil
}
