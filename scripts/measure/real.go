package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"arcadiad/scripts/stage"
	"arcadiad/simulator"
)

// The account of the rows, as TestRows has it, and how many requests a daemon has in flight.
const (
	rowLatency    = 50 * time.Millisecond
	rowActivation = 5 * time.Second
	rowAtOnce     = 10
)

// realRows prints what the real binary takes for a large fleet, in real time: to create it, and to plan it when it is at rest.
func realRows(ctx context.Context, n int, out, diagnostics io.Writer) error {
	dir, err := os.MkdirTemp("", "arcadiad-rows-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "arcadiad")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/arcadiad")
	build.Stderr = diagnostics
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	m := &measurer{binary: binary, patience: 20 * time.Minute, out: out}
	s, err := m.open(rowActivation)
	if err != nil {
		return err
	}
	defer s.close()
	s.SetFaults(simulator.Faults{Latency: rowLatency})
	if err := s.want(n); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\trequests\tof the least\treal time\tof the least\tCPU\tresident at most")
	pages := (n + 199) / 200
	d, err := s.daemon("--concurrency", strconv.Itoa(rowAtOnce))
	if err != nil {
		return err
	}
	if err := s.settled(d, n); err != nil {
		return err
	}
	took := time.Since(d.Began)
	cpu, err := d.CPU()
	if err != nil {
		return err
	}
	_, most, err := d.Memory()
	if err != nil {
		return err
	}
	requests := s.Took().Total()
	if err := d.End(syscall.SIGTERM); err != nil {
		return err
	}
	writes := time.Duration((n+rowAtOnce-1)/rowAtOnce) * rowLatency
	realRow(w, fmt.Sprintf("create %d", n), requests, n+10, took, writes+rowActivation+10*rowLatency, stage.Cost{CPU: cpu, Peak: most})

	cmd := exec.CommandContext(ctx, binary, "plan", "--fleet", s.file(), "--state", filepath.Join(s.dir, "arcadiad.db"), "--api-url", s.URL,
		"--concurrency", strconv.Itoa(rowAtOnce))
	cmd.Env = append(os.Environ(), "DIGITALOCEAN_ACCESS_TOKEN=rows")
	cost, output, err := stage.Run(cmd)
	if err == nil && cost.Exit != 0 {
		err = fmt.Errorf("plan: exit %d: %s", cost.Exit, ending(output))
	}
	if err != nil {
		return err
	}
	least := pages + 2 // the GPU droplets and the account
	rounds := 3 + (pages-1+rowAtOnce-1)/rowAtOnce
	realRow(w, fmt.Sprintf("plan %d at rest", n), s.Took().Total(), least, cost.Wall, time.Duration(rounds)*rowLatency, cost)
	return w.Flush()
}

func realRow(w io.Writer, what string, requests, least int, took, soonest time.Duration, cost stage.Cost) {
	fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f s\t%.2f\t%.2f s\t%s\n", what, requests, float64(requests)/float64(least), took.Seconds(), took.Seconds()/soonest.Seconds(),
		cost.CPU.Seconds(), mebi(cost.Peak))
}

// rowsOf reads the flags of rows and prints them: first those in virtual time.
func rowsOf(ctx context.Context, args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("rows", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	n := flags.Int("real", 10000, "`size` of the fleet that the real binary creates and plans; 0: none")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := rows(ctx, out, diagnostics); err != nil || *n == 0 {
		return err
	}
	fmt.Fprintln(out)
	return realRows(ctx, *n, out, diagnostics)
}
