package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Effect is what happens to a request instead of, or beside, its ordinary answer.
type Effect struct {
	Do         string        `json:"do"`                   // pass, status, cut, truncate, redirect, hang or refuse
	AfterWork  bool          `json:"after_work,omitempty"` // the request's work is done first
	Code       int           `json:"code,omitempty"`       // of status
	HTML       bool          `json:"html,omitempty"`       // status with the page of a proxy instead of JSON
	Message    string        `json:"message,omitempty"`    // of status; empty: the usual one
	RetryAfter time.Duration `json:"-"`                    // of status; 0: no such header
}

// Pass lets a request be: for scripts that want the one after it.
func Pass() Effect { return Effect{Do: "pass"} }

// Status answers with a code and an error body, without doing the work.
func Status(code int) Effect { return Effect{Do: "status", Code: code} }

// HTML answers with a code and the HTML page of a proxy, without doing the work.
func HTML(code int) Effect { return Effect{Do: "status", Code: code, HTML: true} }

// TooMany answers 429. A burst carries Retry-After; with 0 it is the hourly limit, which carries none.
func TooMany(retryAfter time.Duration) Effect {
	return Effect{Do: "status", Code: http.StatusTooManyRequests, RetryAfter: retryAfter}
}

// Cut ends the connection without an answer, before the work.
func Cut() Effect { return Effect{Do: "cut"} }

// Truncate does the work and breaks the answer's body off in the middle.
func Truncate() Effect { return Effect{Do: "truncate", AfterWork: true} }

// Redirect answers 307 with the request's own URL, without doing the work. A client that follows sends the request again.
func Redirect() Effect { return Effect{Do: "redirect"} }

// Hang answers nothing until the client goes, without doing the work.
func Hang() Effect { return Effect{Do: "hang"} }

// Refuse refuses the connection: a dial error in process, a cut over HTTP. The request never arrives, and is not counted.
func Refuse() Effect { return Effect{Do: "refuse"} }

// After is the same effect, after the work was done.
func (e Effect) After() Effect { e.AfterWork = true; return e }

// Saying is the same effect with another message in the error body.
func (e Effect) Saying(message string) Effect { e.Message = message; return e }

func (e Effect) check() error {
	switch e.Do {
	case "pass", "cut", "truncate", "redirect", "hang":
	case "refuse":
		if e.AfterWork {
			return fmt.Errorf("a refused connection does no work")
		}
	case "status":
		if e.Code < 200 || e.Code > 599 {
			return fmt.Errorf("code %d: want 200 to 599", e.Code)
		}
	default:
		return fmt.Errorf("do %q: want pass, status, cut, truncate, redirect, hang or refuse", e.Do)
	}
	return nil
}

// name is how Hits calls the effect.
func (e Effect) name() string {
	name := "script " + e.Do
	if e.Do == "status" {
		name += " " + strconv.Itoa(e.Code)
	}
	if e.HTML {
		name += " html"
	}
	if e.AfterWork {
		name += " after work"
	}
	return name
}

type scripted struct {
	effect Effect
	left   int // negative: for ever
}

// AnyRoute stands for every route of the API in Script.
const AnyRoute = "*"

// Script lets the next n requests of a route meet an effect, after those scripted before for the same route; a negative n means
// all. The route is written as in Requests: "POST /v2/droplets", "GET /v2/droplets/{id}", or AnyRoute, which is asked after the
// route's own script has run out.
func (s *Simulator) Script(route string, n int, e Effect) error {
	if err := e.check(); err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("0 times: want at least one request, or a negative number for all")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if route != AnyRoute && !knownRoute(route) {
		return fmt.Errorf("no route is named %q; want one as in \"GET /v2/droplets/{id}\"", route)
	}
	if e.Do == "truncate" {
		e.AfterWork = true
	}
	s.script[route] = append(s.script[route], scripted{e, n})
	return nil
}

// ClearScript forgets what is left of all scripts.
func (s *Simulator) ClearScript() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.script)
}

// ScriptLeft says how many scripted effects still wait for a request; those for ever count one.
func (s *Simulator) ScriptLeft() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, queue := range s.script {
		for _, e := range queue {
			n += max(1, e.left)
		}
	}
	return n
}

// next takes the scripted effect for a request of the route.
func (s *Simulator) next(route string) (Effect, bool) {
	for _, key := range []string{route, AnyRoute} {
		queue := s.script[key]
		if len(queue) == 0 {
			continue
		}
		head := &queue[0]
		e := head.effect
		if head.left > 0 {
			head.left--
		}
		if head.left == 0 {
			s.script[key] = queue[1:]
		}
		s.hit(e.name())
		return e, true
	}
	return Effect{}, false
}

// effect decides what happens to a request: by script, else by the standing faults.
func (s *Simulator) effect(method, route string) Effect {
	if e, ok := s.next(route); ok {
		return e
	}
	f := s.faults
	write := isWrite(method)
	for _, k := range []struct {
		set  bool
		knob string
		e    Effect
	}{
		{f.Refuse, "refuse", Refuse()},
		{f.CutBeforeWork, "cut_before_work", Cut()},
		{f.Hang, "hang", Hang()},
		{f.HTMLError, "html_error", HTML(http.StatusBadGateway)},
		{f.ServerError, "server_error", Status(http.StatusInternalServerError)},
		{f.TooManyRequests, "too_many_requests", TooMany(f.RetryAfter)},
		{f.CutAfterWork && write, "cut_after_work", Cut().After()},
		{f.HangAfterWork && write, "hang_after_work", Hang().After()},
		{f.ServerErrorAfterWork && write, "server_error_after_work", Status(http.StatusInternalServerError).After()},
		{f.Truncated202 && route == "POST /v2/droplets", "truncated_202", Truncate()},
	} {
		if s.holds(k.set, k.knob, route) {
			return k.e
		}
	}
	return Pass()
}

func isWrite(method string) bool {
	return method != http.MethodGet && !strings.EqualFold(method, http.MethodHead)
}
