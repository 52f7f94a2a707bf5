package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// listenAddress is where metrics and health listen. They show nothing secret, and still are nobody's business but the operator's: a
// port alone, 9464 or :9464, is on 127.0.0.1. Who wants all interfaces says so: 0.0.0.0:9464.
func listenAddress(s string) (string, error) {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", fmt.Errorf("listen address %q: a port such as 9464, or host:port, is expected", s)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// scrapeTime is how long a scrape may take: Prometheus usually gives up after ten seconds, too.
const scrapeTime = 10 * time.Second

// web answers scrapes and probes.
func (h *app) web() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.observability.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(h.o.Log.Handler(), slog.LevelError), MaxRequestsInFlight: 4, Timeout: scrapeTime,
	}))
	mux.Handle("GET /healthz", answer(h.alive))
	mux.Handle("GET /readyz", answer(h.ready))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, strings.Join([]string{"arcadiad", "/metrics", "/healthz", "/readyz"}, "\n"))
	})
	return mux
}

// serveWeb listens, and answers until the context ends.
func (h *app) serveWeb(ctx context.Context, running *sync.WaitGroup) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", h.o.Listen)
	if err != nil {
		return fmt.Errorf("listen for metrics and health: %w (--listen takes another address)", err)
	}
	server := &http.Server{
		Handler: h.web(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(h.o.Log.Handler(), slog.LevelWarn),
	}
	h.o.Log.Info("metrics and health", "url", "http://"+l.Addr().String())
	running.Go(func() { server.Serve(l) })
	running.Go(func() {
		<-ctx.Done()
		server.Close()
	})
	return nil
}
