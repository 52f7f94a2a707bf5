package simulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
)

const good = `{"name":"web-1","region":"syd1","size":"s-1vcpu-1gb","image":"ubuntu-24-04-x64","tags":["web"]}`

// send is one request without any client's cleverness: no redirects followed.
func send(ctx context.Context, rt http.RoundTripper, method, url, body string) (status int, header http.Header, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	r.Header.Set("Authorization", "Bearer any")
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, string(b), err
}

// Each effect looks the same to a client, on the wire and off it, and has done its work or has not.
func TestEffects(t *testing.T) {
	const page = "<html>"
	for _, tc := range []struct {
		name   string
		effect simulator.Effect
		status int    // 0: no answer
		text   string // part of the body
		err    error  // kind of the error, of the request or of reading its answer
		made   int
	}{
		{"pass", simulator.Pass(), 202, `"links"`, nil, 1},
		{"status", simulator.Status(503), 503, "service_unavailable", nil, 0},
		{"status with a message", simulator.Status(422).Saying("Size is not available in this region."), 422, "Size is not", nil, 0},
		{"status after the work", simulator.Status(500).After(), 500, "server_error", nil, 1},
		{"html", simulator.HTML(502), 502, page, nil, 0},
		{"html after the work", simulator.HTML(520).After(), 520, page, nil, 1},
		{"cut", simulator.Cut(), 0, "", io.EOF, 0},
		{"cut after the work", simulator.Cut().After(), 0, "", io.EOF, 1},
		{"truncate", simulator.Truncate(), 202, `{"droplet"`, io.ErrUnexpectedEOF, 1},
		{"redirect", simulator.Redirect(), 307, "", nil, 0},
		{"redirect after the work", simulator.Redirect().After(), 307, "", nil, 1},
		{"too many, burst", simulator.TooMany(9 * time.Second), 429, "too_many_requests", nil, 0},
		{"too many, hourly", simulator.TooMany(0), 429, "too_many_requests", nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := simulator.New(simulator.Options{})
			server := httptest.NewServer(s)
			defer server.Close()
			for where, rt := range map[string]http.RoundTripper{"http": &http.Transport{DisableKeepAlives: true}, "in process": s.Transport()} {
				before := len(s.Droplets())
				if err := s.Script("POST /v2/droplets", 1, tc.effect); err != nil {
					t.Fatal(err)
				}
				status, header, text, err := send(context.Background(), rt, "POST", server.URL+"/v2/droplets", good)
				if status != tc.status || !strings.Contains(text, tc.text) || !errors.Is(err, tc.err) {
					t.Errorf("%s: %d %q %v", where, status, text, err)
				}
				if made := len(s.Droplets()) - before; made != tc.made {
					t.Errorf("%s: %d droplets made, want %d", where, made, tc.made)
				}
				if status != 0 && (header.Get(simulator.Header) != "1" || header.Get("X-Request-Id") == "" || header.Get("Ratelimit-Limit") != "5000") {
					t.Errorf("%s: headers %v", where, header)
				}
				if strings.HasPrefix(text, "<") != strings.HasPrefix(header.Get("Content-Type"), "text/html") {
					t.Errorf("%s: content type %q for %q", where, header.Get("Content-Type"), text)
				}
				if want := map[string]string{"too many, burst": "9"}[tc.name]; header.Get("Retry-After") != want {
					t.Errorf("%s: retry-after %q, want %q", where, header.Get("Retry-After"), want)
				}
				if status == 307 && header.Get("Location") != server.URL+"/v2/droplets" {
					t.Errorf("%s: location %q", where, header.Get("Location"))
				}
				if s.ScriptLeft() != 0 {
					t.Errorf("%s: the script was not used up", where)
				}
			}
		})
	}
}

// The standing faults of the wire. Those after the work leave reads alone.
func TestStandingFaults(t *testing.T) {
	for _, tc := range []struct {
		name         string
		faults       simulator.Faults
		create, read int // status; 0: cut
		made         int
	}{
		{"cut before", simulator.Faults{CutBeforeWork: true}, 0, 0, 0},
		{"cut after", simulator.Faults{CutAfterWork: true}, 0, 200, 1},
		{"500", simulator.Faults{ServerError: true}, 500, 500, 0},
		{"500 after", simulator.Faults{ServerErrorAfterWork: true}, 500, 200, 1},
		{"html", simulator.Faults{HTMLError: true}, 502, 502, 0},
		{"429", simulator.Faults{TooManyRequests: true, RetryAfter: 1500 * time.Millisecond}, 429, 429, 0},
		{"truncated", simulator.Faults{Truncated202: true}, 202, 200, 1},
		{"never", simulator.Faults{ServerError: true, Chance: map[string]float64{"server_error": 0}}, 202, 200, 1},
	} {
		s := simulator.New(simulator.Options{})
		s.SetFaults(tc.faults)
		status, header, _, err := send(context.Background(), s.Transport(), "POST", "http://simulated/v2/droplets", good)
		if status != tc.create || (err != nil) != (status == 0 || tc.faults.Truncated202) {
			t.Errorf("%s: create: %d %v", tc.name, status, err)
		}
		if status == 429 && header.Get("Retry-After") != "2" {
			t.Errorf("%s: retry-after %q, want whole seconds, rounded up", tc.name, header.Get("Retry-After"))
		}
		if status, _, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/account", ""); status != tc.read {
			t.Errorf("%s: read: %d %v", tc.name, status, err)
		}
		if n := len(s.Droplets()); n != tc.made {
			t.Errorf("%s: %d droplets", tc.name, n)
		}
	}
}

