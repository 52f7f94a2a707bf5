package digitalocean

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/fleet"
)

const createdBody = `{"droplet":{"id":42,"name":"web-1","status":"new","networks":{},"features":[]},"links":{"actions":[{"id":1,"rel":"create"}]}}`

func create(c *Client) error {
	_, err := c.Create(context.Background(), &demoSpec, []string{fleet.ManagedTag}, nil)
	return err
}

// cut closes the connection without an answer, after the whole request came in.
func cut(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestLaw04OutcomesOfAWrite(t *testing.T) {
	say := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	unprocessable := func(message string) http.HandlerFunc {
		return say(422, fmt.Sprintf(`{"id":"unprocessable_entity","message":%q,"request_id":"req-1"}`, message))
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		kind    Kind
		status  int
		text    string // part of the error
	}{
		{"unauthorized", say(401, `{"id":"unauthorized","message":"Unable to authenticate you"}`), ErrUnauthorized, 401, "revoked"},
		{"forbidden", say(403, `{"id":"forbidden","message":"You do not have permission to perform this action."}`), ErrForbidden, 403, "droplet:create"},
		{"not found", say(404, `{"id":"not_found","message":"The resource you requested could not be found."}`), ErrNotFound, 404, "could not be found"},
		{"conflict", say(409, `{"id":"conflict","message":"busy"}`), ErrRejected, 409, "busy"},
		{"other shape", say(400, `{"error":"bad","messages":["x"],"root_causes":[]}`), ErrRejected, 400, "status 400"},
		{"rate limited", say(429, `{"id":"too_many_requests","message":"API rate limit exceeded."}`, "Retry-After: 7"), ErrRateLimited, 429, "try again after"},
		{"rate limited by the gateway", say(429, `{"id":"Too Many Requests","message":"Too many requests"}`, "X-Response-From: Edge-Gateway"), ErrRateLimited, 429, "Too many"},
		{"quota", unprocessable("creating this/these droplet(s) will exceed your droplet limit"), ErrQuota, 422, "request req-1"},
		{"size", unprocessable("Size is not available in this region."), ErrCapacity, 422, ""},
		{"size, otherwise", unprocessable("size is unavailable"), ErrCapacity, 422, ""},
		{"region", unprocessable("Region is not available"), ErrCapacity, 422, ""},
		{"try again", unprocessable("Something went wrong, please try again."), ErrCapacity, 422, ""},
		{"pending event", unprocessable("Droplet already has a pending event."), ErrPendingEvent, 422, ""},
		{"image", unprocessable("You specified an invalid image for Droplet creation."), ErrRejected, 422, "invalid image"},
		{"name", unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"), ErrRejected, 422, ""},

		{"request timeout", say(408, `{"id":"timeout","message":"slow"}`), ErrUnknown, 408, ""},
		{"server error", say(500, `{"id":"server_error","message":"Unexpected server-side error"}`), ErrUnknown, 500, "server-side"},
		{"gateway page", say(502, "<html>\n<head><title>502</title></head>\n<body><h1>Bad  Gateway</h1>\n<hr></body></html>"), ErrUnknown, 502, "an HTML page: Bad Gateway"},
		{"unknown to the registry", say(520, ""), ErrUnknown, 520, ""},
		{"temporary redirect", say(307, "", "Location: /elsewhere"), ErrUnknown, 307, "not followed"},
		{"permanent redirect", say(308, "", "Location: /elsewhere"), ErrUnknown, 308, "not followed"},
		{"redirect to get", say(302, "", "Location: /elsewhere"), ErrUnknown, 302, "not followed"},
		{"cut", cut, ErrUnknown, 0, "EOF"},
		{"truncated", say(202, createdBody[:40], "Content-Length: 4000"), ErrUnknown, 202, "cannot be read"},
		{"half an object", say(202, createdBody[:40]), ErrUnknown, 202, "cannot be read"},
		{"no droplet", say(202, `{}`), ErrUnknown, 202, "no droplet"},
		{"no id", say(202, `{"droplet":{"name":"web-1"}}`), ErrUnknown, 202, "without an id"},
		{"empty", say(202, ""), ErrUnknown, 202, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int32
			a := overWire(t, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				tt.handler(w, r)
			})
			err := create(a.Client(PrioritySaga))
			var e *Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Status != tt.status || !errors.Is(err, tt.kind) {
				t.Fatalf("got %#v (%v)", e, err)
			}
			if Uncertain(err) != (tt.kind == ErrUnknown) {
				t.Errorf("Uncertain(%v) = %v", err, Uncertain(err))
			}
			if !strings.Contains(err.Error(), tt.text) || strings.ContainsAny(err.Error(), "\n<") {
				t.Errorf("the error reads %q", err)
			}
			if e.Until.IsZero() == (tt.kind == ErrRateLimited) {
				t.Errorf("Until is %v", e.Until)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("the write was sent %d times", n)
			}
		})
	}
}

