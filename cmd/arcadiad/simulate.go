package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/simulator"
)

func simulateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve a simulated DigitalOcean API",
		Long: `Serve a simulated DigitalOcean API for arcadiad, doctl, Terraform and any other client of the API, until it is
stopped. No real account is touched. Without --file the simulated account is lost at the end.

With --probe-ports a droplet that serves can be reached: it has addresses of 127.64.0.0/10, and these ports of
them answer HTTP and HTTPS with 200 from when it is active until it is off or destroyed. Faults let droplets
serve late, for a while, never, or with another status. Each address and port is a listener: 2,000 at most.
Ports below 1024 need root.`,
		Example: `  arcadiad simulate --listen 127.0.0.1:8025
  arcadiad simulate --listen 127.0.0.1:8025 --probe-ports 8080,9090
  arcadiad simulate --listen 127.0.0.1:8025 --file account.json`,
		Args: none,
	}
	var o simulator.Options
	var listen, file, tokenFile string
	var latency time.Duration
	var probePorts []int
	f := cmd.Flags()
	f.Var(text(&listen, "127.0.0.1:8025", "ADDRESS"), "listen", "address to listen on; port 0 picks a free one")
	f.Var(text(&file, "", "FILE"), "file", "store the account in this file (default: in memory)")
	f.Var(text(&tokenFile, "", "FILE"), "token-file", "accept only the token in this file (default: any)")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of the random faults")
	f.Var(duration(&o.Activation, 2*time.Second), "activation", "time until a new droplet is active")
	f.Var(ports(&probePorts), "probe-ports", "ports on which droplets that serve listen (default: none)")
	f.DurationVar(&latency, "latency", 0, "time that each request takes")
	s := newSettings(cmd, usesLog, slog.LevelWarn)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		outliveReader()
		o.Latency, o.Log, o.Loopback = latency, s.logger(cmd.ErrOrStderr()), len(probePorts) > 0
		if tokenFile != "" {
			if o.Token, err = findToken(tokenFile, o.Log)(); err != nil {
				return err
			}
		}
		sim := simulator.New(o)
		if file != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				return fmt.Errorf("keep the simulated account: %w", err)
			}
			if err := sim.Open(file); err != nil {
				return err
			}
		}
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return errors.Join(fmt.Errorf("%w (use another address: --listen 127.0.0.1:0)", err), sim.Close())
		}
		url := "http://" + l.Addr().String()
		stop := serveHTTP(l, sim)
		if len(probePorts) > 0 {
			defer sim.OpenPorts(probePorts, func(what string) { o.Log.Warn(what) })()
		}
		if err = sim.SetListener(url); err == nil {
			fmt.Fprint(cmd.OutOrStdout(), sim.Hints(url))
			if len(probePorts) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "\nDroplets that serve answer at their addresses: curl http://ADDRESS:%d/\n", probePorts[0])
			}
			<-cmd.Context().Done()
		}
		return errors.Join(err, sim.Close(), stop())
	}
	return cmd
}
