package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"arcadiad/scripts/stage"
	"arcadiad/simulator"
)

// footprint measures the daemon.
func footprint(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("footprint", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	binary := flags.String("arcadiad", "bin/arcadiad", "the `binary` to measure")
	rest := flags.String("rest", "0,1000,10000", "fleet `sizes` at rest")
	waiting := flags.String("waiting", "1000,10000", "`numbers` of waiting sagas")
	saves := flags.Int("saves", 20, "how often the file is saved")
	idle := flags.Duration("idle", 150*time.Second, "how long the daemon idles before its memory is read again")
	patience := flags.Duration("patience", 10*time.Minute, "time limit of one step")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	path, err := program(*binary)
	if err != nil {
		return err
	}
	m := &measurer{binary: path, patience: *patience, idle: *idle, out: out}
	for _, part := range []struct {
		sizes   string
		measure func(int) error
	}{{*rest, m.atRest}, {*waiting, m.waiting}, {strconv.Itoa(*saves), m.saves}} {
		all, err := sizes(part.sizes, 0)
		if err != nil {
			return err
		}
		for _, n := range all {
			if err := part.measure(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// measurer measures one binary.
type measurer struct {
	binary   string
	patience time.Duration
	idle     time.Duration
	out      io.Writer
}

// site is an account with a place for a daemon beside it.
type site struct {
	*stage.Account
	m   *measurer
	dir string
}

// open makes a site whose droplets take so long to become active.
func (m *measurer) open(activation time.Duration) (*site, error) {
	dir, err := os.MkdirTemp("", "arcadiad-footprint-")
	if err != nil {
		return nil, err
	}
	account, err := stage.Open(simulator.Options{Activation: activation, Limits: stage.Plenty})
	if err != nil {
		return nil, err
	}
	return &site{account, m, dir}, nil
}

func (s *site) close() {
	s.Account.Close() // what it held is of no use any more
	os.RemoveAll(s.dir)
}

func (s *site) file() string { return filepath.Join(s.dir, "fleet.yaml") }

// want asks for n droplets.
func (s *site) want(n int) error { return os.WriteFile(s.file(), stage.Fleet(n), 0o600) }

// daemon starts the daemon.
func (s *site) daemon(args ...string) (*stage.Daemon, error) {
	cmd := exec.Command(s.m.binary, append([]string{"run", "--fleet", s.file(), "--state", filepath.Join(s.dir, "arcadiad.db"),
		"--api-url", s.URL, "--log-format", "json"}, args...)...)
	cmd.Env = append(os.Environ(), "DIGITALOCEAN_ACCESS_TOKEN=footprint")
	return stage.Start(cmd)
}

// settled waits for a pass that has nothing to do for n droplets.
func (s *site) settled(d *stage.Daemon, n int) error {
	_, err := d.Until(fmt.Sprintf("a pass over %d droplets at rest", n), s.m.patience, func(l stage.Line) bool {
		return l.Msg == "pass" && l.Number("unchanged") == n && l.Number("in_flight") == 0
	})
	return err
}
