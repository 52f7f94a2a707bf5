package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"arcadiad/control"
)

// show shows the progress of an apply: redrawn in place on a terminal, as plain lines elsewhere. What is written to it, such as log
// lines, goes above what is redrawn.
type show struct {
	out io.Writer

	mu    sync.Mutex
	lines int // lines that may be redrawn; 0: plain lines
	board *board
	live  *mpb.Progress // nil: nothing is shown yet, or any more
	bars  []*mpb.Bar    // one for each line, then the summary
}

// mostLive bounds what is redrawn: it should leave room for the plan above it.
const mostLive = 24

// newShow shows on stderr. Nothing appears before the first progress.
func newShow(stderr io.Writer) *show {
	s := &show{out: stderr}
	if f := terminal(stderr); f != nil {
		if _, height, err := term.GetSize(int(f.Fd())); err == nil && height > 4 {
			s.lines = min(height-3, mostLive)
		}
	}
	return s
}

// take shows a transition.
func (s *show) take(p control.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == 0 {
		if line := plainLine(p); line != "" {
			fmt.Fprintln(s.out, line)
		}
		return
	}
	now := time.Now()
	if s.board == nil {
		s.board = newBoard(now)
		s.live = mpb.New(mpb.WithOutput(s.out), mpb.WithAutoRefresh(), mpb.WithRefreshRate(100*time.Millisecond))
		s.bars = append(s.bars, s.live.New(1, mpb.NopStyle(), mpb.BarPriority(s.lines),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return s.board.summary(time.Now()) }))))
	}
	s.board.take(p, now)
	for line := len(s.bars) - 1; s.live != nil && line < min(s.board.size(), s.lines); line++ {
		s.bars = append(s.bars, s.live.New(1, mpb.NopStyle(), mpb.BarPriority(line),
			mpb.PrependDecorators(decor.Any(func(d decor.Statistics) string { return s.board.line(line, s.lines, d.AvailableWidth, time.Now()) }))))
	}
}

// Write writes beside what is redrawn.
func (s *show) Write(b []byte) (int, error) {
	s.mu.Lock()
	live := s.live
	s.mu.Unlock()
	if live != nil {
		if n, err := live.Write(b); err == nil {
			return n, nil
		}
	}
	return s.out.Write(b)
}

// end leaves the last picture on the screen. It may be called again.
func (s *show) end() {
	s.mu.Lock()
	live, bars := s.live, s.bars
	s.live = nil
	s.mu.Unlock()
	if live == nil {
		return
	}
	s.board.settle()
	for _, bar := range bars {
		bar.SetTotal(1, true)
	}
	live.Wait()
}
