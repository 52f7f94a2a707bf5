package main

import (
	"bytes"
	"io"
	"log/slog"
	"testing"
)

// Each line for the journal begins with its priority, whatever its handler was made from.
func TestPriorities(t *testing.T) {
	var b bytes.Buffer
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := slog.New(newPrioritized(&b, func(w io.Writer) slog.Handler {
		return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: plain})
	}))
	log.Debug("d")
	log.With("a", 1).Info("i")
	log.WithGroup("g").Warn("w", "b", 2)
	log.Error("two\nlines")
	const want = "<7>level=DEBUG msg=d\n<6>level=INFO msg=i a=1\n<4>level=WARN msg=w g.b=2\n<3>level=ERROR msg=\"two\\nlines\"\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
