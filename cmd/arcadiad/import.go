package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"arcadiad/control"
	"arcadiad/daemon"
	"arcadiad/fleet"
)

func importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Write a fleet file for the existing droplets",
		Long: `Write a fleet file that describes the account's droplets exactly as they are. This changes nothing.
Droplets of one spec, numbered from 1, become one stanza with a count. What a fleet file cannot describe is left out,
and a comment says why. The API does not return user_data and ssh_keys: add them by hand before you adopt. The default VPC of a
region is not named. With --out the JSON Schema for editors is written beside the file, unless there is one.

With --from-tfstate the droplets come from a state file of Terraform or OpenTofu instead, without a token: with their ssh_keys, and with the
SHA-1 of their user_data, which is all that the state has of it. Comments at the end say what Terraform must forget and what stays with it.

Without a token of your own a running daemon is asked, which looks with its token.

Next: arcadiad validate, then arcadiad adopt --all, before you apply anything.`,
		Example: `  arcadiad import --as demo --out fleet.yaml
  arcadiad import --as shop --tag shop
  arcadiad import --as web --name 'web-*'
  arcadiad import --as shop --from-tfstate terraform.tfstate`,
		Args: none,
	}
	s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
	out := cmd.Flags().String("out", "", "write to this file, which must not exist yet (default stdout)")
	from := cmd.Flags().String("from-tfstate", "", "take the droplets from this state file of Terraform or OpenTofu")
	mustComplete(cmd, "from-tfstate", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return []cobra.Completion{"tfstate", "json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	var q control.ImportRequest
	cmd.Flags().StringVar(&q.Fleet, "as", "imported", "name of the new fleet, for the tags of its droplets")
	cmd.Flags().StringVar(&q.Tag, "tag", "", "only droplets with this tag")
	cmd.Flags().StringVar(&q.Name, "name", "", "only droplets whose name matches this pattern, such as web-*")
	mustComplete(cmd, "out", completeYAML)
	for _, flag := range []string{"as", "tag", "name"} {
		mustComplete(cmd, flag, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return importFleet(cmd, s, *out, *from, q) }
	return cmd
}

func importFleet(cmd *cobra.Command, s *settings, out, from string, q control.ImportRequest) error {
	if _, err := os.Lstat(out); out != "" && !errors.Is(err, fs.ErrNotExist) {
		return existsAlready(out, err)
	}
	imported, err := s.imported(cmd, from, q)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := cmd.OutOrStdout().Write(imported.File)
		return err
	}
	if err := errors.Join(writeNew(out, imported.File), writeSchema(out)); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s: %s", out, fleet.Counted(len(imported.Taken), "droplet"))
	if n := imported.LeftOut; n > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "; %d left out, for the reasons at its end", n)
	}
	fmt.Fprintf(cmd.OutOrStdout(), ".\nNext: arcadiad validate %s, then arcadiad adopt --all --fleet %[1]s\n", out)
	return nil
}

// imported describes the droplets of the account, or of a state file.
func (s *settings) imported(cmd *cobra.Command, from string, q control.ImportRequest) (control.Imported, error) {
	if from == "" {
		return request(cmd.Context(), s, control.AccountOnly, hostBriefly, s.logger(cmd.ErrOrStderr()), func(c *control.Client) (control.Imported, error) {
			return c.Import(cmd.Context(), q)
		})
	}
	state, err := os.ReadFile(from)
	if err != nil {
		return control.Imported{}, err
	}
	imported, err := daemon.ImportTerraform(state, q)
	if err != nil {
		err = fmt.Errorf("%s: %w", from, err)
	}
	return imported, err
}

func existsAlready(file string, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("%s exists already and is not overwritten", file)
}

// writeNew writes a file that must not be there yet, whole or not at all.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return existsAlready(name, nil)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
