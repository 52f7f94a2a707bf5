package control

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// piped is a listener in memory, so that a server runs in a bubble.
type piped struct {
	conns chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func newPiped() *piped { return &piped{conns: make(chan net.Conn), over: make(chan struct{})} }

func (p *piped) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *piped) Close() error { p.once.Do(func() { close(p.over) }); return nil }

func (p *piped) Addr() net.Addr { return &net.UnixAddr{Name: "piped", Net: "unix"} }

// dial connects.
func (p *piped) dial() net.Conn {
	mine, its := net.Pipe()
	p.conns <- its
	return mine
}

// onPipe serves a handler like the control socket does, in a bubble.
func onPipe(t *testing.T, handler http.HandlerFunc, test func(l *piped)) {
	synctest.Test(t, func(t *testing.T) {
		l, server := newPiped(), bounded(handler)
		done := make(chan struct{})
		go func() {
			defer close(done)
			server.Serve(l)
		}()
		test(l)
		server.Close()
		<-done
	})
}

func answerOf(t *testing.T, c net.Conn) (status int, said string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(b))
}

// echo answers what it receives.
func echo(most int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q ApplyRequest
		if receive(w, r, most, &q) {
			fmt.Fprint(w, q.Plan)
		}
	}
}

func TestTheControlSocketGivesARequestTenSeconds(t *testing.T) {
	for _, tt := range []struct{ name, sent, said string }{
		{"a header that never ends", "POST /plan HTTP/1.1\r\nHost: arcadiad\r\n", ""},
		{"a body that never comes", "POST /plan HTTP/1.1\r\nHost: arcadiad\r\nContent-Length: 100\r\n\r\n{", "the request was not sent whole within 10s"},
		{"a body with more after the request", "POST /plan HTTP/1.1\r\nHost: arcadiad\r\nContent-Length: 100\r\n\r\n{}", "the request was not sent whole within 10s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onPipe(t, echo(maxRequest), func(l *piped) {
				began := time.Now()
				c := l.dial()
				defer c.Close()
				io.WriteString(c, tt.sent)
				if tt.said == "" {
					io.Copy(io.Discard, c) // the end hangs up
				} else if status, said := answerOf(t, c); status != http.StatusRequestTimeout || said != tt.said {
					t.Errorf("answered %d %q, want %q", status, said, tt.said)
				}
				if took := time.Since(began); took < 9*time.Second || took > 11*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// Only sending is bounded: an apply is followed for as long as it takes, on a connection that says nothing.
func TestTheControlSocketAnswersForAsLongAsItNeeds(t *testing.T) {
	long := func(w http.ResponseWriter, r *http.Request) {
		var q ApplyRequest
		if !receive(w, r, maxRequest, &q) {
			return
		}
		for range 60 {
			select {
			case <-time.After(time.Minute):
				fmt.Fprintln(w, q.Plan)
				http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				fmt.Fprintln(w, "cut")
				return
			}
		}
	}
	onPipe(t, long, func(l *piped) {
		c := l.dial()
		defer c.Close()
		io.WriteString(c, "POST /apply HTTP/1.1\r\nHost: arcadiad\r\nContent-Length: 14\r\n\r\n{\"plan\":\"abc\"}")
		if status, said := answerOf(t, c); status != http.StatusOK || strings.Count(said, "abc") != 60 || strings.Contains(said, "cut") {
			t.Errorf("answered %d %q", status, said)
		}
	})
}

func TestTheControlSocketAnswersSoManyAtOnce(t *testing.T) {
	var free chan struct{}
	onPipe(t, func(w http.ResponseWriter, r *http.Request) { <-free }, func(l *piped) {
		free = make(chan struct{})
		const request = "POST /status HTTP/1.1\r\nHost: arcadiad\r\nContent-Length: 2\r\n\r\n{}"
		for range maxAtOnce {
			c := l.dial()
			defer c.Close()
			io.WriteString(c, request)
		}
		synctest.Wait()
		c := l.dial()
		defer c.Close()
		io.WriteString(c, request)
		if status, said := answerOf(t, c); status != http.StatusServiceUnavailable || !strings.Contains(said, "256 requests already") {
			t.Errorf("one too many is answered %d %q", status, said)
		}
		close(free)
	})
}

// A real socket refuses 300 MiB, in words, and takes no room for them.
func TestTheControlSocketRefusesALargeBody(t *testing.T) {
	c := served(t, Handler(nobody{}))
	for _, path := range []string{planCall.path, applyCall.path, sagasCall.path, transferCall.path, offerCall.path, backupPath} {
		conn, err := dial(t.Context(), c.socket)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const size = 300 << 20
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: arcadiad\r\nContent-Length: %d\r\n\r\n{\"id\":\"", path, size)
		var sent atomic.Int64
		go func() {
			block := []byte(strings.Repeat("x", 64<<10))
			for sent.Load() < size {
				n, err := conn.Write(block)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}()
		status, said := answerOf(t, conn)
		conn.Close()
		runtime.ReadMemStats(&after)
		if status != http.StatusRequestEntityTooLarge || !strings.HasPrefix(said, "the request is larger than ") {
			t.Errorf("%s answers %d %q", path, status, said)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; sent.Load() > 16<<20 || grown > 64<<20 {
			t.Errorf("%s took in %d MiB, and %d MiB of room", path, sent.Load()>>20, grown>>20)
		}
	}
	_, err := c.Plan(t.Context(), PlanRequest{Hash: strings.Repeat("x", 300<<10)})
	if err == nil || err.Error() != "the running daemon: the request is larger than 64 KiB" {
		t.Errorf("the command says: %v", err)
	}
}

func TestATransferListsSoManyDroplets(t *testing.T) {
	var l TransferList
	if err := l.UnmarshalJSON([]byte("[" + strings.Repeat("{},", maxTransfers-1) + "{}]")); err != nil || len(l) != maxTransfers {
		t.Errorf("%d droplets: %v", len(l), err)
	}
	if err := l.UnmarshalJSON([]byte("[" + strings.Repeat("{},", maxTransfers) + "{}]")); err == nil {
		t.Error("one more is taken")
	}
	for _, bad := range []string{"", "{}", "[1]", `"x"`} {
		if err := l.UnmarshalJSON([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
