package digitalocean

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/digitalocean/godo"
)

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
	case Unauthorized:
		e.hint = "check that the token is complete, not expired and not revoked"
	case Forbidden:
		e.hint = "the token may lack a scope; this needs " + r.scopes
	case Quota:
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
		for _, p := range parts {
			if strings.Contains(message, p) {
				return true
			}
		}
		return false
	}
	switch {
	case status < 400, status >= 500, status == http.StatusRequestTimeout:
		return r.noAnswer()
	case status == http.StatusNotFound:
		return NotFound
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusTooManyRequests:
		return RateLimited
	case says("droplet limit"):
		return Quota
	case status == http.StatusForbidden:
		return Forbidden
	case says("pending event"):
		return PendingEvent
	case says("already powered"):
		return AlreadySo
	case says("not available in this region", "size is unavailable", "size is not available", "region is not available", "try again"):
		return Capacity
	}
	return Rejected
}

// noAnswer is the kind of a request that went out and brought nothing that can be used.
func (r *request) noAnswer() Kind {
	if r.write {
		return Unknown
	}
	return Unavailable
}

// unsent makes the error of a request of which nothing left this machine.
func (r *request) unsent(err error) *Error {
	e := &Error{Op: r.op, Kind: Unavailable, Err: err}
	if r.write {
		e.Kind = NotSent
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
