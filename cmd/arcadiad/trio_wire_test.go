package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// link is the way of one host to the database.
type link struct {
	listener net.Listener
	server   string

	mu     sync.Mutex
	is     linkIs
	change chan struct{} // is closed when it is something else
	open   map[net.Conn]bool
}

type linkIs int

const (
	linkWhole  linkIs = iota
	linkCut           // connections break, and none is made
	linkSilent        // nothing passes, and nobody says so; it arrives late
)

// newLink makes the socket of a database in a directory.
func newLink(dir, server string) (*link, error) {
	l := &link{server: filepath.Join(server, ".s.PGSQL.5432"), change: make(chan struct{}), open: map[net.Conn]bool{}}
	var err error
	l.listener, err = net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err == nil {
		go l.accept()
	}
	return l, err
}

func (l *link) set(is linkIs) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.is = is
	close(l.change)
	l.change = make(chan struct{})
	if is == linkCut {
		for c := range l.open {
			c.Close()
		}
	}
}

// pass waits while the link is silent; false: it is cut.
func (l *link) pass() bool {
	for {
		l.mu.Lock()
		is, change := l.is, l.change
		l.mu.Unlock()
		if is != linkSilent {
			return is == linkWhole
		}
		<-change
	}
}

func (l *link) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.serve(c)
	}
}

// keep notes a connection, which breaks when the link is cut.
func (l *link) keep(c net.Conn) (forget func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		c.Close()
		delete(l.open, c)
	}
}

func (l *link) serve(client net.Conn) {
	defer l.keep(client)()
	if !l.pass() {
		return
	}
	server, err := net.Dial("unix", l.server)
	if err != nil {
		return
	}
	defer l.keep(server)()
	go func() {
		defer client.Close()
		l.copy(client, server)
	}()
	l.copy(server, client)
}

func (l *link) copy(to io.Writer, from io.Reader) {
	b := make([]byte, 1<<15)
	for {
		n, err := from.Read(b)
		if n > 0 && l.pass() {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil || !l.pass() {
			return
		}
	}
}

// write is a request that changes something in the account.
type write struct {
	at      time.Time // when it arrived
	by      int       // the process that sent it
	what    string    // POST /v2/droplets
	name    string    // of the droplet that is to be made
	status  int       // of the answer; 0: there was none
	created int       // the id of the droplet that was made
}

// wire is the way of one process to the account. What was sent arrives, whatever becomes of the sender.
func (k *trio) wire(h *host, pid func() int) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		changes := r.Method != http.MethodGet
		sent := write{at: time.Now(), by: pid(), what: r.Method + " " + r.URL.Path}
		if changes {
			k.happen(atArrival, h)
		}
		req, err := http.NewRequest(r.Method, k.url+r.URL.RequestURI(), bytes.NewReader(body)) // it outlives its sender
		if err != nil {
			panic(err)
		}
		req.Header = r.Header
		resp, err := k.account.RoundTrip(req)
		var said []byte
		if err == nil {
			said, err = io.ReadAll(resp.Body)
			resp.Body.Close()
			sent.status = resp.StatusCode
		}
		if changes {
			sent.learn(body, said)
			k.wrote(sent)
			k.happen(atAnswer, h)
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = w.Write(said)
	}))
}

// learn reads what a create made.
func (w *write) learn(request, answer []byte) {
	if !strings.HasPrefix(w.what, "POST /v2/droplets") {
		return
	}
	var asked struct{ Name string }
	var told struct{ Droplet struct{ ID int } }
	if json.Unmarshal(request, &asked) == nil && json.Unmarshal(answer, &told) == nil {
		w.name, w.created = asked.Name, told.Droplet.ID
	}
}

func (k *trio) wrote(w write) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.writes = append(k.writes, w)
}
