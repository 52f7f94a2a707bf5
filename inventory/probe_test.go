package inventory_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"arcadiad/fleet"
	"arcadiad/inventory"
)

// probing is an inventory that asks no API, and may probe this host.
func probing(o inventory.Options) *inventory.Inventory {
	o.LoopbackProbes = true
	return inventory.New(o)
}

// probeOne probes one droplet now.
func probeOne(t *testing.T, i *inventory.Inventory, target inventory.Target) inventory.Probed {
	t.Helper()
	target.DropletID = 1
	result, ok := i.Probe(t.Context(), []inventory.Target{target}, 0)[1]
	if !ok {
		t.Fatal("the droplet was not probed")
	}
	if result.Passed != (result.Why == "") {
		t.Errorf("the result is %+v: it passed, or there is a reason", result)
	}
	return result
}

// on is a target of a listener.
func on(l net.Addr, ready fleet.Ready) inventory.Target {
	a := l.(*net.TCPAddr)
	ready.Port = a.Port
	return inventory.Target{Address: a.IP.String(), Ready: ready}
}

// server listens and hands each connection to a droplet that behaves in some way.
func server(t *testing.T, behave func(net.Conn)) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); behave(conn) }()
		}
	}()
	return l.Addr()
}

// says answers a request with this text.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, text)
		}
	}
}

func TestProbeTCP(t *testing.T) {
	i := probing(inventory.Options{})
	listening := server(t, func(net.Conn) {})
	if r := probeOne(t, i, on(listening, fleet.Ready{})); !r.Passed {
		t.Errorf("a droplet that listens: %s", r.Why)
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	if r := probeOne(t, i, on(closed.Listener.Addr(), fleet.Ready{})); r.Why != "connection refused" {
		t.Errorf("a droplet that does not listen: %q", r.Why)
	}
}

// What a droplet answers is judged by its status alone, and told in words that quote nothing else of it.
func TestProbeHTTP(t *testing.T) {
	reset := func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	for _, tt := range []struct {
		name   string
		behave func(net.Conn)
		status int
		why    string
	}{
		{"ok", says("HTTP/1.1 200 OK\r\n\r\nhello"), 0, ""},
		{"no content", says("HTTP/1.1 204 No Content\r\n\r\n"), 0, ""},
		{"HTTP/1.0", says("HTTP/1.0 200 OK\n\n"), 0, ""},
		{"no headers yet wanted", says("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), 200, ""},
		{"after early hints", says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), 0, ""},
		{"another good one", says("HTTP/1.1 204 No Content\r\n\r\n"), 200, "answered 204, not 200"},
		{"the wanted one", says("HTTP/1.1 401 Unauthorized\r\n\r\n"), 401, ""},
		{"unavailable", says("HTTP/1.1 503 Service Unavailable\r\n\r\n"), 0, "answered 503, not 200 to 299"},
		{"redirect", says("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"), 0, "answered 302, not 200 to 299"},
		{"another protocol", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), 0, "answered 101, not 200 to 299"},
		{"no HTTP", says("SSH-2.0-OpenSSH_9.6\r\n"), 0, "did not answer as HTTP"},
		{"a bad header", says("HTTP/1.1 200 OK\r\nsecret\r\n\r\n"), 0, "did not answer as HTTP"},
		{"nothing", says(""), 0, "closed the connection before it answered"},
		{"half an answer", says("HTTP/1.1 200 OK\r\nServer: x"), 0, "closed the connection before it answered"},
		{"reset", reset, 0, "connection reset by peer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := probeOne(t, probing(inventory.Options{}), on(server(t, tt.behave), fleet.Ready{HTTP: true, Path: "/", Status: tt.status}))
			if r.Why != tt.why {
				t.Errorf("it says %q, want %q", r.Why, tt.why)
			}
		})
	}
}

