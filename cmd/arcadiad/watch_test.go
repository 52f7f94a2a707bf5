package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal gives both ends of a terminal of 24 lines by 80 columns: what a person sees, and what a program writes to.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	person = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { person.Close(); program.Close() })
	return person, program
}

// status --watch writes the page anew in place when something changes, and leaves the last one on the terminal when it ends.
func TestStatusWatch(t *testing.T) {
	noToken(t)
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	if _, said, code := arcadiad(t, "sync", "--simulate"); code != 0 {
		t.Fatal(said)
	}
	person, program := openTerminal(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	root := newRoot()
	root.SetArgs([]string{"status", "--watch", "--simulate"})
	root.SetOut(program)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()

	var seen bytes.Buffer
	shows := func(what string) string {
		t.Helper()
		seen.Reset()
		for part := make([]byte, 4096); !strings.Contains(seen.String(), what); {
			n, err := person.Read(part)
			if seen.Write(part[:n]); err != nil {
				t.Fatalf("%v; %q does not show %q", err, seen.String(), what)
			}
		}
		return seen.String()
	}
	if page := shows(restBelow); !strings.HasPrefix(page, enterPage+topOfPage) || !strings.Contains(page, "not paused") {
		t.Errorf("the first page: %q", page)
	}
	if _, said, code := arcadiad(t, "pause", "--simulate"); code != 0 {
		t.Fatal(said)
	}
	if page := shows(restBelow); !strings.HasPrefix(page, topOfPage) || strings.Contains(page, "not paused") || strings.Contains(page, enterPage) {
		t.Errorf("the next page: %q", page)
	}
	interrupt()
	if page := shows(leavePage + "State"); strings.Contains(page, topOfPage) {
		t.Errorf("at the end: %q", page)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
