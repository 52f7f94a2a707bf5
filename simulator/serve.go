package simulator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is how much of a request's body is read; user_data is at most 64 KiB.
const maxBody = 1 << 20

// call is one request at work, under the mutex.
type call struct {
	s      *Simulator
	a      *Account
	r      *http.Request
	id     string // request id
	body   []byte
	now    time.Time
	scopes scopes
}

// answer is what a handler gives back.
type answer struct {
	status int
	header http.Header // nil: none beside the usual
	body   []byte
}

// effectKey carries the effect that Transport has already decided, for it must know of a refusal before there is a connection.
type effectKey struct{}

// ServeHTTP serves the API from the root: /v2/... and /simulator/....
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// serve takes one request of a route on its way, as the package comment describes it.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, rt route) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client went while it was sending: the request never arrived whole
	}
	s.mu.Lock()
	entry := s.requests.add(r, rt.pattern)
	before, after, behind := s.before, s.after, s.faults.ClockBehind
	e, decided := r.Context().Value(effectKey{}).(Effect)
	if !decided {
		e = s.effect(r.Method, rt.pattern)
	}
	latency := s.opts.Latency + s.lag(s.faults.Latency, "latency", rt.pattern)
	s.mu.Unlock()

	if before != nil {
		before(r)
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
	}
	pause(latency / 2)

	id := newUUID()
	var ans answer
	if !e.AfterWork && e.Do != "pass" {
		ans = s.spoil(r, e, answer{}, id)
	} else {
		ans = s.work(r, rt, body, id)
		if after != nil {
			after(r)
			if r.Context().Err() != nil {
				panic(http.ErrAbortHandler)
			}
		}
		if e.Do != "pass" {
			ans = s.spoil(r, e, ans, id)
		}
	}
	pause(latency - latency/2)
	s.answered(entry, ans.status)
	s.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelDebug, "request", slog.String("method", r.Method),
		slog.String("path", r.URL.Path), slog.Int("status", ans.status), slog.String("request_id", id))
	w.Header().Set("Date", time.Now().Add(-behind).UTC().Format(http.TimeFormat))
	deliver(w, r, ans, id, e.Do == "truncate")
}

func pause(d time.Duration) {
	if d > 0 {
		time.Sleep(d)
	}
}

// work authenticates, charges and handles a request under the mutex, and saves what it changed.
func (s *Simulator) work(r *http.Request, rt route, body []byte, id string) answer {
	c := &call{s: s, r: r, id: id, body: body}
	ans, changes := c.serve(rt)
	if err := s.saveUpTo(changes); err != nil {
		s.log.Error("the simulated account was not saved", "error", err)
		return c.errorAnswer(http.StatusInternalServerError, "server_error", "the simulated account could not be saved")
	}
	return ans
}

// serve handles a request under the mutex, and tells how many changes there are then.
func (c *call) serve(rt route) (ans answer, changes uint64) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock() // also where a handler panics
	c.now = time.Now()
	ans = c.admit(rt)
	if isWrite(c.r.Method) && ans.status < 300 {
		c.s.changes++
	}
	return ans, c.s.changes
}

