package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

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
