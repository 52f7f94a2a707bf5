package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"regexp"

	"github.com/spf13/cobra"

	"arcadiad/fleet"
	"arcadiad/fleetfile"
	"arcadiad/hosts"
	"arcadiad/saga"
)

func inventoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Hand the droplets on to Ansible, Prometheus, ssh",
		Long: `Write the registered droplets of the fleet for other tools: from the state database, or from the daemon if one runs. This makes no API
request and needs no token.

  ansible     a YAML inventory, for a file that ends in .yaml: with the groups
              group_…, tag_… and region_…, and the variables arcadiad_…
  prometheus  targets for file_sd_configs; a daemon with --listen serves the
              same at /sd, for http_sd_configs
  ssh-config  a Host block for each droplet, for Include in ~/.ssh/config;
              host keys are remembered by the droplet's id
  csv         a table (RFC 4180); no cell is a formula to a spreadsheet
  json        a list of objects

The groups are those of the fleet file, if it can be read and is this fleet's; else a name's group is the name without its number.
Names that a format cannot have are written with underscores.`,
		Example: `  arcadiad inventory -o ansible > hosts.yaml
  arcadiad inventory -o prometheus --address private --port 9100
  arcadiad inventory -o ssh-config --user root > ~/.ssh/fleet.conf`,
		Args: none,
	}
	s := newSettings(cmd, usesFleet|usesState, slog.LevelWarn)
	format := outputFlag(cmd, hosts.Formats()...)
	var o hosts.Options
	var address string
	cmd.Flags().Var(choice(&address, string(hosts.Public), string(hosts.Private)), "address", "which address others talk to: public or private")
	mustComplete(cmd, "address", cobra.FixedCompletions([]string{string(hosts.Public), string(hosts.Private)}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().IntVar(&o.Port, "port", 9100, "port of the targets for Prometheus")
	cmd.Flags().StringVar(&o.User, "user", "", "who logs in, for ansible and ssh-config (default: whoever they choose)")
	for _, flag := range []string{"port", "user"} {
		mustComplete(cmd, flag, cobra.NoFileCompletions)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.Network = hosts.Network(address)
		if o.Port < 1 || o.Port > 65535 {
			return fmt.Errorf("--port %d: a number from 1 to 65535 is expected", o.Port)
		}
		if !regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*)?$`).MatchString(o.User) {
			return fmt.Errorf("--user %q: the name of a user is expected", o.User)
		}
		list, err := s.readHosts(cmd)
		if err != nil {
			return err
		}
		leftOut, err := hosts.Write(cmd.OutOrStdout(), hosts.Format(*format), list, o)
		if n := len(leftOut); err == nil && n > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "arcadiad: left out: %s without a %s address (%s)\n", fleet.Counted(n, "droplet"), o.Network, named(leftOut))
		}
		return err
	}
	return cmd
}

// named names the first of a list.
func named(names []string) string {
	const most = 5
	shown := fleet.Words(names[:min(most, len(names))], fleet.OneLine)
	if more := len(names) - most; more > 0 {
		return fleet.Series(shown) + fleet.More(more)
	}
	return fleet.Series(shown)
}

func (s *settings) readHosts(cmd *cobra.Command) ([]hosts.Host, error) {
	c, err := s.look(cmd.Context())
	if err != nil {
		return nil, err
	}
	known, err := c.Status(cmd.Context())
	if err != nil {
		return nil, err
	}
	owners := known.Owners(func(saga8 string) (saga.Saga, error) { return c.Saga(cmd.Context(), saga8) })
	return hosts.Of(known.Resources, owners, hosts.Groups(s.ownFile(cmd.ErrOrStderr(), known.Meta.Fleet))), nil
}

// ownFile is the fleet file, if it is that of the fleet. It only tells groups: without it names do.
func (s *settings) ownFile(stderr io.Writer, name string) fleet.Fleet {
	s.asService(systemService())
	desired, err := fleetfile.Load(s.fleet)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !s.given("fleet"):
	case err != nil:
		fmt.Fprintf(stderr, "arcadiad: groups are told by names, because the fleet file cannot be used: %v\n", err)
	case desired.Name == name:
		return desired
	case s.given("fleet"):
		fmt.Fprintf(stderr, "arcadiad: groups are told by names, because %s is for fleet %s, and the state database is of %s\n", s.fleet, desired.Name, name)
	}
	return fleet.Fleet{}
}
