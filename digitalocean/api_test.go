package digitalocean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"arcadiad/fleet"
)

// secret is a token of the right shape that must show up nowhere.
const secret = "dop_v1_0123456789abcdef"

const accountBody = `{"account":{"uuid":"user-1","email":"a@example.com","status":"active","droplet_limit":25,"team":{"uuid":"team-1","name":"Blue"}}}`

// inProcess is an http.RoundTripper without a network.
type inProcess func(*http.Request) (*http.Response, error)

func (f inProcess) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply makes an answer. headers are "Name: value".
func reply(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// newAPI makes an API with an open gate, whose token is proved.
func newAPI(t *testing.T, c Config) *API {
	t.Helper()
	if c.Token == nil {
		c.Token = func() (string, error) { return secret, nil }
	}
	if c.Budget == nil {
		c.Budget = NewBudget(BudgetOptions{})
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Budget.Writes(nil)
	a.proof.give(fingerprintOf(secret), "team-1")
	return a
}

// overWire makes an API that talks to the handler over a real socket.
func overWire(t *testing.T, h http.HandlerFunc) *API {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return newAPI(t, Config{BaseURL: s.URL})
}

// demoSpec is any spec.
var demoSpec = fleet.Spec{Name: "web-1", Region: "syd1", Size: "s-1vcpu-1gb", Image: "ubuntu-24-04-x64"}

func TestNewRefusesIncompleteConfigs(t *testing.T) {
	token := func() (string, error) { return secret, nil }
	if _, err := New(Config{Budget: NewBudget(BudgetOptions{})}); err == nil {
		t.Error("an API without a token source was made")
	}
	if _, err := New(Config{Token: token}); err == nil {
		t.Error("an API without a budget was made")
	}
}

func TestLaw15PlainHTTPOnlyToLoopback(t *testing.T) {
	for _, tt := range []struct {
		url string
		ok  bool
	}{
		{"", true},
		{"https://api.digitalocean.com", true},
		{"http://127.0.0.1:8025", true},
		{"http://127.9.9.9", true},
		{"http://[::1]:8025", true},
		{"http://localhost:8025", true},
		{"http://api.digitalocean.com", false},
		{"http://10.0.0.1", false},
		{"http://localhost.example.com", false},
		{"http://127.0.0.1.example.com", false},
		{"https://user:pass@api.digitalocean.com", false},
		{"ftp://127.0.0.1", false},
		{"api.digitalocean.com", false},
		{"https://", false},
	} {
		_, err := New(Config{BaseURL: tt.url, Token: func() (string, error) { return secret, nil }, Budget: NewBudget(BudgetOptions{})})
		if (err == nil) != tt.ok {
			t.Errorf("New with %q: %v", tt.url, err)
		}
		if err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("New with %q shows the password: %v", tt.url, err)
		}
	}
}

func TestLaw15NoTokenInErrorsAndLogs(t *testing.T) {
	const odd = "an-odd-token-of-another-shape"
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	token := secret
	echo := func(r *http.Request) (*http.Response, error) {
		auth := r.Header.Get("Authorization")
		switch r.Method {
		case http.MethodGet:
			return nil, fmt.Errorf("proxy said: bad header %q", auth)
		case http.MethodDelete:
			return reply(422, strings.Repeat("x", 270)+auth, "X-Request-Id: "+auth), nil
		}
		return reply(500, "<html><body>"+auth+"</body></html>"), nil
	}
	a := newAPI(t, Config{
		Token: func() (string, error) { return token, nil }, Transport: inProcess(echo), Log: logger,
		Budget: NewBudget(BudgetOptions{Log: logger}),
	})
	c := a.Client(PrioritySaga)
	for _, token = range []string{secret, odd} {
		a.proof.give(fingerprintOf(token), "team-1")
		_, get := c.Get(t.Context(), 1)
		_, create := c.Create(t.Context(), &demoSpec, nil, nil)
		destroy := c.Destroy(t.Context(), 1, nil)
		intent := c.Destroy(t.Context(), 1, func(context.Context) error { return errors.New("token " + token) })
		for _, err := range []error{get, create, destroy, intent} {
			for e := err; e != nil; e = errors.Unwrap(e) {
				if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, "01234") || strings.Contains(text, odd[:8]) {
					t.Errorf("an error shows the token: %s", text)
				}
			}
			if err == nil {
				t.Error("a request that must fail did not")
			}
		}
	}
	if s := log.String(); strings.Contains(s, "0123456789abcdef") || strings.Contains(s, odd) || !strings.Contains(s, "api request") {
		t.Errorf("the log shows a token, or nothing:\n%s", s)
	}
}

