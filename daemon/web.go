package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapeTime is how long a scrape may take: Prometheus usually gives up after ten seconds, too.
const scrapeTime = 10 * time.Second

// webHandler answers scrapes and probes.
func webHandler(scraped prometheus.Gatherer, alive, ready func(context.Context) []check, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(scraped, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError), MaxRequestsInFlight: 4, Timeout: scrapeTime,
	}))
	mux.Handle("GET /healthz", answer(alive))
	mux.Handle("GET /readyz", answer(ready))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, strings.Join([]string{"arcadiad", "/metrics", "/healthz", "/readyz"}, "\n"))
	})
	return mux
}

// serveWeb listens, and answers until the context ends.
func serveWeb(ctx context.Context, address string, h http.Handler, log *slog.Logger, beside *sync.WaitGroup) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for metrics and health: %w (--listen takes another address)", err)
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("metrics and health", "url", "http://"+l.Addr().String())
	beside.Go(func() { server.Serve(l) })
	beside.Go(func() {
		<-ctx.Done()
		server.Close()
	})
	return nil
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