// A client that follows a 307 after the work makes two droplets: the trap that the real client must not fall into.
func TestARedirectThatIsFollowedDoubles(t *testing.T) {
	s := simulator.New(simulator.Options{})
	if err := s.Script("POST /v2/droplets", 1, simulator.Redirect().After()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("POST", "http://simulated/v2/droplets", strings.NewReader(good))
	must(t, r, err)
	r.Header.Set("Authorization", "Bearer any")
	resp, err := (&http.Client{Transport: s.Transport()}).Do(r)
	must(t, resp, err).Body.Close()
	if n := len(s.Droplets()); n != 2 {
		t.Errorf("%d droplets, want 2", n)
	}
}

// A refused connection is a dial error: nothing was written, nothing arrived.
func TestRefuse(t *testing.T) {
	s := simulator.New(simulator.Options{})
	s.SetFaults(simulator.Faults{Refuse: true})
	var wrote, connected bool
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { connected = true },
		WroteHeaders: func() { wrote = true },
	})
	_, _, _, err := send(ctx, s.Transport(), "POST", "http://simulated/v2/droplets", good)
	var dial *net.OpError
	if !errors.As(err, &dial) || dial.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) || wrote || connected {
		t.Errorf("%v, connected %t, wrote %t", err, connected, wrote)
	}
	if s.Requests().Total() != 0 || len(s.Droplets()) != 0 {
		t.Errorf("a refused request arrived: %v", s.Requests())
	}
	s.SetFaults(simulator.Faults{})
	if status, _, _, err := send(ctx, s.Transport(), "POST", "http://simulated/v2/droplets", good); status != 202 || !wrote || !connected {
		t.Errorf("%d %v, connected %t, wrote %t", status, err, connected, wrote)
	}
}

func TestHangLastsAsLongAsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{})
		for i, e := range []simulator.Effect{simulator.Hang(), simulator.Hang().After()} {
			if err := s.Script("POST /v2/droplets", 1, e); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			began := time.Now()
			_, _, _, err := send(ctx, s.Transport(), "POST", "http://simulated/v2/droplets", good)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
				t.Errorf("%v after %v", err, time.Since(began))
			}
			cancel()
			if n := len(s.Droplets()); n != i {
				t.Errorf("effect %d: %d droplets", i, n)
			}
		}
	})
}

// The crash points: a context that ends before the work has done nothing, one that ends after it has lost the answer only.
func TestHooksAreCrashPoints(t *testing.T) {
	crash := errors.New("crash")
	for _, tc := range []struct {
		name string
		set  func(*simulator.Simulator, func(*http.Request))
		made int
	}{
		{"before", (*simulator.Simulator).Before, 0},
		{"after", (*simulator.Simulator).After, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for range 20 { // the outcome may not depend on who is scheduled first
				s := simulator.New(simulator.Options{})
				ctx, cancel := context.WithCancelCause(context.Background())
				tc.set(s, func(r *http.Request) {
					if got := len(s.Droplets()); got != tc.made { // hooks may peek
						t.Errorf("in the hook: %d droplets", got)
					}
					cancel(crash)
				})
				_, _, _, err := send(ctx, s.Transport(), "POST", "http://simulated/v2/droplets", good)
				if !errors.Is(err, crash) || len(s.Droplets()) != tc.made {
					t.Fatalf("%v, %d droplets", err, len(s.Droplets()))
				}
				if s.Requests()["POST /v2/droplets"] != 1 || s.Writes() != 1 {
					t.Fatalf("requests %v", s.Requests())
				}
			}
		})
	}
}

// A request whose context has ended before it began goes nowhere.
func TestAnEndedContextSendsNothing(t *testing.T) {
	s := simulator.New(simulator.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, _, err := send(ctx, s.Transport(), "POST", "http://simulated/v2/droplets", good)
	if !errors.Is(err, context.Canceled) || s.Requests().Total() != 0 || len(s.Droplets()) != 0 {
		t.Errorf("%v, requests %v", err, s.Requests())
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := simulator.New(simulator.Options{Latency: 3 * time.Second})
		var worked time.Duration
		began := time.Now()
		s.After(func(*http.Request) { worked = time.Since(began) })
		status, _, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/account", "")
		if status != 200 || time.Since(began) != 3*time.Second || worked != 1500*time.Millisecond {
			t.Errorf("%d %v after %v, worked at %v", status, err, time.Since(began), worked)
		}
	})
}

func TestScriptsSayWhatTheyDoNotKnow(t *testing.T) {
	s := simulator.New(simulator.Options{})
	for _, tc := range []struct {
		route string
		n     int
		e     simulator.Effect
	}{
		{"POST /v2/droplet", 1, simulator.Cut()},
		{"POST /v2/droplets", 0, simulator.Cut()},
		{"POST /v2/droplets", 1, simulator.Effect{Do: "explode"}},
		{"POST /v2/droplets", 1, simulator.Status(7)},
		{"POST /v2/droplets", 1, simulator.Refuse().After()},
	} {
		if err := s.Script(tc.route, tc.n, tc.e); err == nil {
			t.Errorf("%+v was taken", tc)
		}
	}
}

// Scripts are used up in order; a route's own before that of any route.
func TestScriptOrder(t *testing.T) {
	s := simulator.New(simulator.Options{})
	for _, step := range []struct {
		route string
		n     int
		e     simulator.Effect
	}{
		{"GET /v2/account", 1, simulator.Pass()},
		{"GET /v2/account", 2, simulator.Status(500)},
		{simulator.AnyRoute, 1, simulator.Status(503)},
	} {
		if err := s.Script(step.route, step.n, step.e); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, path := range []string{"account", "account", "account", "sizes", "account"} {
		status, _, _, err := send(context.Background(), s.Transport(), "GET", "http://simulated/v2/"+path, "")
		must(t, status, err)
		got = append(got, fmt.Sprint(status))
	}
	if want := "200 500 500 503 200"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}
