package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// outputFlag gives a command -o with these formats; the first is the default.
func outputFlag(cmd *cobra.Command, formats ...string) *string {
	var format string
	cmd.Flags().VarP(choice(&format, formats...), "output", "o", strings.Join(formats[:len(formats)-1], ", ")+" or "+formats[len(formats)-1])
	mustComplete(cmd, "output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return &format
}

// aligned writes rows whose cells end with tabs in columns, without spaces at the ends of lines.
func aligned(w io.Writer, write func(t io.Writer)) error {
	var in, out strings.Builder
	t := tabwriter.NewWriter(&in, 0, 0, 2, ' ', 0)
	write(t)
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(in.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
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

// ago says how long ago something was, roughly.
func ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return rough(now.Sub(t)) + " ago"
}

// rough is a duration in its largest unit or two.
func rough(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Hour:
		return shortened(d.Truncate(time.Second))
	case d < 48*time.Hour:
		return shortened(d.Truncate(time.Minute))
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + "d"
}

// shortened leaves the zeros of 2m0s and 1h0m0s out.
func shortened(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// fit cuts a line to so many columns. Names, steps and addresses are narrow letters.
func fit(s string, columns int) string {
	if r := []rune(s); len(r) > columns && columns > 0 {
		return string(r[:columns-1]) + "…"
	}
	return s
}
