package simulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Request is one request that arrived.
type Request struct {
	At     time.Time
	Method string
	Path   string // with the query
	Route  string // "GET /v2/droplets/{id}"; "/" for what the API does not have
	Status int    // of the answer; 0: none was sent (yet)
}

// Counts are numbers of requests by route.
type Counts map[string]int

// Total is the number of all requests.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// requestLog counts all requests and remembers the latest.
type requestLog struct {
	counts Counts
	writes int
	latest []*Request
}

const keptRequests = 10_000

func (l *requestLog) add(r *http.Request, route string) *Request {
	if l.counts == nil {
		l.counts = Counts{}
	}
	l.counts[route]++
	if isWrite(r.Method) {
		l.writes++
	}
	e := &Request{At: time.Now(), Method: r.Method, Path: r.URL.RequestURI(), Route: route}
	if len(l.latest) >= 2*keptRequests {
		l.latest = slices.Clone(l.latest[keptRequests:])
	}
	l.latest = append(l.latest, e)
	return e
}

// answered notes the status of an answer about to be sent.
func (s *Simulator) answered(e *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Status = status
}

// Requests counts the requests that arrived since the start, or since ResetRequests, by route. Refused connections and requests
// under /simulator/ do not count; those that a fault spoiled do.
func (s *Simulator) Requests() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests.counts == nil {
		return Counts{}
	}
	return maps.Clone(s.requests.counts)
}

// Writes counts those requests that were neither GET nor HEAD.
func (s *Simulator) Writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests.writes
}

// RequestLog gives the latest requests, at least 10,000 where there were so many, oldest first.
func (s *Simulator) RequestLog() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests.latest))
	for i, e := range s.requests.latest {
		out[i] = *e
	}
	return out
}

// ResetRequests starts counting anew. The rate limits remember all the same.
func (s *Simulator) ResetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = requestLog{}
}

// String is one line: the time, the method and path, the status.
func (r Request) String() string {
	var b strings.Builder
	b.WriteString(r.At.UTC().Format("15:04:05.000 ") + r.Method + " " + r.Path)
	if r.Status == 0 {
		b.WriteString(" (no answer)")
	} else {
		b.WriteString(" " + http.StatusText(r.Status))
	}
	return b.String()
}
