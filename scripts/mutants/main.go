package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"
)

// mutant is one guard, and how to take it out.
type mutant struct {
	law   int    // of the laws in docs/architecture.md
	guard string // what is taken out
	file  string // slash-separated, from the root of the repository
	old   string // a text that occurs exactly once in the file
	new   string
	tests []suite // in this order, until one fails
}

// suite is some tests of one package.
type suite struct {
	pkg string // as the go command wants it
	run string // pattern; empty: all
}

// outcome is what became of a mutant.
type outcome struct {
	verdict string
	detail  string // the test that failed, or what is wrong
	took    time.Duration
	output  string // of the tests, where it explains something
}

const defaultTimeout = 3 * time.Minute

const (
	killed   = "killed"
	survived = "SURVIVED"
	stale    = "STALE"
	broken   = "BROKEN"
)

func main() {
	only := flag.String("only", "", "run only mutants whose law, file or guard matches this pattern, such as '^law 4 '")
	jobs := flag.Int("jobs", runtime.NumCPU(), "how many mutants run at a time")
	timeout := flag.Duration("timeout", defaultTimeout, "time limit for the tests of one mutant; a test that hangs has failed")
	verbose := flag.Bool("v", false, "show the test output of survivors and broken mutants")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants: -only:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var chosen []mutant
	for _, m := range mutants() {
		if pattern.MatchString(m.String()) {
			chosen = append(chosen, m)
		}
	}
	ok, err := run(ctx, chosen, *jobs, lab{root: ".", timeout: *timeout}, log.New(os.Stderr, "", log.Ltime), os.Stdout, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

func (m mutant) String() string { return fmt.Sprintf("law %d %s: %s", m.law, m.file, m.guard) }

// run tries the mutants, side by side, and writes a line for each in the order of the table. It tells whether all were killed. The
// progress hears of each as it ends.
func run(ctx context.Context, chosen []mutant, jobs int, l lab, progress *log.Logger, out io.Writer, verbose bool) (ok bool, err error) {
	began := time.Now()
	if err := inParallel(ctx, jobs, suitesOf(chosen), func(s suite) error { return l.healthy(ctx, s) }); err != nil {
		return false, err
	}
	outcomes := make([]outcome, len(chosen))
	numbers := make([]int, len(chosen))
	for i := range numbers {
		numbers[i] = i
	}
	err = inParallel(ctx, jobs, numbers, func(i int) error {
		var err error
		if outcomes[i], err = l.try(ctx, chosen[i]); err != nil {
			return err
		}
		progress.Printf("%s: %v (%s)", outcomes[i].verdict, chosen[i], outcomes[i].detail)
		return nil
	})
	if err != nil {
		return false, err
	}
	counts := map[string]int{}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "LAW\tFILE\tGUARD\tVERDICT\tBY\tTIME")
	for i, m := range chosen {
		o := outcomes[i]
		counts[o.verdict]++
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%.1fs\n", m.law, m.file, m.guard, o.verdict, o.detail, o.took.Seconds())
	}
	if err := table.Flush(); err != nil {
		return false, err
	}
	for i, m := range chosen {
		if o := outcomes[i]; verbose && o.verdict != killed && o.output != "" {
			fmt.Fprintf(out, "\n%v\n%s", m, o.output)
		}
	}
	fmt.Fprintf(out, "\n%d mutants in %s: %d killed, %d survived, %d stale, %d broken\n", len(chosen), time.Since(began).Round(time.Second),
		counts[killed], counts[survived], counts[stale], counts[broken])
	return counts[killed] == len(chosen), nil
}

// suitesOf gives each suite of the mutants once.
func suitesOf(chosen []mutant) (all []suite) {
	seen := map[suite]bool{}
	for _, m := range chosen {
		for _, s := range m.tests {
			if !seen[s] {
				seen[s] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// inParallel does the work for every item, so many at a time. It gives the first error, and starts nothing new after it.
func inParallel[T any](ctx context.Context, jobs int, items []T, work func(T) error) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	failed := func() error {
		mu.Lock()
		defer mu.Unlock()
		return first
	}
	slots := make(chan struct{}, max(1, jobs))
	for _, item := range items {
		slots <- struct{}{}
		if ctx.Err() != nil || failed() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := work(item); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	if err := failed(); err != nil {
		return err
	}
	return ctx.Err()
}
