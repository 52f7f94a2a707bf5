package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"arcadiad/scripts/stage"
	"arcadiad/simulator"
)

// visible is how old a droplet must be until arcadiad takes a 404 as a proof that it is gone, and a little more.
const visible = 5*time.Minute + 10*time.Second

// compare takes the tools through the steps.
func compare(ctx context.Context, args []string, out, diagnostics io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	binary := flags.String("arcadiad", "bin/arcadiad", "the arcadiad `binary`")
	fleets := flags.String("n", "10,100,500,1000", "fleet `sizes`")
	latency := flags.Duration("latency", 50*time.Millisecond, "`time` that each request takes")
	activation := flags.Duration("activation", 5*time.Second, "`time` until a new droplet is active")
	limits := flags.Bool("real-limits", false, "enforce DigitalOcean's request limits, 5,000 an hour and 250 a minute")
	parallelism := flags.Int("parallelism", 10, "how many requests, or resources, each tool works on at once")
	settle := flags.Duration("settle", visible, "how `old` droplets must be before 5 of them are destroyed outside the tool")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	o := simulator.Options{Activation: *activation, Latency: *latency, Limits: stage.Plenty}
	if *limits {
		o.Limits = simulator.Limits{}
	}
	all, err := sizes(*fleets, 10)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "arcadiad-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tools, err := find(ctx, dir, *binary, *parallelism, diagnostics)
	if err != nil {
		return err
	}
	c := &comparison{settle: *settle, options: o, dir: dir, diagnostics: diagnostics}
	for _, n := range all {
		for _, t := range tools {
			c.subjects = append(c.subjects, &subject{tool: t, n: n})
		}
	}
	defer c.close()
	if err := c.play(ctx); err != nil {
		return err
	}
	return c.print(out)
}

// comparison is every tool at every size.
type comparison struct {
	settle      time.Duration
	options     simulator.Options
	dir         string
	diagnostics io.Writer
	subjects    []*subject
}

// subject is one tool with one fleet in an account of its own.
type subject struct {
	tool    tool
	n       int
	account *stage.Account
	dir     string
	made    time.Time // when the fleet was there
	rows    []row
	failed  bool // a step failed: the next ones would measure something else
}

// row is one line of the table.
type row struct {
	step     string
	cost     stage.Cost
	requests stage.Requests
	note     string
}

func (c *comparison) close() {
	for _, s := range c.subjects {
		if s.account != nil {
			s.account.Close() // what it held is of no use any more
		}
	}
}

// play takes all subjects through all steps, one at a time.
func (c *comparison) play(ctx context.Context) (err error) {
	for i, s := range c.subjects {
		if s.account, err = stage.Open(c.options); err != nil {
			return err
		}
		s.dir = filepath.Join(c.dir, strconv.Itoa(i))
		if err := os.Mkdir(s.dir, 0o700); err != nil {
			return err
		}
		if err := c.step(ctx, s, "apply", s.n); err != nil {
			return err
		}
		s.made = time.Now()
		if err := c.step(ctx, s, "plan", s.n); err != nil {
			return err
		}
	}
	for _, s := range c.subjects {
		if err := c.wait(ctx, time.Until(s.made.Add(c.settle))); err != nil {
			return err
		}
		for _, d := range s.account.Droplets()[:min(5, len(s.account.Droplets()))] {
			s.account.Delete(d.ID)
		}
		if err := c.step(ctx, s, "repair", s.n); err != nil {
			return err
		}
		if err := c.step(ctx, s, "destroy", 0); err != nil {
			return err
		}
	}
	return nil
}

// wait waits, and says so.
func (c *comparison) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	fmt.Fprintf(c.diagnostics, "waiting %v until the droplets are old enough\n", d.Round(time.Second))
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// step runs one step of one subject, after which so many droplets must be there.
func (c *comparison) step(ctx context.Context, s *subject, step string, want int) error {
	if s.failed {
		return nil
	}
	cmd, err := s.tool.command(ctx, s, step)
	if err != nil {
		return err
	}
	s.account.Took()
	cost, output, err := stage.Run(cmd)
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.tool.name(), step, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r := row{step: step, cost: cost, requests: s.account.Took()}
	if have := len(s.account.Droplets()); have != want || cost.Exit != 0 {
		r.note = fmt.Sprintf("exit %d, %d droplets instead of %d", cost.Exit, have, want)
		s.failed = true
		fmt.Fprintf(c.diagnostics, "%s, %s of %d: %s\n%s\n", s.tool.name(), step, s.n, r.note, ending(output))
	}
	fmt.Fprintf(c.diagnostics, "%s, %s of %d: %v\n", s.tool.name(), step, s.n, cost.Wall.Round(100*time.Millisecond))
	s.rows = append(s.rows, r)
	return nil
}

// ending gives the last lines of an output.
func ending(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

func (c *comparison) print(out io.Writer) error {
	limits := "no request limits"
	if c.options.Limits == (simulator.Limits{}) {
		limits = "DigitalOcean's request limits"
	}
	fmt.Fprintf(out, "%v a request, %v to active, %s\n\n", c.options.Latency, c.options.Activation, limits)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "N\tstep\ttool\trequests\tcreate\tdestroy\tlist\tget\taccount\tother\ttime\tCPU\tpeak\t")
	for _, s := range c.subjects {
		for _, r := range s.rows {
			q := r.requests
			fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f s\t%.1f s\t%d MiB\t%s\n", s.n, r.step, s.tool.name(), q.Total(), q.Create,
				q.Destroy, q.List, q.Get, q.Account, q.Other, r.cost.Wall.Seconds(), r.cost.CPU.Seconds(), r.cost.Peak/1024, r.note)
		}
	}
	return w.Flush()
}
