package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"arcadiad/fleet"
	"arcadiad/view"
)

// What a terminal does, in the words of ECMA-48 and of xterm: another page to write on, without a cursor, and back.
const (
	enterPage = "\x1b[?1049h\x1b[?25l"
	leavePage = "\x1b[?25h\x1b[?1049l"
	topOfPage = "\x1b[H"
	restOfRow = "\x1b[K"
	restBelow = "\x1b[J"
)

// redrawEvery is how often the page is written at most: a thousand sagas that move at once are one change.
const redrawEvery = 300 * time.Millisecond

// watch shows the status and what becomes of it, in place, until the command is interrupted. The last of it stays on the terminal.
func (s *settings) watch(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	if terminal(out) == nil || s.flags.Lookup("output").Value.String() == "json" {
		return errors.New("status --watch needs a terminal and writes no JSON: in a pipe, run status again and again, or follow /events of a daemon with --listen")
	}
	ctx := cmd.Context()
	last, seen, err := s.watched(ctx, out, 0)
	if err != nil {
		return err
	}
	fmt.Fprint(out, enterPage)
	defer func() { fmt.Fprint(out, leavePage+last) }()
	for trouble := ""; ; {
		page := topOfPage + strings.ReplaceAll(strings.TrimSuffix(trouble+last, "\n"), "\n", restOfRow+"\r\n") + restOfRow + restBelow
		if _, err := io.WriteString(out, page); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(redrawEvery):
		}
		next, now, err := s.watched(ctx, out, seen)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil: // a daemon that restarts, perhaps
			trouble, seen = "arcadiad: "+fleet.OneLine(err.Error())+"\n", 0
		default:
			trouble, last, seen = "", next, now
		}
	}
}

// watched waits until there is more to see than was seen, and gives the status as the terminal shows it. It asks anew whom there is to ask: a
// daemon may have come or gone.
func (s *settings) watched(ctx context.Context, out io.Writer, seen int64) (page string, now int64, err error) {
	c, err := s.look(ctx)
	if err != nil {
		return "", seen, err
	}
	defer c.Close()
	if now = seen; seen != 0 {
		if now, err = c.Changed(ctx, seen); err != nil {
			return "", seen, err
		}
	}
	st, err := s.readStatus(ctx, c)
	if err != nil {
		return "", seen, err
	}
	var b bytes.Buffer
	screen, _ := screened(out).(view.Screen)
	screen.Writer = &b
	err = st.Text(screen, time.Now())
	return b.String(), max(now, 1), err // the next one waits
}
