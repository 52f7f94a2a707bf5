package daemon

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"arcadiad/simulator"
	"arcadiad/view"
)

// visit asks the daemon's own HTTP server.
func (w *world) visit(method, path string, headers ...string) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, path, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	to := httptest.NewRecorder()
	w.life.h.web().ServeHTTP(to, r)
	return to
}

// lacks names what a page does not have.
func lacks(page string, want ...string) (missing []string) {
	for _, text := range want {
		if !strings.Contains(page, text) {
			missing = append(missing, text)
		}
	}
	return missing
}

// The page tells of the fleet what status, why and plan do, to whoever asks with GET or HEAD. It tells no secret.
func TestStatusPage(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.withHook()
		three := strings.Replace(fleetOf(`name: web, count: 3, user_data: "#!/bin/sh\necho hush-hush"`), "max_destroy: 100%", "max_destroy: 1", 1)
		w.edit(three)
		w.start()
		w.rest()
		page := w.visit(http.MethodGet, "/")
		if missing := lacks(page.Body.String(), "3 of 3 in service", "$18.00", "as the file asks", `<a href="/droplet/web-2">web-2</a>`, "create 3"); missing != nil {
			t.Errorf("the page lacks %q:\n%s", missing, page.Body)
		}
		w.edit(strings.Replace(three, "count: 3", "count: 1", 1))
		time.Sleep(time.Minute)
		plan := w.life.h.loop.Last().Outcome.Pass.Plan.ID
		if missing := lacks(w.visit(http.MethodGet, "/").Body.String(), "held by max_destroy", "<code>arcadiad approve "+plan+"</code>", "Not in the fleet file"); missing != nil {
			t.Errorf("the page of a fleet that waits lacks %q", missing)
		}
		story := w.visit(http.MethodGet, "/droplet/WEB-2")
		if missing := lacks(story.Body.String(), "<h1>web-2</h1>", "ProvisionDroplet", "POST /v2/droplets", "held by max_destroy"); missing != nil || story.Code != http.StatusOK {
			t.Errorf("%d: the page of a droplet lacks %q:\n%s", story.Code, missing, story.Body)
		}
		if nobody := w.visit(http.MethodGet, "/droplet/nobody"); nobody.Code != http.StatusNotFound || !strings.Contains(nobody.Body.String(), "Nothing is known of this name") {
			t.Errorf("a name that nobody knows: %d %s", nobody.Code, nobody.Body)
		}
		z, err := gzip.NewReader(w.visit(http.MethodGet, "/", "Accept-Encoding: gzip").Body)
		if err != nil {
			t.Fatal(err)
		}
		if small, err := io.ReadAll(z); err != nil || string(small) != w.visit(http.MethodGet, "/").Body.String() {
			t.Errorf("compressed, the page is another: %v", err)
		}
		for _, path := range []string{"/", "/droplet/web-1", "/droplet/nobody", "/icon.svg"} {
			answer := w.visit(http.MethodGet, path)
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; style-src 'sha256-", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cache-Control": "no-store", "X-Frame-Options": "DENY",
			} {
				if got := answer.Header().Get(name); !strings.HasPrefix(got, want) {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			for _, secret := range []string{"hush-hush", "hooks.example.com", "dop_v1"} {
				if strings.Contains(answer.Body.String(), secret) {
					t.Errorf("%s tells %s", path, secret)
				}
			}
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				if code := w.visit(method, path).Code; code != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: %d", method, path, code)
				}
			}
			if head := w.visit(http.MethodHead, path); head.Code != answer.Code {
				t.Errorf("HEAD %s: %d", path, head.Code)
			}
		}
		for _, directive := range []string{"connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(view.PagePolicy(), directive) {
				t.Errorf("the policy lacks %s", directive)
			}
		}
	})
}

// A page of a stranger whose name points to this machine is not answered (DNS rebinding).
func TestOnLoopbackOnlyThisMachineIsAnswered(t *testing.T) {
	h := toThisMachine(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"localhost": 200, "localhost:9464": 200, "LOCALHOST:9464": 200, "arcadiad.localhost": 200, "127.0.0.1:9464": 200, "[::1]:9464": 200, "[::1]": 200, "": 200,
		"203.0.113.7:9464": 200, "evil.example": 421, "evil.example:9464": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:9464": 421, "1localhost": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		to := httptest.NewRecorder()
		if h.ServeHTTP(to, r); to.Code != want {
			t.Errorf("Host %q: %d, want %d", host, to.Code, want)
		}
	}
}

// pipes is a listener in the process.
type pipes struct {
	conns chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.over) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	p.conns <- there
	return here, nil
}

