package postgres_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"arcadiad/state/postgres/cluster"
)

// proxy stands between a store and its server, and looks at what the store sends.
type proxy struct {
	server, url string

	mu   sync.Mutex
	look func(kind byte, message string) cut // for each message; nil: nothing is cut
	all  []string                            // what was sent, but for passwords and the start
}

// cut is what becomes of a connection.
type cut int

const (
	goOn      cut = iota
	cutBefore     // the message does not arrive
	cutAfter      // it arrives, and the answer is lost
)

// newProxy gives a database behind a proxy.
func newProxy(t *testing.T) *proxy {
	t.Helper()
	u := get(url.Parse(cluster.Database(t)))(t)
	query, dir := u.Query(), t.TempDir()
	p := &proxy{server: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	query.Set("host", dir)
	u.RawQuery = query.Encode()
	p.url = u.String()
	l := get(net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432")))(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// at has each message looked at from now on.
func (p *proxy) at(look func(kind byte, message string) cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look = look
}

// onCommit cuts the next connection that commits, in this way.
func (p *proxy) onCommit(how cut) {
	done := false
	p.at(func(kind byte, message string) cut {
		if done || kind != 'Q' || !strings.HasPrefix(message, "commit") {
			return goOn
		}
		done = true
		return how
	})
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var lost atomic.Bool // the next answer goes nowhere
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, err := server.Read(b)
			if err == nil && !lost.Load() {
				_, err = client.Write(b[:n])
			}
			if err != nil || lost.Load() {
				client.Close()
				return
			}
		}
	}()
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first { // the start has no kind
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		how := goOn
		if !first {
			how = p.saw(head[0], string(body))
		}
		if how == cutBefore {
			return
		}
		if how == cutAfter {
			lost.Store(true)
		}
		if _, err := server.Write(append(head, body...)); err != nil {
			return
		}
	}
}

func (p *proxy) saw(kind byte, message string) cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	if kind != 'p' {
		p.all = append(p.all, string(kind)+message)
	}
	if p.look == nil {
		return goOn
	}
	return p.look(kind, message)
}
