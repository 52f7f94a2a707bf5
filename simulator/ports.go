package simulator

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

const (
	maxListeners  = 2000 // each is a file descriptor
	portsEvery    = 100 * time.Millisecond
	portsPatience = 10 * time.Second // for a caller to ask and to listen
)

// OpenPorts listens on these ports of the addresses of every droplet that serves, with real sockets, until stop is called: who connects
// meets what Dial meets. Droplets must have addresses of loopback (Options.Loopback). Say is told once of each port that cannot be
// listened on, and once when there are too many listeners.
func (s *Simulator) OpenPorts(ports []int, say func(string)) (stop func()) {
	o := &openPorts{s: s, ports: ports, say: say, listeners: map[netip.AddrPort]net.Listener{}, said: map[int]bool{}}
	o.follow()
	ticker, ended, done := time.NewTicker(portsEvery), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ticker.C:
				o.follow()
			case <-ended:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(ended)
		<-done
		for at := range o.listeners {
			o.close(at)
		}
		o.calls.Wait()
	}
}

// openPorts are the listeners of an account's droplets.
type openPorts struct {
	s         *Simulator
	ports     []int
	say       func(string)
	listeners map[netip.AddrPort]net.Listener // nil: it cannot be listened on, and is not tried again while the droplet serves
	open      int                             // listeners that are not nil
	said      map[int]bool                    // ports; 0: that there are too many
	calls     sync.WaitGroup
}

// follow opens and closes what the account asks for now.
func (o *openPorts) follow() {
	open := o.s.open()
	for at := range o.listeners {
		if !open[at.Addr()] {
			o.close(at)
		}
	}
	for ip := range open {
		for _, port := range o.ports {
			at := netip.AddrPortFrom(ip, uint16(port))
			if _, ok := o.listeners[at]; ok {
				continue
			}
			if o.open >= maxListeners {
				o.sayOnce(0, fmt.Sprintf("%d listeners are open: no more are opened, and the other droplets refuse connections", maxListeners))
				return
			}
			o.listen(at)
		}
	}
}

func (o *openPorts) listen(at netip.AddrPort) {
	l, err := net.Listen("tcp4", at.String())
	if err != nil {
		o.listeners[at] = nil
		hint := ""
		if errors.Is(err, syscall.EACCES) && at.Port() < 1024 {
			hint = " (ports below 1024 need root; use another port)"
		}
		o.sayOnce(int(at.Port()), fmt.Sprintf("droplets cannot be reached on port %d: %v%s", at.Port(), err, hint))
		return
	}
	o.listeners[at] = l
	o.open++
	o.calls.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			o.calls.Go(func() { o.take(conn, at.Addr()) })
		}
	})
}

// take serves a connection. The droplet may have ceased to serve since it was last looked at.
func (o *openPorts) take(conn net.Conn, ip netip.Addr) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(portsPatience))
	if r := o.s.receive(ip); r.Open {
		_ = reply(conn, r.Status)
	}
}

func (o *openPorts) close(at netip.AddrPort) {
	if l := o.listeners[at]; l != nil {
		l.Close()
		o.open--
	}
	delete(o.listeners, at)
}

func (o *openPorts) sayOnce(port int, what string) {
	if !o.said[port] {
		o.said[port] = true
		o.say(what)
	}
}