// heard is what one listener was told.
type heard struct {
	mu       sync.Mutex
	versions []string
	times    []time.Time
	beats    int
	ended    bool
	cancel   context.CancelFunc
}

// listen listens to the page's events until they end, or the listener leaves.
func (p *pipes) listen(t *testing.T) *heard {
	ctx, cancel := context.WithCancel(context.Background())
	h := &heard{cancel: cancel}
	client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("the events: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	go func() {
		defer resp.Body.Close()
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			h.mu.Lock()
			if version, is := strings.CutPrefix(lines.Text(), "data: "); is {
				h.versions, h.times = append(h.versions, version), append(h.times, time.Now())
			} else if lines.Text() == ":" {
				h.beats++
			}
			h.mu.Unlock()
		}
		h.mu.Lock()
		h.ended = true
		h.mu.Unlock()
	}()
	synctest.Wait()
	return h
}

// Who has the page before them is told of each change, soon and not too often, for as long as they like. There are only so many of them; one that
// does not read is dropped, and when nobody is left nothing is read any more.
func TestStatusPageTellsItsListeners(t *testing.T) {
	t.Parallel()
	inWorld(t, simulator.Options{}, func(w *world) {
		w.edit(fleetOf("name: web, count: 3"))
		w.start()
		w.rest()
		s := w.life.h.site
		var reads atomic.Int64
		read := s.read
		s.read = func(ctx context.Context) (view.Overview, error) { // nobody watches yet
			reads.Add(1)
			return read(ctx)
		}
		ctx, cancel := context.WithCancel(context.Background())
		server, at := webServer(w.life.h.web(), w.log), &pipes{conns: make(chan net.Conn), over: make(chan struct{})}
		var beside sync.WaitGroup
		beside.Go(func() { s.watch(ctx) })
		beside.Go(func() { server.Serve(at) })
		defer beside.Wait()
		defer server.Close()
		defer cancel()
		count := func() int {
			synctest.Wait()
			s.hearing.mu.Lock()
			defer s.hearing.mu.Unlock()
			return s.hearing.count
		}
		time.Sleep(10 * time.Minute)
		if n := reads.Load(); n != 0 {
			t.Errorf("the page was read %d times while nobody looked", n)
		}

		for range 100 { // all of them at the same moment
			s.touch()
			w.visit(http.MethodGet, "/")
			w.visit(http.MethodGet, "/droplet/web-1")
		}
		if n := reads.Load(); n != 1 {
			t.Errorf("the page was read %d times for 200 who asked at once", n)
		}

		first := at.listen(t)
		if len(first.versions) != 1 {
			t.Fatalf("a listener was told %q at first", first.versions)
		}
		w.edit(fleetOf("name: web, count: 6"))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if page := w.visit(http.MethodGet, "/").Body.String(); len(first.versions) < 4 || !strings.Contains(page, `data-version="`+first.versions[len(first.versions)-1]+`"`) ||
			!strings.Contains(page, "6 of 6 in service") {
			t.Errorf("a listener was told %q; the page is\n%s", first.versions, page)
		}
		for i := 1; i < len(first.times); i++ {
			if gap := first.times[i].Sub(first.times[i-1]); gap < makeEvery {
				t.Errorf("two changes within %v", gap)
			}
		}
		if first.beats < 10 || first.ended {
			t.Errorf("%d heartbeats in three minutes; ended: %v", first.beats, first.ended)
		}

		all := []*heard{first}
		for len(all) < mostListeners-1 {
			all = append(all, at.listen(t))
		}
		deaf, err := at.dial(ctx, "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		fmt.Fprint(deaf, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if n := count(); n != mostListeners {
			t.Errorf("%d listeners, want %d", n, mostListeners)
		}
		if full := w.visit(http.MethodGet, "/events"); full.Code != http.StatusServiceUnavailable || full.Header().Get("Retry-After") == "" {
			t.Errorf("one listener too many: %d", full.Code)
		}
		time.Sleep(time.Minute)
		if n := count(); n != mostListeners-1 {
			t.Errorf("%d listeners, want one less: it reads nothing", n)
		}
		for _, h := range all {
			h.cancel()
		}
		if n := count(); n != 0 {
			t.Errorf("%d listeners are left", n)
		}
		time.Sleep(time.Minute)
		before := reads.Load()
		w.edit(fleetOf("name: web, count: 7"))
		time.Sleep(10 * time.Minute)
		if n := reads.Load() - before; n != 0 {
			t.Errorf("the page was read %d times after all had gone", n)
		}
	})
}
