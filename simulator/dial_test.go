package simulator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

// asks is a GET over a connection of a dialer's own; 0: there is no answer.
func asks(t *testing.T, dial func(context.Context, string, string) (net.Conn, error), url string) (status int, err error) {
	t.Helper()
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

// A dialer inside the process reaches what serves, on any port of either address, and is refused as by the kernel elsewhere.
func TestDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		one := s.Add(simulator.Droplet{Name: "web-1"})
		off := s.Add(simulator.Droplet{Name: "web-2", Status: "off"})
		for _, tt := range []struct {
			url    string
			faults simulator.Faults
			status int // 0: refused
		}{
			{"http://" + one.PublicIPv4 + ":8080/healthz?x=y", simulator.Faults{}, 200},
			{"http://" + one.PrivateIPv4 + ":1/", simulator.Faults{}, 200},
			{"https://" + one.PublicIPv4 + ":8443/", simulator.Faults{}, 200},
			{"http://" + one.PublicIPv4 + ":8080/", simulator.Faults{ServiceStatus: 503}, 503},
			{"https://" + one.PublicIPv4 + ":8080/", simulator.Faults{ServiceStatus: 302}, 302},
			{"http://" + one.PublicIPv4 + ":8080/", simulator.Faults{NeverReady: []string{"web-1"}}, 0},
			{"http://" + off.PublicIPv4 + ":8080/", simulator.Faults{}, 0},
			{"http://203.0.113.1:8080/", simulator.Faults{}, 0},
			{"http://127.0.0.1:8080/", simulator.Faults{}, 0},
		} {
			s.SetFaults(tt.faults)
			status, err := asks(t, s.Dial, tt.url)
			if status != tt.status || status == 0 && !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s with %+v: %d, %v", tt.url, tt.faults, status, err)
			}
		}
		s.SetFaults(simulator.Faults{})
		for _, address := range []string{"web-1:80", one.PublicIPv4, ""} {
			if conn, err := s.Dial(t.Context(), "tcp", address); err == nil {
				t.Errorf("%q was dialed", address)
				conn.Close()
			}
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := s.Dial(ended, "tcp", one.PublicIPv4+":80"); !errors.Is(err, context.Canceled) {
			t.Errorf("a dial whose context has ended: %v", err)
		}
		// A caller that only wants to know whether the port is open hangs up, and nothing is left of it.
		conn, err := s.Dial(t.Context(), "tcp", one.PublicIPv4+":22")
		must(t, conn, err).Close()
		if hits := s.Hits(); hits["never_ready"] != 1 || hits["service_status"] != 2 {
			t.Errorf("the faults met %v", hits)
		}
	})
}

// A droplet that serves and cannot be reached does not answer at all.
func TestUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		one, two := s.Add(simulator.Droplet{Name: "web-1"}), s.Add(simulator.Droplet{Name: "web-2"})
		s.SetFaults(simulator.Faults{Unreachable: []string{"web-1"}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if _, err := s.Dial(ctx, "tcp", one.PublicIPv4+":80"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		conn, err := s.Dial(t.Context(), "tcp", two.PublicIPv4+":80")
		must(t, conn, err).Close()
	})
}

