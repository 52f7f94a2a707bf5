package digitalocean

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// DefaultBaseURL is where the API is.
const DefaultBaseURL = "https://api.digitalocean.com"

// The timeouts of one request on the wire, without the wait for a slot. A write gets a generous one, since a slow create may still
// succeed and a write that is cut off has an unknown outcome (docs/digitalocean-api.md, "Unknown outcomes").
const (
	DefaultWriteTimeout = 75 * time.Second
	DefaultReadTimeout  = 30 * time.Second
)

// Config is what an API needs.
type Config struct {
	BaseURL      string                 // empty: DefaultBaseURL; plain http only to loopback
	Token        func() (string, error) // asked for every request, so that a token can be rotated under a running daemon
	Transport    http.RoundTripper      // nil: like http.DefaultTransport, with as many idle connections as requests in flight
	Budget       *Budget                // required; shared by all that use the same token
	UserAgent    string                 // empty: "arcadiad"; godo adds its own
	WriteTimeout time.Duration          // 0: DefaultWriteTimeout
	ReadTimeout  time.Duration          // 0: DefaultReadTimeout
	Observe      func(Exchange)         // told of every request that went to the wire; it must not block; nil: nobody is
	Log          *slog.Logger           // one debug line a request, never with a token; nil: silence

	// May is asked right before a write goes out, after its intent was recorded: an error keeps it back. nil: nobody is asked.
	May func() error

	// Note is told of every request that went to the wire for some sagas, see For; it must not block; nil: nobody is.
	Note func(sagas []string, c fleet.Call)
}

// API is a DigitalOcean account behind a token. It is safe for concurrent use.
type API struct {
	o     Config       // with the defaults filled in
	godo  *godo.Client // builds requests and reads error bodies; nothing is sent with it
	http  *http.Client
	proof proof
}

// New checks the configuration and makes an API. It sends nothing.
func New(c Config) (*API, error) {
	if c.Token == nil {
		return nil, errors.New("digitalocean: a token source is required")
	}
	if c.Budget == nil {
		return nil, errors.New("digitalocean: a budget is required")
	}
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return nil, err
	}
	if c.Transport == nil {
		c.Transport = newTransport(c.Budget.concurrency)
	}
	c.UserAgent = cmp.Or(c.UserAgent, "arcadiad")
	c.WriteTimeout = cmp.Or(c.WriteTimeout, DefaultWriteTimeout)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, DefaultReadTimeout)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	// godo.New leaves retries off; NewFromToken would turn them on, for POST too (docs/digitalocean-api.md, "The godo client").
	g, err := godo.New(nil, godo.SetBaseURL(base), godo.SetUserAgent(c.UserAgent))
	if err != nil {
		return nil, fmt.Errorf("digitalocean: %w", err)
	}
	return &API{o: c, godo: g, http: &http.Client{
		Transport: c.Transport,
		// net/http would send a POST again at the target of a 307.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// WriteTimeout is how long a write may be on the wire at most. After a crash its outcome may still be open for that long.
func (a *API) WriteTimeout() time.Duration { return a.o.WriteTimeout }

// Loopback tells whether the API's URL is on this host, as that of a simulated account is.
func (a *API) Loopback() bool { return loopback(a.godo.BaseURL.Hostname()) }

// Client is the API at one priority.
type Client struct {
	api      *API
	priority Priority
}

// Client gives the API at that priority.
func (a *API) Client(p Priority) *Client { return &Client{api: a, priority: p} }

// CheckURL refuses a URL of the API that New would refuse: one that is none, or that would show the token to the network.
func CheckURL(url string) error {
	_, err := baseURL(url)
	return err
}

// baseURL checks the URL of the API: the token must not travel in the clear (law 15).
func baseURL(s string) (string, error) {
	s = cmp.Or(s, DefaultBaseURL)
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.New("api url: it is not a URL; something like " + DefaultBaseURL + " is expected")
	}
	switch {
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return "", errors.New("api url: it must have neither user, query nor fragment; the token goes elsewhere")
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", fmt.Errorf("api url %q: an https URL is expected, like %s", s, DefaultBaseURL)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return "", fmt.Errorf("api url %q: plain http would show the token to the network; use https, or a loopback address", s)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/" // paths are resolved against it
	}
	return u.String(), nil
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// newTransport is http.DefaultTransport's duplicate for one host. Connections that idled for long may be dead without our knowing, and a
// write on a dead connection has an unknown outcome: so they are let go early, and pinged where the protocol can.
func newTransport(concurrency int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = concurrency
	t.IdleConnTimeout = 30 * time.Second
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second}
	return t
}
