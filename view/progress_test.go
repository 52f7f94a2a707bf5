package view

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"arcadiad/saga"
)

// screen takes what is written to it by several goroutines.
type screen struct {
	mu sync.Mutex
	strings.Builder
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Builder.Write(b)
}

// On a terminal, the last picture shows where each droplet ended, and log lines are above it.
func TestProgressLeavesTheLastPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out screen
		s := NewProgress(&out, 6)
		for n := range 5 {
			s.Take(tried(fmt.Sprintf("web-%d", n), "CreateDroplet", 1, 1))
		}
		fmt.Fprintln(s, "a line of log")
		for n := range 5 {
			s.Take(ended(fmt.Sprintf("web-%d", n), saga.Completed))
		}
		s.End()
		s.End()
		fmt.Fprintln(s, "after the end")

		said := out.String()
		if n := strings.Count(said, "a line of log\n"); n != 1 {
			t.Errorf("the line of log came %d times:\n%s", n, said)
		}
		_, last, found := strings.Cut(said[strings.LastIndex(said, "a line of log"):], "\n")
		if !found || !strings.HasSuffix(said, "after the end\n") {
			t.Fatalf("the end is missing:\n%s", said)
		}
		for _, want := range []string{"5 of 5 done", "  done  "} {
			if !strings.Contains(last, want) {
				t.Errorf("the last picture has no %q:\n%s", want, last)
			}
		}
		if n := strings.Count(last[strings.LastIndex(last, "web-0"):], "198.51.100.7"); n != 3 {
			t.Errorf("the last picture has %d droplets, want 3:\n%s", n, last)
		}
	})
}

// Elsewhere it is lines, and they come at once.
func TestProgressPlain(t *testing.T) {
	var out screen
	s := NewProgress(&out, 0)
	s.Take(ended("web-1", saga.Completed))
	s.End()
	if got, want := out.String(), "  + web-1 (00000005): completed 198.51.100.7\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