func TestLaw04NotSentWithoutAConnection(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	tls := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came through") }))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS() // its certificate is trusted by nobody
	defer tls.Close()
	dialing := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route")}
	}
	for name, c := range map[string]Config{
		"refused":             {BaseURL: "http://" + closed.Addr().String()},
		"handshake":           {BaseURL: tls.URL},
		"transport says dial": {Transport: inProcess(dialing)},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, c)
			err := create(a.Client(PrioritySaga))
			if !errors.Is(err, ErrNotSent) || Uncertain(err) {
				t.Errorf("create: %v", err)
			}
			if _, err := a.Client(PriorityPoll).Get(t.Context(), 1); !errors.Is(err, ErrUnavailable) {
				t.Errorf("get: %v", err)
			}
			if s := a.o.Budget.State(); s.HourUsed != 0 || s.InFlight != 0 {
				t.Errorf("requests that never left are counted: %+v", s)
			}
		})
	}
}

// A transport without a trace says nothing about connections: what it fails with is unknown, unless it says that it dialed.
func TestLaw04UnknownFromATransportWithoutATrace(t *testing.T) {
	a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })})
	if err := create(a.Client(PrioritySaga)); !errors.Is(err, ErrUnknown) || !Uncertain(err) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if s := a.o.Budget.State(); s.HourUsed != 1 {
		t.Errorf("the request is not counted: %+v", s)
	}
}

// net/http replays requests on connections that broke while idle, if it thinks that it may.
func TestLaw04NoReplayOnABrokenConnection(t *testing.T) {
	var posts, conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, accountBody)
			return
		}
		for _, name := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s invites a replay", name)
			}
		}
		posts.Add(1)
		cut(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := newAPI(t, Config{BaseURL: s.URL}).Client(PrioritySaga)
	if _, err := c.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := create(c); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if conns.Load() != 1 || posts.Load() != 1 {
		t.Errorf("%d connections and %d POSTs; one connection was to be used twice", conns.Load(), posts.Load())
	}
}

// A transport can only send a body again if the request offers it again.
func TestLaw04NoBodyIsOfferedTwice(t *testing.T) {
	seen := 0
	c := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
		if seen++; r.GetBody != nil {
			t.Errorf("%s %s offers its body again", r.Method, r.URL.Path)
		}
		return reply(202, createdBody), nil
	})}).Client(PrioritySaga)
	if err := errors.Join(create(c), c.Tag(t.Context(), "web", 1), c.Untag(t.Context(), "web", 1), c.Destroy(t.Context(), 1, nil)); err != nil {
		t.Fatal(err)
	}
	if seen != 4 {
		t.Errorf("%d requests", seen)
	}
}

func TestLaw04TimeoutsOfTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, Config{Transport: inProcess(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		began := time.Now()
		err := create(a.Client(PrioritySaga))
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "no answer within 1m15s") || time.Since(began) != DefaultWriteTimeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		began = time.Now()
		_, err = a.Client(PriorityPoll).Get(t.Context(), 1)
		if !errors.Is(err, ErrUnavailable) || time.Since(began) != DefaultReadTimeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestReadsSayUnavailable(t *testing.T) {
	for _, status := range []int{500, 503, 520, 408, 302} {
		a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(status, ""), nil })})
		if _, err := a.Client(PriorityPoll).Get(t.Context(), 1); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%d: %v", status, err)
		}
	}
	a := newAPI(t, Config{Transport: inProcess(func(*http.Request) (*http.Response, error) { return reply(200, `{"droplet":{"id":2}}`), nil })})
	if _, err := a.Client(PriorityPoll).Get(t.Context(), 1); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the wrong droplet: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Client(PriorityPoll).Get(ctx, 1); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestUncertain(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("who knows"), true},
		{&Error{Kind: ErrUnknown}, true},
		{fmt.Errorf("step: %w", &Error{Kind: ErrNotSent}), false},
		{&Error{Kind: ErrRateLimited}, false},
	} {
		if Uncertain(tt.err) != tt.want {
			t.Errorf("Uncertain(%v) = %v", tt.err, !tt.want)
		}
	}
}
