package daemon

import (
	"context"
	"fmt"
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