// admit lets a request through to its handler, or says why not. Every answer carries the rate-limit headers.
func (c *call) admit(rt route) (ans answer) {
	token := bearer(c.r)
	c.a = c.s.accountOf(token)
	limits := c.s.opts.Limits
	var b *budget
	defer func() {
		if ans.header == nil {
			ans.header = http.Header{}
		}
		b.headers(ans.header, limits, c.now)
		if ans.header.Get("Retry-After") != "" {
			ans.header.Set("Ratelimit-Remaining", "0") // with retry-after this means the burst limit, without the hourly one
		}
	}()
	if c.a == nil {
		return c.errorAnswer(http.StatusUnauthorized, "unauthorized", "Unable to authenticate you")
	}
	if b = c.s.budgets[token]; b == nil {
		b = &budget{}
		c.s.budgets[token] = b
	}
	burst, hourly := b.charge(limits, c.now, rt.pattern == "GET /v2/account/keys")
	if burst > 0 || hourly {
		ans := c.errorAnswer(http.StatusTooManyRequests, "too_many_requests", "API rate limit exceeded.")
		if burst > 0 {
			ans.header.Set("Retry-After", strconv.Itoa(int(burst/time.Second)))
		}
		return ans
	}
	c.a.advance(c.now)
	if c.scopes = scopes(c.s.faults.WithoutScopes); len(c.scopes) > 0 {
		c.s.hit("without_scopes")
	}
	if !c.scopes.has(rt.scopes...) {
		return c.forbidden()
	}
	return rt.handle(c)
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// spoil carries an effect out: it gives the answer to send instead, or ends the connection.
func (s *Simulator) spoil(r *http.Request, e Effect, ans answer, id string) answer {
	out := answer{header: http.Header{}}
	s.mu.Lock()
	s.budgets[bearer(r)].headers(out.header, s.opts.Limits, time.Now())
	s.mu.Unlock()
	switch e.Do {
	case "hang":
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case "cut", "refuse":
		panic(http.ErrAbortHandler)
	case "truncate":
		return ans
	case "redirect":
		out.status = http.StatusTemporaryRedirect
		out.header.Set("Location", absolute(r, r.URL.RequestURI()))
		return out
	}
	out.status = e.Code
	if e.Code == http.StatusTooManyRequests {
		out.header.Set("Ratelimit-Remaining", "0")
		if e.RetryAfter > 0 {
			out.header.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
		}
	}
	if e.HTML {
		out.header.Set("Content-Type", "text/html; charset=UTF-8")
		text := strconv.Itoa(e.Code) + " " + http.StatusText(e.Code)
		out.body = []byte("<html>\r\n<head><title>" + text + "</title></head>\r\n<body>\r\n<center><h1>" + text +
			"</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n")
		return out
	}
	if e.Code < 400 {
		if e.Code != http.StatusNoContent && e.Code != http.StatusNotModified {
			out.body = []byte("{}")
		}
		return out
	}
	name, message := usualError(e.Code)
	if e.Message != "" {
		message = e.Message
	}
	out.body = errorBody(name, message, id)
	return out
}

// usualError is the id and the message that go with a status (docs/digitalocean-api.md, "Errors").
func usualError(status int) (id, message string) {
	switch status {
	case http.StatusBadRequest:
		return "bad_request", "The request was malformed."
	case http.StatusUnauthorized:
		return "unauthorized", "Unable to authenticate you"
	case http.StatusForbidden:
		return "forbidden", "You do not have permission to perform this action."
	case http.StatusNotFound:
		return "not_found", "The resource you were accessing could not be found."
	case http.StatusUnprocessableEntity:
		return "unprocessable_entity", "The request could not be processed, please try again."
	case http.StatusTooManyRequests:
		return "too_many_requests", "API rate limit exceeded."
	case http.StatusServiceUnavailable:
		return "service_unavailable", "Service is temporarily unavailable."
	}
	return "server_error", "Server was unable to give you a response."
}

// deliver writes the answer; a truncated one breaks off in the middle of its body.
func deliver(w http.ResponseWriter, r *http.Request, ans answer, id string, truncate bool) {
	h := w.Header()
	for k, v := range ans.header {
		h[k] = v
	}
	h.Set(Header, "1")
	h.Set("X-Request-Id", id)
	if len(ans.body) > 0 {
		if h.Get("Content-Type") == "" {
			h.Set("Content-Type", "application/json; charset=utf-8")
		}
		h.Set("Content-Length", strconv.Itoa(len(ans.body)))
	}
	w.WriteHeader(ans.status)
	if r.Method == http.MethodHead {
		return
	}
	if truncate {
		_, _ = w.Write(ans.body[:len(ans.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(ans.body) // a client that is gone is its own affair
}

// absolute makes the URL under which the client reaches a path here.
func absolute(r *http.Request, path string) string {
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

// json gives an answer of one JSON object.
func (c *call) json(status int, v any) answer { return answer{status: status, body: encode(v)} }

func (c *call) noContent() answer { return answer{status: http.StatusNoContent} }

func (c *call) errorAnswer(status int, id, message string) answer {
	return answer{status: status, header: http.Header{}, body: errorBody(id, message, c.id)}
}

func (c *call) notFound() answer {
	return c.errorAnswer(http.StatusNotFound, "not_found", "The resource you were accessing could not be found.")
}

// notImplemented says that the simulator does not have the route, which must not look like a missing object.
func (c *call) notImplemented() answer {
	words := "the simulator has no route " + c.r.Method + " " + c.r.URL.Path
	c.s.log.Warn(words)
	return c.errorAnswer(http.StatusNotImplemented, "not_implemented", words+" (docs/simulator.md lists those that it has)")
}

func (c *call) forbidden() answer {
	return c.errorAnswer(http.StatusForbidden, "forbidden", "You are not authorized to perform this operation")
}

func (c *call) unprocessable(message string) answer {
	return c.errorAnswer(http.StatusUnprocessableEntity, "unprocessable_entity", message)
}

// badBody says why a body cannot be read, without the words of the package that reads it.
func (c *call) badBody(err error) answer {
	why := err.Error()
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		why = cmp.Or(wrong.Field, "it") + " can not be a JSON " + wrong.Value
	}
	return c.errorAnswer(http.StatusBadRequest, "bad_request", "The request body is not valid: "+why)
}

// decode reads the request's JSON body; a nil answer means that it was good.
func (c *call) decode(v any) *answer {
	if err := json.Unmarshal(c.body, v); err != nil {
		return new(c.badBody(err))
	}
	return nil
}

func errorBody(id, message, requestID string) []byte {
	return encode(struct {
		ID        string `json:"id"`
		Message   string `json:"message"`
		RequestID string `json:"request_id"`
	}{id, message, requestID})
}
