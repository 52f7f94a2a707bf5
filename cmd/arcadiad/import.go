package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"arcadiad/daemon"
	"arcadiad/fleet"
	"arcadiad/fleetfile"
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

Next: arcadiad validate, then arcadiad adopt --all, before you apply anything.`,
		Example: `  arcadiad import --as demo --out fleet.yaml
  arcadiad import --as shop --tag shop
  arcadiad import --as web --name 'web-*'
  arcadiad import --as shop --from-tfstate terraform.tfstate`,
		Args: none,
	}
	s := newSettings(cmd, usesState|usesAPI, slog.LevelWarn)
	as := cmd.Flags().String("as", "imported", "name of the new fleet, for the tags of its droplets")
	out := cmd.Flags().String("out", "", "write to this file, which must not exist yet (default stdout)")
	from := cmd.Flags().String("from-tfstate", "", "take the droplets from this state file of Terraform or OpenTofu")
	mustComplete(cmd, "from-tfstate", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return []cobra.Completion{"tfstate", "json"}, cobra.ShellCompDirectiveFilterFileExt
	})
	var choice daemon.Choice
	cmd.Flags().StringVar(&choice.Tag, "tag", "", "only droplets with this tag")
	cmd.Flags().StringVar(&choice.Name, "name", "", "only droplets whose name matches this pattern, such as web-*")
	mustComplete(cmd, "out", completeYAML)
	for _, flag := range []string{"as", "tag", "name"} {
		mustComplete(cmd, flag, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return importFleet(cmd, s, *as, *out, *from, choice) }
	return cmd
}

func importFleet(cmd *cobra.Command, s *settings, as, out, from string, choice daemon.Choice) error {
	if _, err := os.Lstat(out); out != "" && !errors.Is(err, fs.ErrNotExist) {
		return existsAlready(out, err)
	}
	imported, err := s.imported(cmd, as, from, choice)
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
	if n := len(imported.LeftOut); n > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "; %d left out, for the reasons at its end", n)
	}
	fmt.Fprintf(cmd.OutOrStdout(), ".\nNext: arcadiad validate %s, then arcadiad adopt --all --fleet %[1]s\n", out)
	return nil
}

// imported describes the droplets of the account, or of a state file.
func (s *settings) imported(cmd *cobra.Command, as, from string, choice daemon.Choice) (imported fleetfile.Imported, err error) {
	if from != "" {
		state, err := os.ReadFile(from)
		if err != nil {
			return imported, err
		}
		if imported, err = daemon.ImportTerraform(state, as, choice); err != nil {
			err = fmt.Errorf("%s: %w", from, err)
		}
		return imported, err
	}
	o, done, err := s.prepare(cmd.Context(), s.logger(cmd.ErrOrStderr()), hostBriefly)
	if err != nil {
		return imported, err
	}
	if _, err = o.Token(); err == nil {
		imported, err = daemon.Import(cmd.Context(), o, as, choice)
	}
	return imported, errors.Join(err, done())
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
