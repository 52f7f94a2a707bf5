package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once, and leaves the cleaning up to you
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "live-smoke:", err)
		os.Exit(1)
	}
}

// run is the whole command.
func run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("live-smoke", flag.ContinueOnError)
	flags.SetOutput(out)
	binary := flags.String("arcadiad", "bin/arcadiad", "the `binary` to test")
	url := flags.String("api-url", cmp.Or(getenv("DIGITALOCEAN_API_URL"), "https://api.digitalocean.com"), "`URL` of the API")
	yes := flags.Bool("yes", false, "do not ask for confirmation")
	patience := flags.Duration("patience", 20*time.Minute, "time limit of the run, without the cleanup")
	interval := flags.Duration("interval", 2*time.Second, "`pause` between two readings of the account")
	lag := flags.Duration("lag", 2*time.Minute, "how long the account's listing may lag")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	token := cmp.Or(getenv("DIGITALOCEAN_ACCESS_TOKEN"), getenv("DIGITALOCEAN_TOKEN"))
	if token == "" {
		return errors.New("there is no token: set DIGITALOCEAN_ACCESS_TOKEN")
	}
	if _, err := os.Stat(*binary); err != nil {
		return fmt.Errorf("there is no binary to prove (make build): %w", err)
	}

	path, err := filepath.Abs(*binary)
	if err != nil {
		return err
	}
	s := &smoke{
		account: &account{url: strings.TrimRight(*url, "/"), token: token},
		binary:  path, args: flags.Args(), interval: *interval, lag: *lag, out: out,
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if !*yes && !asked(in, out) {
		return errors.New("nothing was done; you did not say yes")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, *patience, fmt.Errorf("it took longer than %v", *patience))
	defer cancel()
	return s.prove(ctx)
}

// asked tells whether a person says yes.
func asked(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Go on? Only yes is a yes: ")
	line, _ := bufio.NewReader(in).ReadString('\n') // no answer is a no
	return strings.TrimSpace(line) == "yes"
}
