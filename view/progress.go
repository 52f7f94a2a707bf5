package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"arcadiad/control"
	"arcadiad/fleet"
	"arcadiad/saga"
)

// Progress shows the progress of an apply: redrawn in place on a screen, as plain lines elsewhere. What is written to it, such as log
// lines, goes above what is redrawn.
type Progress struct {
	out   io.Writer
	lines int // lines that may be redrawn; 0: plain lines

	mu    sync.Mutex
	board *board
	live  *mpb.Progress // nil: nothing is shown yet, or any more
	bars  []*mpb.Bar    // one for each line, then the summary

	told map[string]string // of plain lines: the batch that each rollout was last said to be at
}

// mostLive bounds what is redrawn: it should leave room for the plan above it.
const mostLive = 24

// NewProgress shows on a screen of so many lines; 0: it is none. Nothing appears before the first progress.
func NewProgress(out io.Writer, screen int) *Progress {
	lines := 0
	if screen > 4 {
		lines = min(screen-3, mostLive)
	}
	return &Progress{out: out, lines: lines}
}

// Take shows a transition.
func (s *Progress) Take(p control.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == 0 {
		if line := plainLine(p); line != "" && s.isNews(p) {
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

// isNews tells whether a plain line says something new: of a rollout that an apply only looks at again, it does not.
func (s *Progress) isNews(p control.Progress) bool {
	if p.Batch == nil {
		return true
	}
	at := fmt.Sprint(p.Batch.Done, p.Batch.Number, p.Batch.NextAt)
	if s.told[p.Batch.Group] == at {
		return false
	}
	if s.told == nil {
		s.told = map[string]string{}
	}
	s.told[p.Batch.Group] = at
	return true
}

// Write writes beside what is redrawn.
func (s *Progress) Write(b []byte) (int, error) {
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

// End leaves the last picture on the screen. It may be called again.
func (s *Progress) End() {
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

// plainLine is a transition as a line of a log that people read; empty: it is not worth one.
func plainLine(p control.Progress) string {
	if p.Batch != nil {
		return batchLine(*p.Batch, p.Batch.Done, p.Batch.Left)
	}
	var said string
	switch what := saga.What(p.What); {
	case p.Ended:
		said = strings.TrimSpace(p.Status + " " + p.IP)
	case what == saga.EventDone:
		said = p.Step + " done"
	case what == saga.EventUndone:
		said = p.Step + " undone"
	case what == saga.EventFailed, what == saga.EventUnwritten:
		said = fmt.Sprintf("%s failed at attempt %d, will be tried again", p.Step, p.Attempt)
	case what == saga.EventBack:
		said = "is being undone"
	case what == saga.EventStuck:
		said = "is stuck at " + p.Step
	case what == saga.EventStarted && p.Attempt <= 1 && !p.Reverse && p.Doing != "":
		said = fleet.OneLine(p.Doing)
	default:
		return ""
	}
	line := fmt.Sprintf("%3s %s (%s): %s", signs[kindOf(p.Kind)], p.Name, fleet.Saga8(p.Saga), said)
	if p.Error != "" {
		line += ": " + fleet.OneLine(p.Error)
	}
	return line
}

// failed names the sagas that came to nothing, or are stuck.
func failed(list []control.Progress) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, "Failed: %s: %s %s: %s (see: arcadiad saga show %s)\n", p.Name, p.Kind, p.Status, fleet.OneLine(p.Error), fleet.Saga8(p.Saga))
	}
	return b.String()
}