// The request goes to the droplet by its address, and says who asks. No proxy of the environment gets to see it.
func TestProbeAsks(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var got atomic.Pointer[http.Request]
	droplet := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got.Store(r) }))
	defer droplet.Close()
	if r := probeOne(t, probing(inventory.Options{}), on(droplet.Listener.Addr(), fleet.Ready{HTTP: true, Path: "//a/b?c=d%20e"})); !r.Passed {
		t.Fatal(r.Why)
	}
	r := got.Load()
	if r.Method != "GET" || r.RequestURI != "//a/b?c=d%20e" || r.Host != droplet.Listener.Addr().String() || r.UserAgent() != "arcadiad" || !r.Close {
		t.Errorf("it asks %s %s of %s as %q, to close %v", r.Method, r.RequestURI, r.Host, r.UserAgent(), r.Close)
	}
	if len(r.Cookies()) > 0 || len(r.Header) > 2 {
		t.Errorf("it sends %v", r.Header)
	}
	for _, path := range []string{"", "healthz", "/a b\r\nX: y", "http://127.0.0.2/"} {
		got.Store(nil)
		r := probeOne(t, probing(inventory.Options{}), on(droplet.Listener.Addr(), fleet.Ready{HTTP: true, Path: path}))
		if r.Passed || got.Load() != nil {
			t.Errorf("the path %q was asked for: %+v", path, got.Load())
		}
	}
}

// A redirect is an answer like any other: where it points to is never contacted.
func TestProbeFollowsNoRedirect(t *testing.T) {
	var contacted atomic.Bool
	other := server(t, func(net.Conn) { contacted.Store(true) })
	droplet := server(t, says(fmt.Sprintf("HTTP/1.1 301 Moved\r\nLocation: http://%s/\r\n\r\n", other)))
	var dialed atomic.Int64
	i := probing(inventory.Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	if r := probeOne(t, i, on(droplet, fleet.Ready{HTTP: true, Path: "/", Status: 301})); !r.Passed {
		t.Errorf("the status that is asked for: %s", r.Why)
	}
	if contacted.Load() || dialed.Load() != 1 {
		t.Errorf("%d addresses were dialed; that of the redirect was contacted: %v", dialed.Load(), contacted.Load())
	}
}

// A droplet that never comes to an end costs neither memory nor time.
func TestProbeIsBounded(t *testing.T) {
	endless := func(first, more string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			for _, err := io.WriteString(conn, first); err == nil; _, err = io.WriteString(conn, more) {
			}
		}
	}
	const much = "answered with more than 64 KiB of headers"
	for _, tt := range []struct {
		name   string
		behave func(net.Conn)
		why    string
	}{
		{"headers", endless("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), much},
		{"one header", endless("HTTP/1.1 200 OK\r\nX-A: ", strings.Repeat("a", 1000)), much},
		{"a status line", endless("HTTP/1.1 200 ", "O"), much},
		{"interim answers", endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), much},
		{"a body", endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 1000)), ""},
		{"a body in chunks", endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ended := make(chan struct{})
			addr := server(t, func(conn net.Conn) { defer close(ended); tt.behave(conn) })
			if r := probeOne(t, probing(inventory.Options{}), on(addr, fleet.Ready{HTTP: true, Path: "/"})); r.Why != tt.why {
				t.Errorf("it says %q, want %q", r.Why, tt.why)
			}
			<-ended // the probe has hung up
		})
	}
}

