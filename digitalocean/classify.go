package digitalocean

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
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
	case says("already powered"):
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
