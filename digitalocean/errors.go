package digitalocean

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// Kind says what became of a request that failed. It is an error itself, so that errors.Is(err, digitalocean.ErrNotFound) works
// on whatever wraps an [Error].
type Kind string

// Error gives the kind in words.
func (k Kind) Error() string { return string(k) }

// The kinds. All but ErrUnknown mean that a write did nothing.
const (
	ErrNotFound     Kind = "not found"        // 404: gone, or never there, or another account's
	ErrUnauthorized Kind = "unauthorized"     // 401: the token is wrong, expired or revoked
	ErrForbidden    Kind = "forbidden"        // 403: the token lacks a scope
	ErrRateLimited  Kind = "rate limited"     // 429: refused before execution; Error.Until says when to try again
	ErrQuota        Kind = "quota exceeded"   // the account's droplet limit is reached
	ErrCapacity     Kind = "no capacity"      // the region or the size has no room now, or the API asks to try again
	ErrPendingEvent Kind = "pending event"    // the droplet or the address is busy with an action; try again soon
	ErrAlreadySo    Kind = "already so"       // the droplet or the address is as the action would make it
	ErrRejected     Kind = "rejected"         // any other 4xx, or refused here because the API could not accept it
	ErrNotSent      Kind = "not sent"         // a write that never left: gate, queue, intent, or no connection
	ErrUnknown      Kind = "outcome unknown"  // a write that may have been carried out
	ErrUnavailable  Kind = "no usable answer" // a read that brought nothing; it may be tried again
)

// ErrMoved says that a listing changed while its pages were read: its total moved, or it does not equal the number of droplets
// that were found. Listing again mends it.
var ErrMoved = errors.New("the listing moved while its pages were read")

// Error is a request that failed. Its text never holds a token.
type Error struct {
	Op        string    // what was asked for: "create droplet web-1"
	Kind      Kind      // what became of it
	Status    int       // HTTP status; 0: there was no answer
	Message   string    // the API's own words, in one line
	RequestID string    // the API's name for the request, for its support
	Until     time.Time // ErrRateLimited: when to try again; zero otherwise
	Err       error     // what lies beneath, if anything: a context's error, a network error, the reason of a closed gate

	hint string // what an operator can do
}

// Error gives one line: what was asked, what became of it, the API's words and what to do. Without a connection it does not matter what was
// asked.
func (e *Error) Error() string {
	var dial *net.OpError
	if e.Kind == ErrUnavailable && errors.As(e.Err, &dial) && dial.Op == "dial" {
		return "cannot reach the DigitalOcean API: " + dial.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Op, e.Kind)
	if e.Message != "" {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", e.Err)
	}
	var notes []string
	if e.Status != 0 {
		notes = append(notes, fmt.Sprintf("status %d", e.Status))
	}
	if e.RequestID != "" {
		notes = append(notes, "request "+e.RequestID)
	}
	if !e.Until.IsZero() {
		notes = append(notes, "try again after "+e.Until.UTC().Format(time.RFC3339))
	}
	if len(notes) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(notes, ", "))
	}
	if e.hint != "" {
		fmt.Fprintf(&b, "; %s", e.hint)
	}
	return b.String()
}

// Unwrap gives what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// Is tells whether the target is this error's kind.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// Uncertain tells whether a write that ended with this error may have been carried out all the same. An error of unknown origin
// counts as uncertain.
func Uncertain(err error) bool {
	if err == nil {
		return false
	}
	var e *Error
	return !errors.As(err, &e) || e.Kind == ErrUnknown
}

// refusal makes the error of an answer that is not 2xx.
func (r *request) refusal(resp *http.Response, body string) *Error {
	e := &Error{Op: r.op, Status: resp.StatusCode}
	resp.Body = io.NopCloser(strings.NewReader(body))
	var api *godo.ErrorResponse
	if errors.As(godo.CheckResponse(resp), &api) {
		e.Message, e.RequestID = api.Message, api.RequestID
		if e.Message == "" && api.NestedError != nil {
			e.Message = api.NestedError.Message
		}
	}
	e.Message, e.RequestID = oneLine(e.Message), oneLine(e.RequestID)
	e.Kind = r.kindOf(resp.StatusCode, e.Message)
	switch e.Kind {
	case ErrUnauthorized:
		e.hint = "check that the token is complete, not expired and not revoked"
	case ErrForbidden:
		e.hint = "the token may lack a scope; this needs " + r.scopes
	case ErrQuota:
		e.hint = "free some droplets, or ask DigitalOcean for a higher droplet limit"
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		e.hint = "redirects are not followed; check --api-url"
	}
	return e
}

// kindOf reads a status, and the message where the status is not enough: the API has no codes (docs/digitalocean-api.md, "Errors").
func (r *request) kindOf(status int, message string) Kind {
	message = strings.ToLower(message)
	says := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(message, part) })
	}
	switch {
	case status < 400, status >= 500, status == http.StatusRequestTimeout:
		return r.noAnswer()
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case says("droplet limit"):
		return ErrQuota
	case status == http.StatusForbidden:
		return ErrForbidden
	case says("pending event"):
		return ErrPendingEvent
	case says("already powered", "already assigned to this droplet", "is not assigned"):
		return ErrAlreadySo
	case says("not available in this region", "size is unavailable", "size is not available", "region is not available", "try again"):
		return ErrCapacity
	}
	return ErrRejected
}

// noAnswer is the kind of a request that went out and brought nothing that can be used.
func (r *request) noAnswer() Kind {
	if r.write {
		return ErrUnknown
	}
	return ErrUnavailable
}

// unsent makes the error of a request of which nothing left this machine.
func (r *request) unsent(err error) *Error {
	e := &Error{Op: r.op, Kind: ErrUnavailable, Err: err}
	if r.write {
		e.Kind = ErrNotSent
	}
	return e
}

// unread makes the error of a 2xx whose body is not what the API promises.
func (r *request) unread(a answer, err error) *Error {
	return &Error{
		Op: r.op, Kind: r.noAnswer(), Status: a.status, RequestID: a.header.Get("X-Request-Id"),
		Err: fmt.Errorf("the answer cannot be read: %w", err),
	}
}

// neverConnected tells whether an error of the transport came before there was a connection. asked and connected are the marks of
// the transport's trace; a transport without a trace leaves only the error itself to judge by.
func neverConnected(err error, asked, connected bool) bool {
	if connected {
		return false
	}
	if asked {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