func TestProbeTLS(t *testing.T) {
	var name atomic.Pointer[string]
	droplet := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { name.Store(&r.TLS.ServerName) }))
	droplet.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	droplet.Config.ErrorLog = log.New(io.Discard, "", 0)
	droplet.StartTLS()
	defer droplet.Close()
	i := probing(inventory.Options{})
	if r := probeOne(t, i, on(droplet.Listener.Addr(), fleet.Ready{HTTP: true, TLS: true, Path: "/"})); !r.Passed {
		t.Errorf("a droplet with a certificate of its own: %s", r.Why)
	}
	if sni := name.Load(); sni == nil || *sni != "" {
		t.Errorf("the droplet was asked for by a name: %v", sni)
	}
	plain := server(t, says("HTTP/1.1 200 OK\r\n\r\n"))
	if r := probeOne(t, i, on(plain, fleet.Ready{HTTP: true, TLS: true, Path: "/"})); r.Passed {
		t.Error("a droplet without TLS passed an https probe")
	}
	if r := probeOne(t, i, on(droplet.Listener.Addr(), fleet.Ready{HTTP: true, Path: "/"})); r.Why != "answered 400, not 200 to 299" {
		t.Errorf("a droplet with TLS, asked in the clear: %q", r.Why)
	}
}

// Only what can be a droplet's address is dialed, so that a wrong answer of the API cannot send the probe anywhere else.
func TestProbeRefusesAddresses(t *testing.T) {
	dialed := ""
	i := inventory.New(inventory.Options{Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		dialed = network + " " + address
		return nil, io.EOF
	}})
	private := fleet.Ready{Port: 22, Private: true}
	public := fleet.Ready{Port: 22}
	for _, tt := range []struct {
		address string
		ready   fleet.Ready
		why     string // empty: it is dialed
	}{
		{"203.0.113.7", public, ""},
		{"10.116.0.2", private, ""},
		{"", public, "it shows no public address"},
		{"", private, "it shows no private address"},
		{"0.0.0.0", public, "its public address 0.0.0.0 is not probed: it is unspecified"},
		{"0.1.2.3", public, "its public address 0.1.2.3 is not probed: it is unspecified"},
		{"127.0.0.1", public, "its public address 127.0.0.1 is not probed: it is one of this host's own"},
		{"127.64.0.9", private, "its private address 127.64.0.9 is not probed: it is one of this host's own"},
		{"169.254.169.254", private, "its private address 169.254.169.254 is not probed: it is link-local"},
		{"224.0.0.1", public, "its public address 224.0.0.1 is not probed: it is no single host's"},
		{"255.255.255.255", public, "its public address 255.255.255.255 is not probed: it is no single host's"},
		{"10.116.0.2", public, "its public address 10.116.0.2 is not probed: it is private"},
		{"::1", public, "its public address is not probed: it is no IPv4 address"},
		{"::ffff:127.0.0.1", public, "its public address is not probed: it is no IPv4 address"},
		{"fe80::1%eth0", public, "its public address is not probed: it is no IPv4 address"},
		{"localhost", public, "its public address is not probed: it is no IPv4 address"},
		{"metadata.internal", private, "its private address is not probed: it is no IPv4 address"},
		{"203.0.113.7:80", public, "its public address is not probed: it is no IPv4 address"},
		{"0177.0.0.1", public, "its public address is not probed: it is no IPv4 address"},
		{"203.0.113.7", fleet.Ready{}, "port 0 is not probed: ports are 1 to 65535"},
		{"203.0.113.7", fleet.Ready{Port: 65536 + 22}, "port 65558 is not probed: ports are 1 to 65535"},
	} {
		dialed = ""
		r := probeOne(t, i, inventory.Target{Address: tt.address, Ready: tt.ready})
		if tt.why == "" && dialed != fmt.Sprintf("tcp4 %s:%d", tt.address, tt.ready.Port) {
			t.Errorf("%s: dialed %q", tt.address, dialed)
		}
		if tt.why != "" && (dialed != "" || r.Why != tt.why) {
			t.Errorf("%q: dialed %q; it says %q, want %q", tt.address, dialed, r.Why, tt.why)
		}
	}
	i = probing(inventory.Options{Dial: func(context.Context, string, string) (net.Conn, error) { t.Error("dialed"); return nil, io.EOF }})
	if r := probeOne(t, i, inventory.Target{Address: "169.254.169.254", Ready: public}); r.Passed {
		t.Error("a simulated account may have a droplet at the metadata address")
	}
}