func TestTokenIsAskedForEachTimeAndChecked(t *testing.T) {
	var seen []string
	token, tokenErr := "one", error(nil)
	a := newAPI(t, Config{
		Token: func() (string, error) { return token, tokenErr },
		Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Header.Get("Authorization"))
			return reply(200, `{"droplet":{"id":1}}`), nil
		}),
	})
	c := a.Client(PriorityPoll)
	for _, token = range []string{"one", " two\n", "", "with space", "with\nline"} {
		_, _ = c.Get(t.Context(), 1)
	}
	lost := errors.New("no such file")
	tokenErr = lost
	if _, err := c.Get(t.Context(), 1); !errors.Is(err, lost) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("a token that cannot be read: %v", err)
	}
	if got := strings.Join(seen, ","); got != "Bearer one,Bearer two" {
		t.Errorf("sent %q", got)
	}
}

// gatherer counts requests by method and path.
type gatherer struct {
	mu   sync.Mutex
	seen []string
}

func (g *gatherer) note(r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	if r.URL.RawQuery != "" {
		line += "?" + r.URL.RawQuery
	}
	g.seen = append(g.seen, line)
}

func (g *gatherer) lines() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string{}, g.seen...)
}

func TestLaw10WritesNeedAProvedToken(t *testing.T) {
	token, uuid, status := secret, "team-1", 200
	writes := 0
	b := NewBudget(BudgetOptions{})
	a, err := New(Config{
		Token: func() (string, error) { return token, nil }, Budget: b,
		Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.Method != http.MethodGet:
				writes++
				return reply(204, ""), nil
			case status != 200:
				return reply(status, `{"id":"unauthorized","message":"Unable to authenticate you"}`), nil
			}
			return reply(200, fmt.Sprintf(`{"account":{"uuid":"u","team":{"uuid":%q}}}`, uuid)), nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Client(PrioritySaga)
	destroy := func() error { return c.Destroy(t.Context(), 7, nil) }
	refused := func(when string) {
		t.Helper()
		before := writes
		if err := destroy(); !errors.Is(err, ErrNotSent) || Uncertain(err) || writes != before {
			t.Errorf("%s: a write went out, or its error is wrong: %v", when, err)
		}
	}
	account := func() fleet.Account {
		got, _ := c.Account(t.Context())
		return got
	}

	account()
	refused("proved, but the gate is closed")
	b.Writes(nil)
	if err := destroy(); err != nil || writes != 1 {
		t.Fatalf("proved and open: %v", err)
	}
	token = "rotated"
	refused("a new token")
	account()
	if err := destroy(); err != nil || writes != 2 {
		t.Errorf("the new token is proved: %v", err)
	}
	status = 401
	account()
	refused("the token was revoked")
	status, uuid = 200, "team-2"
	if got := account(); got.UUID != "team-2" {
		t.Errorf("the other account is %+v", got)
	}
	refused("a token of another account")
	uuid = "team-1"
	account()
	if err := destroy(); err != nil || writes != 3 {
		t.Errorf("the right account again: %v", err)
	}
}

func TestAccount(t *testing.T) {
	body, header := accountBody, "X-None: 1"
	a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, body, header), nil })})
	c := a.Client(PrioritySync)
	got, err := c.Account(t.Context())
	if want := (fleet.Account{UUID: "team-1", Team: "Blue", Email: "a@example.com", Status: "active", DropletLimit: 25}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	body, header = `{"account":{"uuid":"user-1","status":"locked"}}`, "X-Arcadiad-Simulator: 1"
	got, err = c.Account(t.Context())
	if want := (fleet.Account{UUID: "user-1", Status: "locked", Simulated: true}); err != nil || got != want {
		t.Errorf("without a team, simulated: got %+v, %v", got, err)
	}
	body = `{"account":{}}`
	if _, err = c.Account(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without a uuid: %v", err)
	}
}

// A token that is not ours, such as one of the day before yesterday that a proxy repeats, is redacted by its looks.
func TestLaw15AnyTokenIsRedacted(t *testing.T) {
	for _, kind := range []string{"dop", "doo", "dor"} {
		other := kind + "_v1_fedcba9876543210"
		c := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) {
			return reply(422, `{"id":"x","message":"bad token `+other+`"}`), nil
		})}).Client(PrioritySaga)
		if _, err := c.Get(t.Context(), 1); err == nil || strings.Contains(err.Error(), "fedcba") || !strings.Contains(err.Error(), redacted) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
