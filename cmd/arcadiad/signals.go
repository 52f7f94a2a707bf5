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
