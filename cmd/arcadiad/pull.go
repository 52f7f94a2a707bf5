package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"arcadiad/fleetfile"
	"arcadiad/pull"
)

// The credentials of arcadiad-pull@.service.
const (
	deployKey  = "deploy-key"
	knownHosts = "known-hosts"
	signers    = "signers"
)

func pullCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pull",
		Short: "Fetch the fleet's repository, and use its newest commit",
		Long: `Fetch one branch or tag of a repository, write its files into a new directory, and make the link DIR/current lead there in one
step. A daemon that runs with --fleet DIR/current/fleet.yaml notices. Nothing new: nothing is touched. If anything fails, DIR/current stays
as it is, the exit code is 1, and status and doctor say why.

With --verify only a commit is used that one of the signers signed, and that follows the one in use. The file of signers has ssh's allowed
signers (see ssh-keygen(1)) or exported OpenPGP keys. To accept a branch that was rewritten, pull once with --ref and the hash of its commit.

git runs without your configuration, hooks and prompts, speaks https, ssh and file, and follows no submodules. A commit with a
symbolic link that leads out of the repository is refused, and so is a name that both a branch and a tag have. arcadiad-pull@.service runs this every minute: see docs/gitops.md.

Exit codes: 0 DIR/current leads to the newest commit; 1 an error.`,
		Example: `  arcadiad pull --repo ssh://git@example.com/fleet.git --into /srv/fleet
  arcadiad pull --repo https://example.com/fleet.git --into /srv/fleet \
      --verify --signers allowed-signers
  arcadiad run --fleet /srv/fleet/current/fleet.yaml`,
		Args: none,
	}
	s := newSettings(cmd, usesPull|usesLog, slog.LevelWarn)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o := s.pull
		if o.Repo == "" && s.instance != "" {
			return fmt.Errorf("the repository is a setting of the unit: systemctl start arcadiad-pull@%s", s.instance)
		}
		o.Log = s.logger(cmd.ErrOrStderr())
		var err error
		for path, name := range map[*string]string{&o.Key: deployKey, &o.KnownHosts: knownHosts, &o.Signers: signers} {
			if *path == "" && err == nil {
				*path, err = optional(credentialFile(name))
			}
		}
		if err != nil {
			return err
		}
		f, flipped, err := pull.Once(cmd.Context(), o)
		if err != nil {
			return err
		}
		said := "Nothing new"
		if flipped {
			said = filepath.Join(o.Into, fleetfile.Link) + " has changed"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s is at %s, %s\n", said, f.Ref, f.Short(), f.Subject)
		return nil
	}
	return cmd
}

// optional is a credential that may be left out: the unit puts the word none into its place.
func optional(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	data, err := os.ReadFile(file)
	if err == nil && string(bytes.TrimSpace(data)) == "none" {
		return "", nil
	}
	return file, err
}
