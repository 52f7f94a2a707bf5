package digitalocean

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/digitalocean/godo"

	"arcadiad/fleet"
)

// request is one call of the API.
type request struct {
	op     string // for errors and logs
	method string
	path   string // relative, "v2/droplets"
	query  url.Values
	body   any    // encoded as JSON; nil: none
	scopes string // of the token, for the hint of a 403
	write  bool
	intent func(context.Context) error
	each   func(*fleet.Droplet) // of a list of droplets: each goes through it; nil: none does
	wrong  error                // why it would make a path that means something else, and is refused here; nil: nothing is
}

// answer is a 2xx.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	token   fingerprint // of the token that the request bore
	beganAt time.Time   // just before the request went out
}

// do sends one request, once. The error is an *Error.
func (c *Client) do(ctx context.Context, r request) (answer, error) {
	if r.wrong != nil {
		return answer{}, &Error{Op: r.op, Kind: ErrRejected, Message: r.wrong.Error()}
	}
	slot, err := c.api.o.Budget.acquire(ctx, c.priority, r.write)
	if err != nil {
		return answer{}, r.unsent(err).scrub("")
	}
	defer slot.release()

	token, err := c.api.readToken()
	if err != nil {
		return answer{}, r.unsent(err).scrub("")
	}
	req, err := c.api.build(ctx, r, token)
	if err == nil && r.write {
		err = c.api.mayWrite(ctx, r, token)
	}
	if err != nil {
		return answer{}, r.unsent(err).scrub(token)
	}
	a, failed := c.api.send(ctx, req, r, token, slot)
	if failed != nil {
		return answer{}, failed.scrub(token)
	}
	return a, nil
}

// ask sends one request and decodes what its answer has under a key. Whole tells whether that is what was asked for; lacks says what it is not.
func ask[T any](ctx context.Context, c *Client, r request, key string, whole func(T) bool, lacks string) (found T, a answer, err error) {
	if a, err = c.do(ctx, r); err != nil {
		return found, a, err
	}
	var body map[string]json.RawMessage
	if err = json.Unmarshal(a.body, &body); err == nil && body[key] != nil {
		err = json.Unmarshal(body[key], &found)
	}
	if err == nil && !whole(found) {
		err = errors.New(lacks)
	}
	if err != nil {
		return *new(T), a, r.unread(a, err)
	}
	return found, a, nil
}

// mayWrite is what stands between a write that holds its slot and the wire: the gate, the intent, and the gate again, because the
// intent took its time. The very last is May.
func (a *API) mayWrite(ctx context.Context, r request, token string) error {
	open := func() error {
		if err := a.o.Budget.gate(); err != nil {
			return err
		}
		return a.proof.check(fingerprintOf(token))
	}
	if err := open(); err != nil {
		return err
	}
	if r.intent != nil {
		if err := r.intent(ctx); err != nil {
			return fmt.Errorf("the intent was not recorded: %w", err)
		}
		if err := open(); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil || a.o.May == nil {
		return err
	}
	return a.o.May()
}

// build makes the HTTP request.
func (a *API) build(ctx context.Context, r request, token string) (*http.Request, error) {
	target := r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := a.godo.NewRequest(ctx, r.method, target, r.body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if req.Method != http.MethodGet {
		req.GetBody = nil // without it no transport can send the body a second time
	}
	return req, nil
}

// send puts the request on the wire and reads the whole answer.
func (a *API) send(ctx context.Context, req *http.Request, r request, token string, slot *slot) (answer, *Error) {
	wire, cancel := a.wireContext(ctx, r.write)
	defer cancel()
	var asked, connected atomic.Bool
	wire = httptrace.WithClientTrace(wire, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		// Not WroteRequest: the transport writes on its own, and may still do so after it gave up waiting.
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	began := time.Now()
	slot.sent = true
	resp, err := godo.DoRequestWithClient(wire, a.http, req)
	if err != nil {
		err = wireError(wire, err)
		a.report(ctx, r, token, began, nil, err)
		if neverConnected(err, asked.Load(), connected.Load()) {
			slot.sent = false
			return answer{}, r.unsent(err)
		}
		return answer{}, &Error{Op: r.op, Kind: r.noAnswer(), Err: err}
	}
	defer resp.Body.Close()
	until := a.o.Budget.answered(resp.StatusCode, resp.Header)
	if resp.StatusCode == http.StatusUnauthorized {
		a.proof.withdraw(fingerprintOf(token))
	}
	body, readErr := readBody(resp)
	a.report(ctx, r, token, began, resp, readErr)

	got := answer{status: resp.StatusCode, header: resp.Header, body: body, token: fingerprintOf(token), beganAt: began}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		e := r.refusal(resp, redact(string(body), token))
		e.Until = until
		return answer{}, e
	case readErr != nil:
		return answer{}, r.unread(got, wireError(wire, readErr))
	}
	return got, nil
}

// The most that is read of an answer's body. The largest honest one is a page of 200 droplets of several KB each
// (docs/digitalocean-api.md, "The droplet object"); what a proxy or a captive portal sends may have no end.
const (
	maxAnswer  = 32 << 20
	maxRefusal = 64 << 10 // of an answer that is not 2xx only the message is of use
)

var errTooLarge = fmt.Errorf("it is larger than %d MiB, which nothing that the API sends is", maxAnswer>>20)

// readBody reads a body as far as it may be of use.
func readBody(resp *http.Response) ([]byte, error) {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		return nil, errTooLarge
	}
	return body, err
}

// cutGrace is how long a write on the wire outlives its context: a shutdown must not make outcomes unknown (law 12).
const cutGrace = 3 * time.Second

// errCut is why a write was cut in the end.
var errCut = errors.New("cut, because its context ended")

// wireContext bounds one request on the wire. A read ends with its context, a write a little later.
func (a *API) wireContext(ctx context.Context, write bool) (context.Context, context.CancelFunc) {
	if !write {
		return context.WithTimeoutCause(ctx, a.o.ReadTimeout, noAnswerWithin(a.o.ReadTimeout))
	}
	free, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(cutGrace, func() { cut(fmt.Errorf("%w: %w", errCut, ctx.Err())) })
		context.AfterFunc(free, func() { t.Stop() })
	})
	wire, cancel := context.WithTimeoutCause(free, a.o.WriteTimeout, noAnswerWithin(a.o.WriteTimeout))
	return wire, func() {
		stop()
		cancel()
		cut(nil)
	}
}

func noAnswerWithin(d time.Duration) error {
	return fmt.Errorf("no answer within %s: %w", d, context.DeadlineExceeded)
}

// wireError prefers our own reason for a cut to the transport's, and drops the URL that net/http puts before it.
func wireError(wire context.Context, err error) error {
	if wire.Err() != nil {
		return context.Cause(wire)
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
