package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"arcadiad/fleet"
	"arcadiad/view"
)

// scrapeTime is how long a scrape may take: Prometheus usually gives up after ten seconds, too.
const scrapeTime = 10 * time.Second

// webHandler answers scrapes, probes and browsers. It has nothing but GET and HEAD.
func webHandler(scraped prometheus.Gatherer, alive, ready func(context.Context) []check, site *site, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(scraped, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError), MaxRequestsInFlight: 4, Timeout: scrapeTime,
	}))
	mux.Handle("GET /healthz", answer(alive))
	mux.Handle("GET /readyz", answer(ready))
	mux.Handle("GET /{$}", guarded(show(func(r *http.Request) (page, error) { return site.current(r.Context()) })))
	mux.Handle("GET /droplet/{name}", guarded(show(func(r *http.Request) (page, error) {
		return site.of(r.Context(), fleet.Key(r.PathValue("name")))
	})))
	mux.Handle("GET /events", guarded(&site.hearing))
	mux.Handle("GET /icon.svg", guarded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		w.Write(view.PageIcon)
	})))
	return mux
}

// guarded tells browsers to do nothing with an answer but show it: to load nothing from elsewhere, to run nothing but the page's own script,
// to keep no copy, and to tell nobody else where it was.
func guarded(h http.Handler) http.Handler {
	policy := view.PagePolicy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			w.Header().Set(name, value)
		}
		h.ServeHTTP(w, r)
	})
}

// show answers with a page that was made before.
func show(get func(*http.Request) (page, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := get(r)
		if err != nil {
			http.Error(w, fleet.OneLine(err.Error()), http.StatusServiceUnavailable)
			return
		}
		body := p.plain
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body = p.small
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		if !p.known {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write(body)
	})
}

// toThisMachine answers only those who asked for this machine by a name or an address that is its own in any case. A page of a stranger, whose
// name points to the loopback address, then cannot read what is shown here (DNS rebinding).
func toThisMachine(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.ToLower(strings.Trim(host, "[]"))
		if host != "" && host != "localhost" && !strings.HasSuffix(host, ".localhost") && net.ParseIP(host) == nil {
			http.Error(w, fmt.Sprintf("This address answers to localhost and to IP addresses, not to %q. Behind a proxy, have it send Host: localhost.",
				fleet.Fit(host, 100)), http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// serveWeb listens, and answers until the context ends.
func serveWeb(ctx context.Context, address string, h http.Handler, log *slog.Logger, beside *sync.WaitGroup) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for the status page, metrics and health: %w (--listen takes another address)", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); ok && at.IP.IsLoopback() {
		h = toThisMachine(h)
	}
	server := webServer(h, log)
	log.Info("status page, metrics and health", "url", "http://"+l.Addr().String())
	beside.Go(func() { server.Serve(l) })
	beside.Go(func() {
		<-ctx.Done()
		server.Close()
	})
	return nil
}

func webServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// check is one question of a probe.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// probeTime is how long a probe may take: a lock that is never let go is a hang too.
const probeTime = 5 * time.Second

// answer writes what a probe found: 200 or 503, as text, or as JSON to whoever asks for it.
func answer(ask func(context.Context) []check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), probeTime)
		defer cancel()
		found := make(chan []check, 1)
		go func() { found <- ask(ctx) }()
		var checks []check
		select {
		case checks = <-found:
		case <-ctx.Done():
			checks = []check{{"probe", false, fmt.Sprintf("no answer within %s", probeTime)}}
		}
		ok := true
		for _, c := range checks {
			ok = ok && c.OK
		}
		code, status := http.StatusOK, "ok"
		if !ok {
			code, status = http.StatusServiceUnavailable, "failing"
		}
		w.Header().Set("Cache-Control", "no-store")
		if strings.Contains(r.Header.Get("Accept"), "application/json") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			json.NewEncoder(w).Encode(map[string]any{"status": status, "checks": checks})
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintln(w, status)
		for _, c := range checks {
			mark := "ok"
			if !c.OK {
				mark = "FAILING"
			}
			io.WriteString(w, fmt.Sprintf("%s: %s: %s\n", c.Name, mark, c.Reason))
		}
	}
}
