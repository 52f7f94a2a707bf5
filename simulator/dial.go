package simulator

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"syscall"
	"time"
)

// Dial connects to a droplet inside the process, without sockets: to any port of the public, private or reserved IPv4 address of one that
// serves, see [Account.Serves]. It answers HTTP and HTTPS requests with 200, or as Faults.ServiceStatus says. All other addresses refuse.
func (s *Simulator) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	return connect(ctx, address, func(ip netip.Addr) (reception, error) { return s.receive(ip), nil })
}

// DialThrough is Dial for the account that another process serves under a URL.
func DialThrough(serves string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		return connect(ctx, address, func(ip netip.Addr) (r reception, err error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, serves+"/simulator/dial?address="+url.QueryEscape(ip.String()), nil)
			if err != nil {
				return r, err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return r, err
			}
			defer resp.Body.Close()
			if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&r); err != nil {
				return r, fmt.Errorf("ask the simulator at %s for the droplet at %s: %w", serves, ip, err)
			}
			return r, nil
		})
	}
}

// serveDial tells what a connection to an address meets.
func (s *Simulator) serveDial(w http.ResponseWriter, r *http.Request) {
	ip, err := netip.ParseAddr(r.URL.Query().Get("address"))
	if err != nil {
		control(w, http.StatusUnprocessableEntity, errorBody("unprocessable_entity", err.Error(), newUUID()))
		return
	}
	control(w, http.StatusOK, encode(s.receive(ip)))
}

// connect gives the near end of a connection to an address, whose far end is a droplet.
func connect(ctx context.Context, address string, receive func(netip.Addr) (reception, error)) (net.Conn, error) {
	failed := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Addr: inProcess{address}, Err: err} }
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, failed(err)
	}
	if ctx.Err() != nil {
		return nil, failed(context.Cause(ctx))
	}
	r, err := receive(target.Addr())
	switch {
	case err != nil:
		return nil, failed(err)
	case r.Silent:
		<-ctx.Done()
		return nil, failed(context.Cause(ctx))
	case !r.Open:
		return nil, failed(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	near, far := net.Pipe()
	go func() { _ = reply(far, r.Status) }()
	return near, nil
}

// reply is what a droplet does with a connection: it answers one request, in the clear or over TLS, and hangs up. To a caller that asks
// nothing it says nothing.
func reply(conn net.Conn, status int) error {
	defer conn.Close()
	r := bufio.NewReader(conn)
	first, err := r.Peek(1)
	if err != nil {
		return err // the caller has hung up
	}
	const handshake = 22 // the first byte of TLS
	if first[0] == handshake {
		certificate, err := selfSigned()
		if err != nil {
			return err
		}
		conn = tls.Server(peeked{conn, r}, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		r = bufio.NewReader(conn)
	}
	if _, err := http.ReadRequest(r); err != nil {
		return err
	}
	body := http.StatusText(status) + "\n"
	_, err = fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
	return err
}

// peeked is a connection of which some was read ahead.
type peeked struct {
	net.Conn
	r io.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }

// selfSigned makes a certificate that nobody vouches for, as a droplet has that was never given a name.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
