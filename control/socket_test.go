package control

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// Nobody but the daemon's user, or its group where it says so, may give it orders: from the socket's first moment.
func TestLaw15TheControlSocketIsItsOwners(t *testing.T) {
	for group, want := range map[bool]os.FileMode{false: 0o600, true: 0o660} {
		path := filepath.Join(t.TempDir(), "arcadiad.sock")
		l, err := Listen(path, group)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("group %v: %v, %v; want %v", group, info.Mode(), err, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A second daemon with the same --socket does not take it from the first; what a killed one left is replaced.
func TestASocketIsNotTakenFromWhoListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "arcadiad.sock")
	first, err := Listen(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, false); !errors.Is(err, ErrListening) {
		t.Errorf("beside one that listens: %v", err)
	}
	conn, err := dial(t.Context(), path)
	if err != nil {
		t.Fatalf("the first is not there any more: %v", err)
	}
	conn.Close()
	first.(*socket).Listener.Close() // and its file stays, as after SIGKILL
	second, err := Listen(path, false)
	if err != nil {
		t.Fatalf("after one that is gone: %v", err)
	}
	second.Close()
}

// served has a handler answer on a real socket until the test ends.
func served(t *testing.T, h http.Handler) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "arcadiad.sock")
	l, err := Listen(path, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Serve(ctx, l, h)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	c, err := reach(t.Context(), path, waitTime)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
