package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"arcadiad/control"
	"arcadiad/view"
)

// outputFlag gives a command -o with these formats; the first is the default.
func outputFlag(cmd *cobra.Command, formats ...string) *string {
	var format string
	cmd.Flags().VarP(choice(&format, formats...), "output", "o", strings.Join(formats[:len(formats)-1], ", ")+" or "+formats[len(formats)-1])
	mustComplete(cmd, "output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return &format
}

// layout writes for people what a command found.
type layout func(w io.Writer, now time.Time) error

// showing makes a command show what it finds in the state database, in the format that is asked for.
func showing(cmd *cobra.Command, find func(ctx context.Context, s *settings, c *control.Client, args []string) (found any, text layout, err error)) *settings {
	s := newSettings(cmd, usesState, slog.LevelWarn)
	format := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := s.look(cmd.Context())
		if err != nil {
			return err
		}
		found, text, err := find(cmd.Context(), s, c, args)
		switch {
		case err != nil:
			return err
		case *format == "json":
			return view.JSON(cmd.OutOrStdout(), found)
		}
		return text(screened(cmd.OutOrStdout()), time.Now())
	}
	return s
}

// screened is a writer with what is known of the terminal behind it.
func screened(w io.Writer) io.Writer {
	f := terminal(w)
	if f == nil {
		return w
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width, height = 0, 0
	}
	return view.Screen{Writer: w, Width: width, Height: height, Colored: colored(w)}
}

// terminal gives the terminal behind a stream; nil: it is none.
func terminal(stream any) *os.File {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// screen is how many lines the terminal behind a stream has; 0: it is none, or does not tell.
func screen(stream any) int {
	f := terminal(stream)
	if f == nil {
		return 0
	}
	_, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return height
}

// colored tells whether to colour what goes to w (https://no-color.org).
func colored(w io.Writer) bool {
	return terminal(w) != nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
