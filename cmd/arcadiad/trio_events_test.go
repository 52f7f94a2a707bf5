package main

import (
	"fmt"
	"syscall"
	"time"
)

// moment is when something happens to the one that sends a write.
type moment int

const (
	atArrival moment = iota // the write has been sent, and nothing was done for it
	atAnswer                // it was done, and the answer has not arrived
	atRandom
)

// due is what happens to the next host that sends a write.
type due struct {
	at   moment
	what func(h *host)
	done chan struct{}
}

// event is something that befell the daemons.
type event struct {
	what  string
	at    time.Time
	over  time.Time // everything is whole again
	pid   int       // whom it befell; 0: all of them
	leads bool      // it had the lease until then, and must lose it
	stop  bool      // it was stopped
}

// happen lets what is due happen.
func (k *trio) happen(at moment, h *host) {
	k.mu.Lock()
	d := k.due
	if d == nil || d.at != at {
		k.mu.Unlock()
		return
	}
	k.due = nil
	k.mu.Unlock()
	d.what(h)
	close(d.done)
}

// befall waits for a moment, and does something to the one who sends a write then. Where nobody does, it is done to the leader.
func (k *trio) befall(what func(h *host)) {
	d := &due{at: moment(k.rng.IntN(3)), what: what, done: make(chan struct{})}
	patience := time.Duration(k.rng.IntN(1500)) * time.Millisecond
	if d.at != atRandom {
		patience = 2 * time.Second
		k.mu.Lock()
		k.due = d
		k.mu.Unlock()
	}
	select {
	case <-d.done:
		return
	case <-time.After(patience):
	}
	k.mu.Lock()
	mine := k.due == d || d.at == atRandom
	k.due = nil
	k.mu.Unlock()
	if !mine {
		<-d.done
		return
	}
	what(k.leader())
}

// pause is a part of the lease, in percent.
func (k *trio) pause(from, to int) {
	<-time.After(trioLease * time.Duration(from+k.rng.IntN(to-from+1)) / 100)
}

// trouble is one event, from its beginning to its end.
func (k *trio) trouble() {
	var victim *host
	var gone <-chan struct{}
	e := event{}
	begin := func(what string, leads bool, do func(h *host)) {
		k.befall(func(h *host) {
			victim = h
			e = event{what: what, at: time.Now(), pid: h.pid(), leads: leads}
			k.said.add(fmt.Sprintf("--- %s: %s (%d)", what, h.name, e.pid))
			do(h)
		})
	}
	switch k.rng.IntN(12) {
	case 0, 1:
		begin("killed", true, func(h *host) { gone = h.end(syscall.SIGKILL) })
		<-gone
		k.pause(0, 250)
		k.start(victim)
	case 2:
		begin("interrupted", true, func(h *host) { gone = h.end(syscall.SIGINT) })
		<-gone
		k.pause(0, 100)
		k.start(victim)
	case 3, 4, 5:
		begin("stopped", true, func(h *host) { h.signal(syscall.SIGSTOP) })
		e.stop = true
		k.pause(150, 350)
		victim.signal(syscall.SIGCONT)
	case 6:
		begin("stopped for a moment", false, func(h *host) { h.signal(syscall.SIGSTOP) })
		e.stop = true
		k.pause(30, 130)
		victim.signal(syscall.SIGCONT)
	case 7:
		begin("cut off", true, func(h *host) { h.link.set(linkCut) })
		k.pause(150, 350)
		victim.link.set(linkWhole)
	case 8:
		begin("silenced", true, func(h *host) { h.link.set(linkSilent) })
		k.pause(150, 350)
		victim.link.set(linkWhole)
	case 9:
		begin("all killed", false, func(*host) {})
		e.pid = 0
		for _, h := range k.hosts {
			<-h.end(syscall.SIGKILL)
		}
		k.pause(0, 100)
		for _, h := range k.hosts {
			k.start(h)
		}
	default:
		begin("server killed", false, func(*host) { k.server.Kill() })
		e.pid = 0
		k.pause(0, 250)
		k.server.Restart(k.t)
	}
	e.over = time.Now()
	k.said.add("--- over: " + e.what)
	k.events = append(k.events, e)
	if k.rng.IntN(2) == 0 {
		k.pause(100, 300)
	}
}
