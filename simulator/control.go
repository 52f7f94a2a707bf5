package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// The paths under /simulator/ switch the simulator over HTTP. They need no token, cost no request of the rate limit, and meet no
// faults.

func (s *Simulator) serveHints(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(Header, "1")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.Hints(absolute(r, "")))
}

// serveFaults shows the faults, replaces them (PUT) or changes those that are named (PATCH).
func (s *Simulator) serveFaults(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut || r.Method == http.MethodPatch {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		s.mu.Lock()
		var next Faults
		if r.Method == http.MethodPatch {
			next = s.faults.clone()
		}
		if err = json.Unmarshal(body, &next); err == nil {
			s.setFaults(next)
		}
		s.mu.Unlock()
		if err != nil {
			control(w, http.StatusUnprocessableEntity, errorBody("unprocessable_entity", err.Error(), newUUID()))
			return
		}
		if err := s.Save(); err != nil {
			s.log.Error("the simulated account was not saved", "error", err)
		}
	}
	control(w, http.StatusOK, encode(s.Faults()))
}

// scriptRequest is an Effect for the next requests of a route, in JSON:
// {"route":"POST /v2/droplets","times":1,"do":"cut","after_work":true}
type scriptRequest struct {
	Effect
	Route string `json:"route"`
	Times int    `json:"times"`       // 0 or none: 1
	Retry string `json:"retry_after"` // such as "30s"
}

func (s *Simulator) serveScript(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		s.ClearScript()
		control(w, http.StatusNoContent, nil)
		return
	}
	req := scriptRequest{Times: 1}
	err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(&req)
	if err == nil && req.Retry != "" {
		req.RetryAfter, err = time.ParseDuration(req.Retry)
	}
	if err == nil {
		err = s.Script(req.Route, req.Times, req.Effect)
	}
	if err != nil {
		control(w, http.StatusUnprocessableEntity, errorBody("unprocessable_entity", err.Error(), newUUID()))
		return
	}
	control(w, http.StatusNoContent, nil)
}

func (s *Simulator) serveRequests(w http.ResponseWriter, _ *http.Request) {
	counts := s.Requests()
	control(w, http.StatusOK, encode(map[string]any{"total": counts.Total(), "writes": s.Writes(), "routes": counts}))
}

func control(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set(Header, "1")
	if body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
