package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A signal ends the questions, though nobody answers the one that was asked.
func TestInitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdin, keyboard := io.Pipe()
	defer keyboard.Close()
	var cmd cobra.Command
	var stderr bytes.Buffer
	cmd.SetContext(ctx)
	cmd.SetIn(stdin)
	cmd.SetErr(&stderr)
	go func() {
		io.WriteString(keyboard, "shop\n") // the next question has no answer
		cancel()
	}()
	if err := new(beginning).ask(&cmd); !errors.Is(err, context.Canceled) || !strings.Contains(stderr.String(), "Name of the fleet") {
		t.Errorf("%v, %q", err, stderr.String())
	}
}
