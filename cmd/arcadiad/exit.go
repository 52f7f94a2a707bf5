package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"arcadiad/fleetfile"
)

// The exit codes, beside 0. A second signal exits with 128 and its number.
const (
	exitFailed  = 1 // an error, or a failed saga
	exitChanges = 2 // there is something to do, or something remains
)

// outcome is an exit code that needs no words: what it means was shown already.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// conclude shows an error and gives the exit code.
func conclude(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[outcome](err); ok {
		return int(code)
	}
	if problems, ok := errors.AsType[fleetfile.Errors](err); ok {
		// Editors and CI find the place by FILE:LINE:COL at the beginning of a line.
		fmt.Fprintf(stderr, "%s\narcadiad: %s; nothing was changed\n", problems.Error(), unusable(len(problems)))
		return exitFailed
	}
	if errors.Is(err, context.Canceled) {
		words := strings.TrimSuffix(err.Error(), ": "+context.Canceled.Error())
		if !strings.HasPrefix(words, "interrupted") {
			words = "interrupted; unfinished work continues at the next start"
		}
		err = errors.New(words)
	}
	fmt.Fprintf(stderr, "arcadiad: %s\n", strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "\n  "))
	return exitFailed
}

func unusable(problems int) string {
	if problems == 1 {
		return "the fleet file has a problem"
	}
	return fmt.Sprintf("the fleet file has %d problems", problems)
}
