package main

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/coreos/go-systemd/v22/journal"
)

// toJournal tells whether a stream is the one that systemd reads into its journal. Only standard error is asked about.
func toJournal() bool {
	is, err := journal.StderrIsJournalStream()
	return err == nil && is
}

// prioritized begins each line with its syslog priority, as sd-daemon(3) has it: the journal takes that off, and `journalctl -p warning` finds
// what wants attention.
type prioritized struct {
	slog.Handler
	lines *prefixed
}

// newPrioritized makes the handler whose lines go to w through what make gives.
func newPrioritized(w io.Writer, make func(io.Writer) slog.Handler) slog.Handler {
	lines := &prefixed{w: w}
	return prioritized{make(lines), lines}
}

// Handle writes one line.
func (h prioritized) Handle(ctx context.Context, r slog.Record) error {
	h.lines.mu.Lock()
	defer h.lines.mu.Unlock()
	h.lines.prefix = priority(r.Level)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is a handler that adds them to each line.
func (h prioritized) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prioritized{h.Handler.WithAttrs(attrs), h.lines}
}

// WithGroup is a handler that puts what follows into a group.
func (h prioritized) WithGroup(name string) slog.Handler {
	return prioritized{h.Handler.WithGroup(name), h.lines}
}

// priority is a level as syslog has it.
func priority(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "<3>"
	case l >= slog.LevelWarn:
		return "<4>"
	case l >= slog.LevelInfo:
		return "<6>"
	}
	return "<7>"
}

// prefixed writes lines, each with the prefix in front that is set when it comes.
type prefixed struct {
	w      io.Writer
	mu     sync.Mutex // held while one line is made and written
	prefix string
}

// Write writes one whole line in one piece.
func (p *prefixed) Write(line []byte) (int, error) {
	if _, err := p.w.Write(append([]byte(p.prefix), line...)); err != nil {
		return 0, err
	}
	return len(line), nil
}
