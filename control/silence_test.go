package control

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"arcadiad/saga"
)

// overPipe asks the daemon behind a listener in memory.
func overPipe(l *piped, patience time.Duration) *Client {
	return over(func(context.Context, string, string) (net.Conn, error) { return l.dial(), nil }, patience)
}

// A daemon that falls silent while it answers is not waited for; one that only takes its time is.
func TestADaemonThatFallsSilent(t *testing.T) {
	for name, hangs := range map[string]bool{"hangs": true, "works": false} {
		onPipe(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == applyCall.path:
				io.WriteString(w, `{"progress":{"saga":"5f0c9a1e"}}`+"\n")
				http.NewResponseController(w).Flush()
				time.Sleep(time.Hour)
				io.WriteString(w, `{}`)
			case hangs:
				time.Sleep(time.Hour)
			}
		}, func(l *piped) {
			c := overPipe(l, waitTime)
			began, heard := time.Now(), 0
			_, err := c.Apply(context.Background(), ApplyRequest{Plan: "3f2a9c51d0e7"}, func(Progress) { heard++ })
			took := time.Since(began)
			if hangs != errors.Is(err, errSilent) || hangs != (err != nil) || hangs != (took == askTime+waitTime) || heard != 1 {
				t.Errorf("%s: %v after %v, heard %d", name, err, took, heard)
			}
			if hangs {
				if _, err := c.Backup(context.Background()); !errors.Is(err, errSilent) {
					t.Errorf("a backup: %v", err)
				}
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// A command that only looks does without a daemon that begins to answer and does not end, whatever that is due to; what the daemon says
// stands.
func TestALookWithoutTheDaemonsEnd(t *testing.T) {
	for name, answer := range map[string]string{
		"silence": "", "half an answer": `{"answer":{"meta":`, "no answer": `{"progress":{}}`, "its word": `{"error":"the disk is failing"}`,
	} {
		onPipe(t, func(w http.ResponseWriter, r *http.Request) {
			if io.WriteString(w, answer); answer == "" {
				time.Sleep(time.Hour)
			}
		}, func(l *piped) {
			var l2 local
			c := overPipe(l, askTime)
			c.instead = func(ctx context.Context, why error) error { return Options{Local: l2.open}.takeOver(ctx, c, why) }
			began := time.Now()
			st, err := c.Status(context.Background())
			if took := time.Since(began); l2.opened == (name == "its word") || (err == nil) != l2.opened || took > 2*askTime ||
				l2.opened != (st.DaemonError != "") {
				t.Errorf("%s: opened %v after %v, %q, %v", name, l2.opened, took, st.DaemonError, err)
			}
			if _, err := c.Sagas(context.Background(), saga.Filter{}); l2.opened && err != nil {
				t.Errorf("%s: the next one: %v", name, err)
			}
			if err := c.Close(); err != nil || l2.closed != l2.opened {
				t.Errorf("%s: closed %v, %v", name, l2.closed, err)
			}
			time.Sleep(2 * time.Hour)
		})
	}
}

// ends is the service of a daemon that is told to end while it answers.
type ends struct {
	local
	end context.CancelFunc
}

func (e *ends) Status(ctx context.Context) (Status, error) {
	e.end()
	<-ctx.Done()
	return Status{}, ctx.Err()
}

// A command that looks does without a daemon that ends meanwhile, and does not say that something was canceled.
func TestALookWhileTheDaemonEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "arcadiad.sock")
	l, err := Listen(path, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Serve(ctx, l, Handler(&ends{end: end}))
	}()
	var here local
	c, err := reach(t.Context(), path, askTime)
	if err != nil {
		t.Fatal(err)
	}
	c.instead = func(ctx context.Context, why error) error { return Options{Local: here.open}.takeOver(ctx, c, why) }
	if _, err := c.Status(t.Context()); err != nil || !here.opened {
		t.Errorf("%v, asked here: %v", err, here.opened)
	}
	<-ended
}
