package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal gives a context that ends with the first SIGINT or SIGTERM. A second one ends the process at once: sagas are made to
// be cut off anywhere, so nothing is lost by that.
func untilSignal(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			if terminal(os.Stderr) != nil { // a log is not a place for it
				fmt.Fprintf(os.Stderr, "arcadiad: %s: stopping; a second signal stops at once\n", s)
			}
			cancel()
		case <-ctx.Done():
			return
		}
		if s, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(128 + int(s))
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

// reloads gives a value for each SIGHUP, until the context ends. Two that come at once count as one.
func reloads(ctx context.Context) <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	context.AfterFunc(ctx, func() { signal.Stop(signals) })
	reload := make(chan struct{}, 1)
	go func() {
		for {
			select {
			case <-signals:
				select {
				case reload <- struct{}{}:
				default: // one is waiting already
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return reload
}

// outliveReader keeps the process alive when whoever reads its stdout or stderr goes away, as the program that takes the log of a service
// does when it restarts: what is begun goes on without being told of. A command that only shows something does without it, so that
// `arcadiad plan | head` ends quietly.
func outliveReader() {
	// Notify and not Ignore: programs that are started would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