// Another process reaches the droplets through the URL under which the account is served.
func TestDialThrough(t *testing.T) {
	s := simulator.New(simulator.Options{})
	one := s.Add(simulator.Droplet{Name: "web-1"})
	server := httptest.NewServer(s)
	defer server.Close()
	dial := simulator.DialThrough(server.URL)
	if status, err := asks(t, dial, "http://"+one.PublicIPv4+":8080/"); status != 200 {
		t.Errorf("%d, %v", status, err)
	}
	s.SetFaults(simulator.Faults{ServiceStatus: 404})
	if status, err := asks(t, dial, "https://"+one.PrivateIPv4+":8080/"); status != 404 {
		t.Errorf("%d, %v", status, err)
	}
	s.PowerOff(one.ID)
	if _, err := asks(t, dial, "http://"+one.PublicIPv4+":8080/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a droplet that is off: %v", err)
	}
	s.PowerOn(one.ID)
	s.SetFaults(simulator.Faults{Unreachable: []string{"*"}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := dial(ctx, "tcp", one.PublicIPv4+":8080"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a droplet that is not reached: %v", err)
	}
	server.Close()
	if _, err := dial(t.Context(), "tcp", one.PublicIPv4+":8080"); err == nil {
		t.Error("a simulator that is gone has a droplet")
	}
}

// With addresses of loopback no two droplets share one, public or private.
func TestLoopbackAddresses(t *testing.T) {
	s := simulator.New(simulator.Options{Loopback: true})
	seen := map[string]bool{}
	within := netip.MustParsePrefix("127.64.0.0/10")
	for i := range 1000 {
		d := s.Add(simulator.Droplet{Name: fmt.Sprint("web-", i), Region: []string{"syd1", "nyc3"}[i%2]})
		for _, ip := range []string{d.PublicIPv4, d.PrivateIPv4} {
			if seen[ip] || !within.Contains(netip.MustParseAddr(ip)) {
				t.Fatalf("droplet %d has %s", i, ip)
			}
			seen[ip] = true
		}
	}
}

// heard collects what OpenPorts says.
type heard struct {
	mu    sync.Mutex
	lines []string
}

func (h *heard) say(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

// freePort is a port that is free on 127.64.0.0/10, as far as one can know.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.127.255.254:0")
	must(t, l, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// becomes waits until a connection to an address is taken, or is not.
func becomes(t *testing.T, at string, open bool) {
	t.Helper()
	for range 1000 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", at)
		if err == nil {
			conn.Close()
		}
		if (err == nil) == open {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("%s does not come to be open: %v", at, open)
}

// Real sockets open as droplets begin to serve, and close as they cease to.
func TestOpenPorts(t *testing.T) {
	s := simulator.New(simulator.Options{Loopback: true, Activation: 50 * time.Millisecond})
	old := s.Add(simulator.Droplet{Name: "old"})
	port := freePort(t)
	var h heard
	stop := s.OpenPorts([]int{port}, h.say)
	at := func(ip string) string { return fmt.Sprintf("%s:%d", ip, port) }
	dial := new(net.Dialer).DialContext
	for _, url := range []string{"http://" + at(old.PublicIPv4), "https://" + at(old.PrivateIPv4)} {
		if status, err := asks(t, dial, url); status != 200 { // at once: it served before
			t.Errorf("%s: %d, %v", url, status, err)
		}
	}
	s.SetFaults(simulator.Faults{ServiceStatus: 500})
	if status, err := asks(t, dial, "http://"+at(old.PublicIPv4)); status != 500 {
		t.Errorf("with another status: %d, %v", status, err)
	}
	s.SetFaults(simulator.Faults{NeverReady: []string{"bad"}})
	young, _ := s.Droplet(int64(create(t, inProcess(t, s, "any"), "young").ID))
	bad := s.Add(simulator.Droplet{Name: "bad"})
	becomes(t, at(young.PublicIPv4), true)
	becomes(t, at(young.PrivateIPv4), true)
	becomes(t, at(bad.PublicIPv4), false)
	s.PowerOff(old.ID)
	becomes(t, at(old.PublicIPv4), false)
	s.PowerOn(old.ID)
	becomes(t, at(old.PublicIPv4), true)
	s.Delete(old.ID)
	becomes(t, at(old.PublicIPv4), false)
	stop()
	becomes(t, at(young.PublicIPv4), false)
	if len(h.lines) > 0 {
		t.Errorf("it says %q", h.lines)
	}
}

// What cannot be opened is told once, and is no reason to stop.
func TestOpenPortsSaysWhatItCannot(t *testing.T) {
	s := simulator.New(simulator.Options{Loopback: true})
	used, err := net.Listen("tcp4", "0.0.0.0:0") // on every address, so on those of the droplets
	must(t, used, err)
	defer used.Close()
	taken, free := used.Addr().(*net.TCPAddr).Port, freePort(t)
	for i := range 1100 {
		s.Add(simulator.Droplet{Name: fmt.Sprint("web-", i)})
	}
	var h heard
	stop := s.OpenPorts([]int{taken, free}, h.say)
	defer stop()
	slices.Sort(h.lines)
	if len(h.lines) != 2 || !bytes.HasPrefix([]byte(h.lines[0]), []byte("2000 listeners are open")) ||
		!bytes.Contains([]byte(h.lines[1]), []byte("address already in use")) {
		t.Errorf("it says %q", h.lines)
	}
}
