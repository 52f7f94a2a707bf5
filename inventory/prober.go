package inventory

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"arcadiad/fleet"
)

const (
	tcpProbeLimit  = 3 * time.Second
	httpProbeLimit = 5 * time.Second // from the dial to the last header
	probeHeaders   = 64 << 10        // of an answer, in bytes: the status line and the headers, those of interim answers too
	probeAgent     = "arcadiad"
)

// prober sends a single probe to a droplet's own address, and nowhere else.
//
// It speaks HTTP itself, by the parser of net/http, because a client of net/http does more than is good here: it takes proxies from the
// environment, keeps connections, and reads on in the background.
type prober struct {
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	loopback bool // addresses of loopback may be probed
}

// probe gives why the droplet does not pass, in words that hold nothing of what the droplet has sent but a status.
func (p prober) probe(ctx context.Context, t Target) error {
	ip, err := p.address(t)
	if err != nil {
		return err
	}
	limit := tcpProbeLimit
	if t.Ready.HTTP {
		limit = httpProbeLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dial := p.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp4", netip.AddrPortFrom(ip, uint16(t.Ready.Port)).String())
	if err != nil {
		err = inWords(err, "cannot be dialed")
	} else {
		defer conn.Close()
		if t.Ready.HTTP {
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			err = get(ctx, conn, ip, t.Ready)
		}
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("no answer within %v", limit)
	}
	return err
}

// address is the address to dial. An answer of the API that is wrong must not make this host probe itself, its network's own services or
// its neighbours, so only what can be a droplet's address is good.
func (p prober) address(t Target) (netip.Addr, error) {
	kind := "public"
	if t.Ready.Private {
		kind = "private"
	}
	if t.Address == "" {
		return netip.Addr{}, fmt.Errorf("it shows no %s address", kind)
	}
	ip, err := netip.ParseAddr(t.Address)
	refused := func(why string) (netip.Addr, error) {
		return netip.Addr{}, fmt.Errorf("its %s address %s is not probed: %s", kind, ip, why)
	}
	switch {
	case err != nil || !ip.Is4():
		return netip.Addr{}, fmt.Errorf("its %s address is not probed: it is no IPv4 address", kind)
	case t.Ready.Port < 1 || t.Ready.Port > 65535:
		return netip.Addr{}, fmt.Errorf("port %d is not probed: ports are 1 to 65535", t.Ready.Port)
	case ip.IsLoopback() && !p.loopback:
		return refused("it is one of this host's own")
	case ip.As4()[0] == 0: // Linux takes 0.0.0.0 for this host
		return refused("it is unspecified")
	case ip.IsLinkLocalUnicast(): // with 169.254.169.254, where a droplet's metadata is
		return refused("it is link-local")
	case ip.IsMulticast() || ip.As4()[0] >= 240: // with 255.255.255.255
		return refused("it is no single host's")
	case ip.IsPrivate() && !t.Ready.Private:
		return refused("it is private")
	}
	return ip, nil
}

// get asks for the path and judges the status. The body is not read.
func get(ctx context.Context, conn net.Conn, ip netip.Addr, ready fleet.Ready) error {
	u, err := url.ParseRequestURI(ready.Path)
	if err != nil || !strings.HasPrefix(ready.Path, "/") {
		return errors.New("its path cannot be asked for: a path begins with /")
	}
	u.Scheme, u.Host = "http", net.JoinHostPort(ip.String(), strconv.Itoa(ready.Port))
	if ready.TLS {
		u.Scheme = "https"
		secured := tls.Client(conn, &tls.Config{
			InsecureSkipVerify: true, // the certificate is for a name, and the probe knows only an address; nothing secret is sent
			NextProtos:         []string{"http/1.1"},
		})
		if err := secured.HandshakeContext(ctx); err != nil {
			return inWords(err, "did not answer as HTTPS")
		}
		conn = secured
	}
	request := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{"User-Agent": {probeAgent}}, Close: true}
	if err := request.Write(conn); err != nil {
		return inWords(err, "took no request")
	}
	bounded := &io.LimitedReader{R: conn, N: probeHeaders}
	reader := bufio.NewReader(bounded)
	for {
		answer, err := http.ReadResponse(reader, request) // the connection is closed, not the body: that would read it
		switch {
		case err != nil && bounded.N <= 0:
			return fmt.Errorf("answered with more than %d KiB of headers", probeHeaders>>10)
		case err != nil:
			return inWords(err, "did not answer as HTTP")
		case answer.StatusCode/100 == 1 && answer.StatusCode != http.StatusSwitchingProtocols:
			continue // an interim answer, such as 103
		case ready.Status == 0 && answer.StatusCode/100 != 2:
			return fmt.Errorf("answered %d, not 200 to 299", answer.StatusCode)
		case ready.Status != 0 && answer.StatusCode != ready.Status:
			return fmt.Errorf("answered %d, not %d", answer.StatusCode, ready.Status)
		}
		return nil
	}
}

// inWords says what went wrong on the wire. The texts of errors are not passed on, for some quote what the droplet has sent.
func inWords(err error, otherwise string) error {
	var number syscall.Errno
	var alert tls.AlertError
	switch {
	case errors.As(err, &number):
		return number
	case errors.As(err, &alert):
		return fmt.Errorf("%s: %w", otherwise, alert)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe):
		return errors.New("closed the connection before it answered")
	}
	return errors.New(otherwise)
}
