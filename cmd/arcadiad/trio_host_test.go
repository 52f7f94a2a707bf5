package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// host is one of the three, with its daemon. As a service manager does, it starts the daemon again when that ends by itself.
type host struct {
	name, dir, state string
	link             *link

	mu      sync.Mutex
	cmd     *exec.Cmd // nil: none runs
	gone    chan struct{}
	said    *lines
	process atomic.Int64
	own     []string // what it said when it ended by itself
}

// pid is the process of the daemon; 0: none runs.
func (h *host) pid() int { return int(h.process.Load()) }

// start starts the daemon of a host.
func (k *trio) start(h *host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var pid atomic.Int64
	account := k.wire(h, func() int { return int(pid.Load()) })
	cmd := exec.Command("arcadiad", "run", "--api-url", account.URL, "--fleet", filepath.Join(k.dir, "fleet.yaml"), "--state", h.state,
		"--lease", trioLease.String(), "--create-settle", trioSettle.String(), "--wait-interval", "100ms")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "DIGITALOCEAN_ACCESS_TOKEN=any"}
	gone := make(chan struct{})
	said := &lines{to: k.said, host: h}
	cmd.Stderr = said
	ended, err := attend(cmd)
	if err != nil {
		k.t.Error(err)
		return
	}
	pid.Store(int64(cmd.Process.Pid))
	said.pid.Store(int64(cmd.Process.Pid))
	h.process.Store(int64(cmd.Process.Pid))
	h.cmd, h.gone, h.said = cmd, gone, said
	k.said.add(fmt.Sprintf("--- %s starts as process %d", h.name, cmd.Process.Pid))
	go func() {
		err := <-ended
		go account.Close() // it waits for requests on their way
		h.mu.Lock()
		itself := h.cmd == cmd
		if itself {
			h.cmd, h.own = nil, append(h.own, fmt.Sprintf("%v: %s", err, said.last))
			h.process.Store(0)
		}
		h.mu.Unlock()
		k.said.add(fmt.Sprintf("--- %s has ended: %v", h.name, err))
		close(gone)
		if itself {
			<-time.After(300 * time.Millisecond)
			k.start(h)
		}
	}()
}

// end ends the daemon by a signal; gone is closed when it is.
func (h *host) end(by syscall.Signal) (gone <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cmd != nil {
		_ = h.cmd.Process.Signal(by)
		h.cmd = nil
		h.process.Store(0)
	}
	return h.gone
}

// signal sends a signal to the daemon, if there is one.
func (h *host) signal(s os.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cmd != nil {
		_ = h.cmd.Process.Signal(s)
	}
}

// hurry is a person who does not wait for a backoff. A daemon that has not said anything yet does not listen for that, and would end.
func (h *host) hurry() {
	h.mu.Lock()
	said := h.said
	h.mu.Unlock()
	if said != nil && said.any.Load() {
		h.signal(syscall.SIGHUP)
	}
}

// transcript is what was done and said, in order.
type transcript struct {
	mu    sync.Mutex
	text  bytes.Buffer
	leads []lead
}

// lead is a daemon that begins to work.
type lead struct {
	at  time.Time
	pid int
}

func (t *transcript) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(&t.text, time.Now().UTC().Format("15:04:05.000"), strings.TrimSpace(line))
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// lines takes in the log of a daemon.
type lines struct {
	to   *transcript
	host *host
	pid  atomic.Int64
	any  atomic.Bool // whether it has said a line
	rest []byte
	last string
}

func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		l.rest, l.last = rest, string(line)
		l.any.Store(true)
		l.to.add(l.host.name + ": " + string(line))
		if bytes.Contains(line, []byte(`msg="arcadiad runs"`)) {
			l.to.mu.Lock()
			l.to.leads = append(l.to.leads, lead{time.Now(), int(l.pid.Load())})
			l.to.mu.Unlock()
		}
	}
}
