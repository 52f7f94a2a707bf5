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

// alive tells whether the process makes progress, by the same watchdog as the service manager's watchdog. That the API is down, or that a
// saga is stuck, is not counted: a restart would not mend it.
func (h *app) alive(context.Context) []check {
	if err := h.hung(); err != nil {
		return []check{{"progress", false, err.Error()}}
	}
	reason := fmt.Sprintf("%d sagas live", len(h.engine.Live()))
	if last := h.loop.Last(); !last.At.IsZero() {
		reason = "the last pass began at " + last.At.UTC().Format("15:04:05 UTC; ") + reason
	}
	return []check{{"progress", true, reason}}
}

// ready tells whether the daemon does its work: it knows what is desired, has planned it, and may write down what it does.
func (h *app) ready(ctx context.Context) []check {
	set := h.attention()
	file := check{"fleet file", false, "no version is in force yet"}
	if set.Desired != nil {
		file = check{"fleet file", true, fmt.Sprintf("fleet %s, %d droplets", set.Desired.Name, len(set.Desired.Specs))}
	}
	if set.FileErr != nil {
		file.Reason += "; the newest is not usable: " + set.FileErr.Error()
	}
	first := check{"first pass", h.observability.planned.Load(), "planned"}
	if !first.OK {
		first.Reason = "nothing is planned yet"
		if set.PassErr != nil {
			first.Reason += "; the last pass failed: " + set.PassErr.Error()
		}
	}
	store := check{"state database", true, "ours"}
	if err := h.store.Check(ctx); err != nil {
		store = check{"state database", false, err.Error()}
	}
	return []check{file, first, store}
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
